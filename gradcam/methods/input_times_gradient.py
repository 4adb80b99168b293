"""Lesson 14."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import Method
from gradcam.methods.gradient import gradient
from minicnn import Tensor


def input_times_gradient(y: Tensor, c: Any, x: Tensor, start: str = "score") -> np.ndarray:
    """x * dy_c/dx: each pixel's share of the first-order Taylor term (Shrikumar et al. 2016, sec. 2)
    -> (N, C, H, W)
    """
    return x.data * gradient(y, c, x, start)


METHOD = Method(
    "input_times_gradient", "Input × gradient", "Shrikumar et al. 2016",
    "each pixel's first-order share of the score",
    lambda context: context.x.data * context.signals["backprop", "x"], equation="x g, g = dy_c/dx",
    signals=(("backprop", "x"),), classic=True, peers={"captum": "InputXGradient"},
)  # fmt: skip
