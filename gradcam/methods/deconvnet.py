"""Lesson 8."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import Method
from gradcam.rules import DECONVNET
from gradcam.target import begin
from minicnn import Tensor, backward


def deconvnet(y: Tensor, c: Any, x: Tensor, start: str = "score", allow: Any = ()) -> np.ndarray:
    """Deconvnet (Zeiler & Fergus 2014, sec. 2.1): every ReLU passes back what is positive in the signal,
    whatever the sign of its input.

    y: scores (N, classes) with class c, or feature maps (N, K, h, w) with unit c = (k, i, j), as in the
    paper; x: input (N, C, H, W) -> (N, C, H, W).  allow: activations other than ReLU that may keep their
    derivative.
    """
    y, gy = begin(y, c, start)
    return backward(y, gy, wrt=x, rules=DECONVNET, allow=allow)


METHOD = Method(
    "deconvnet", "Deconvnet", "Zeiler & Fergus 2014", "what excites a unit: ReLUs pass positive signals",
    lambda context: context.signals["deconvnet", "x"].copy(),
    equation="at every ReLU g_in = g 1[g > 0]; elsewhere the derivative", signals=(("deconvnet", "x"),),
    classic=True,
    zero="Nothing positive is left of the signal from this score. "
         "It can start at a unit of a feature map instead.",
    peers={"captum": "Deconvolution", "zennit": "DeconvNet"},
)  # fmt: skip
