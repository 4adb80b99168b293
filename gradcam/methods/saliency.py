"""Lesson 7."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import Method
from gradcam.methods.gradient import gradient
from minicnn import Tensor


def saliency(y: Tensor, c: Any, x: Tensor, start: str = "score") -> np.ndarray:
    """Saliency map (Simonyan et al. 2013, sec. 3.1).

    y: scores (N, classes), c: class, x: input (N, C, H, W) -> (N, H, W), >= 0
    """
    w = gradient(y, c, x, start)  # w = dy_c/dx
    return largest_channel(w)


def largest_channel(w: np.ndarray) -> np.ndarray:
    """M_ij = max over channels of |w_kij|.  (..., C, H, W) -> (..., H, W)"""
    return abs(w).max(axis=-3)


METHOD = Method(
    "saliency", "Saliency", "Simonyan et al. 2013", "the size of that slope",
    lambda context: abs(context.signals["backprop", "x"]).max(axis=1),
    equation="max over channels of |dy_c/dx|",
    signals=(("backprop", "x"),), classic=True, drawn="heat",
    peers={"captum": "Saliency", "zennit": "Gradient"},
)  # fmt: skip
