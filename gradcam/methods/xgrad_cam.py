"""Lesson 21."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import cam_method, weighted
from gradcam.target import begin
from minicnn import Tensor, backward


def xgrad_cam(
    y: Tensor, c: Any, A: Tensor, start: str = "score", relu: bool = True, eps: float = 0.0
) -> np.ndarray:
    """XGrad-CAM (Fu et al. 2020, eqs. 1 and 8).  y: scores (N, classes), c: class, A: maps (N, K, h, w) ->
    (N, h, w)

    Grad-CAM's mean of the derivatives becomes a mean weighted by the map itself, so that the sum of the map
    is sum A g. eps: what libraries add to the denominator.
    """
    y, gy = begin(y, c, start)
    return combine(backward(y, gy, wrt=A), A.data, relu, eps)


def combine(g: np.ndarray, A: np.ndarray, relu: bool = True, eps: float = 0.0) -> np.ndarray:
    """g (..., N, K, h, w), A (N, K, h, w) -> (..., N, h, w)"""
    return weighted(A, weights(g, A, eps), relu)  # eq. 1   L = ReLU( sum_k alpha_k A^k )


def weights(g: np.ndarray, A: np.ndarray, eps: float = 0.0) -> np.ndarray:
    """alpha_k = sum_ij A_ij g_ij / sum_ab A_ab -> (..., N, K, 1, 1)"""
    total = A.sum(axis=(-2, -1), keepdims=True) + eps
    share = A / np.where(total == 0, 1, total)  # A_ij^k / sum_ab A_ab^k, 0 for a map of zeros
    return (share * g).sum(
        axis=(-2, -1), keepdims=True
    )  # eq. 8   alpha_k = sum_ij A_ij^k / (sum_ab A_ab^k) dy_c/dA_ij^k


METHOD = cam_method(
    "xgrad_cam", "XGrad-CAM", paper="Fu et al. 2020", question="derivatives averaged where the map is active",
    weights=weights, exact=False,
    equation="ReLU(sum_k w_k A^k), w_k = sum_ij A^k_ij g / sum_ab A^k_ab, "
             "0 for a map of zeros; g = dy_c/dA^k_ij",
    zero="The weighted sum of feature maps at {layer} is nowhere positive: "
         "nothing there speaks for this class.",
    peers={"pytorch-grad-cam": "XGradCAM", "torch-cam": "XGradCAM"},
)  # fmt: skip
