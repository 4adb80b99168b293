"""Lesson 13."""

from gradcam.grad_cam import grad_cam
from gradcam.guided_backprop import guided_backprop
from gradcam.upsample import upsample


def guided_grad_cam(y, c, A, x, seed="score", upsampling="half_pixel", allow=()):
    """Guided Grad-CAM (Selvaraju et al. 2017, sec. 3.1): where the class is, times the detail that guided backprop shows there.

    y: scores (N, classes); c: class; A: feature maps (N, K, h, w); x: input (N, C, H, W) -> (N, C, H, W)
    """
    return localise(guided_backprop(y, c, x, seed, allow), grad_cam(y, c, A, seed), upsampling)


def localise(guided, L, upsampling="half_pixel"):
    """guided (..., C, H, W) times L (..., h, w), brought to its size by bilinear interpolation."""
    return guided * upsample(L, guided.shape[-2:], upsampling)[..., None, :, :]
