"""Lesson 7."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import Method
from gradcam.target import begin
from minicnn import Tensor, backward


def gradient(y: Tensor, c: Any, x: Tensor, start: str = "score") -> np.ndarray:
    """dy_c/dx, what backprop leaves at the input.

    y: scores (N, classes), c: class, x: input (N, C, H, W) -> (N, C, H, W)
    """
    y, gy = begin(y, c, start)
    return backward(y, gy, wrt=x)


METHOD = Method(
    "gradient", "Gradient", "Simonyan et al. 2013", "the slope of the score at each pixel",
    lambda context: context.signals["backprop", "x"].copy(), equation="g = dy_c/dx",
    signals=(("backprop", "x"),), classic=True, peers={"captum": "Saliency", "zennit": "Gradient"},
)  # fmt: skip
