"""Lessons 8 and 9."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import Method
from gradcam.rules import GUIDED
from gradcam.target import begin
from minicnn import Tensor, backward


def guided_backprop(y: Tensor, c: Any, x: Tensor, start: str = "score", allow: Any = ()) -> np.ndarray:
    """Guided backprop (Springenberg et al. 2015, sec. 3.4): every ReLU passes back what is positive, where
    its input was positive.

    y: scores (N, classes) with class c, or feature maps (N, K, h, w) with unit c = (k, i, j); x: input
    (N, C, H, W) -> (N, C, H, W). allow: activations other than ReLU that may keep their derivative.
    """
    y, gy = begin(y, c, start)
    return backward(y, gy, wrt=x, rules=GUIDED, allow=allow)


METHOD = Method(
    "guided_backprop", "Guided backprop", "Springenberg et al. 2015",
    "ReLUs pass positive signals where they were open",
    lambda context: context.signals["guided", "x"].copy(),
    equation="at every ReLU g_in = g 1[x > 0] 1[g > 0]", signals=(("guided", "x"),), classic=True,
    zero="No path from this score to a pixel is open and positive all along.",
    peers={
        "captum": "GuidedBackprop", "zennit": "GuidedBackprop",
        "pytorch-grad-cam": "GuidedBackpropReLUModel",
    },
)  # fmt: skip
