"""Lesson 13."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.interpolation import upsample
from gradcam.method import Method
from gradcam.methods.grad_cam import combine, grad_cam
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
    return localise(guided_backprop(y, c, x, start, allow), grad_cam(y, c, A, start), upsampling, x.ndim - 2)


def localise(guided: np.ndarray, L: np.ndarray, upsampling: str = "half_pixel", axes: int = 2) -> np.ndarray:
    """guided (..., C, H, W) times L (..., h, w), brought to its size by bilinear interpolation; axes: how
    many places lie along.
    """
    return guided * np.expand_dims(upsample(L, guided.shape[-axes:], upsampling), -1 - axes)


def _map(context, upsampling="half_pixel", **options):
    L = combine(context.signals["backprop", "A"], context.A.data, **options)
    return localise(context.signals["guided", "x"], L, upsampling, context.x.ndim - 2)


METHOD = Method(
    "guided_grad_cam", "Guided Grad-CAM", "Selvaraju et al. 2017", "Grad-CAM times guided backprop", _map,
    equation="guided_backprop * grad_cam, enlarged bilinearly with half-pixel centres",
    signals=(("guided", "x"), ("backprop", "A")), at_layer=True, classic=True,
    upsamples=True,
    zero="It is a product, and one factor is zero wherever the other is not: "
         "see Grad-CAM and guided backprop.",
    peers={"captum": "GuidedGradCam"},
)  # fmt: skip
