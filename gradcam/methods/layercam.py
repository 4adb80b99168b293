"""Lesson 21."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import cam_method, weighted
from gradcam.target import begin
from minicnn import Tensor, backward


def layercam(y: Tensor, c: Any, A: Tensor, start: str = "score") -> np.ndarray:
    """LayerCAM (Jiang et al. 2021, eqs. 5-7), fit for the maps of early layers, too.

    y: scores (N, classes), c: class, A: maps (N, K, h, w) -> (N, h, w).  The paper's rescaling by tanh, for
    drawing early layers over late ones (eq. 8), is left to the drawing.
    """
    y, gy = begin(y, c, start)
    return combine(backward(y, gy, wrt=A), A.data)


def combine(g: np.ndarray, A: np.ndarray) -> np.ndarray:
    """g (..., N, K, h, w), A (N, K, h, w) -> (..., N, h, w)"""
    return weighted(A, weights(g, A))  # eqs. 6-7   M = ReLU( sum_k w^k A^k )


def weights(g: np.ndarray, A: np.ndarray) -> np.ndarray:
    """w_ij^k = ReLU(dy_c/dA_ij^k) (eq. 5) -> (..., N, K, h, w)"""
    return np.maximum(g, 0)


METHOD = cam_method(
    "layercam", "LayerCAM", paper="Jiang et al. 2021", spellings=("layer_cam",), weights=weights,
    question="positive derivative times feature map, for early layers, too",
    equation="ReLU(sum_k ReLU(g) A^k), place by place; g = dy_c/dA^k_ij",
    zero="No derivative of this score by the feature maps at {layer} is positive where they are.",
    peers={"pytorch-grad-cam": "LayerCAM", "torch-cam": "LayerCAM"},
)  # fmt: skip
