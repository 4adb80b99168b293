"""Lesson 13."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.interpolation import upsample
from gradcam.method import Method
from gradcam.methods.grad_cam import METHOD as GRAD_CAM
from gradcam.methods.grad_cam import grad_cam
from gradcam.methods.guided_backprop import guided_backprop
from minicnn import Tensor


def guided_grad_cam(
    y: Tensor,
    c: Any,
    A: Tensor,
    x: Tensor,
    start: str = "score",
    upsampling: str = "half_pixel",
    allow: Any = (),
) -> np.ndarray:
    """Guided Grad-CAM (Selvaraju et al. 2017, sec. 3.1): where the class is, times the detail that guided
    backprop shows there.

    y: scores (N, classes); c: class; A: feature maps (N, K, h, w); x: input (N, C, H, W) -> (N, C, H, W)
    """
    return localise(guided_backprop(y, c, x, start, allow), grad_cam(y, c, A, start), upsampling)


def localise(guided: np.ndarray, L: np.ndarray, upsampling: str = "half_pixel") -> np.ndarray:
    """guided (..., C, H, W) times L (..., h, w), brought to its size by bilinear interpolation."""
    return guided * upsample(L, guided.shape[-2:], upsampling)[..., None, :, :]


def at_pixels(guided: np.ndarray, L: np.ndarray, upsampling: str = "half_pixel") -> np.ndarray:
    """The same, of inputs with places along any number of axes: guided (N, C, ...), L (N, ...)."""
    return guided * upsample(L, guided.shape[2:], upsampling)[:, None]


def _map(context, upsampling="half_pixel", **options):
    return at_pixels(context.signals["guided", "x"], GRAD_CAM.map(context, **options), upsampling)


METHOD = Method(
    "guided_grad_cam", "Guided Grad-CAM", "Selvaraju et al. 2017", "Grad-CAM times guided backprop", _map,
    equation="guided_backprop * grad_cam, enlarged bilinearly with half-pixel centres",
    signals=(("guided", "x"), ("backprop", "A")), at_layer=True, classic=True,
    upsamples=True,
    zero="It is a product, and one factor is zero wherever the other is not: "
         "see Grad-CAM and guided backprop.",
    peers={"captum": "GuidedGradCam"},
)  # fmt: skip
