"""Lessons 10, 11 and 12."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import cam_method, weighted
from gradcam.target import begin
from minicnn import GraphError, Tensor, backward

ALPHAS = ("mean", "sum")


def grad_cam(
    y: Tensor, c: Any, A: Tensor, start: str = "score", alpha: str = "mean", relu: bool = True
) -> np.ndarray:
    """Grad-CAM (Selvaraju et al. 2017, eqs. 1-2).  y: scores before softmax (N, classes), c: class, A: maps
    (N, K, h, w) -> (N, h, w)

    alpha="sum" leaves out 1/Z, as the authors' code does; relu=False keeps the evidence against the class.
    """
    y, gy = begin(y, c, start)
    dA = backward(y, gy, wrt=A)  # dy_c / dA^k_ij
    return combine(dA, A.data, alpha, relu)


def combine(dA: np.ndarray, A: np.ndarray, alpha: str = "mean", relu: bool = True) -> np.ndarray:
    """dA (..., N, K, h, w), A (N, K, h, w) -> (..., N, h, w)"""
    return weighted(A, weights(dA, A, alpha), relu)  # eq. 2   L = ReLU( sum_k alpha_k A^k )


def weights(dA: np.ndarray, A: np.ndarray, alpha: str = "mean") -> np.ndarray:
    """alpha_k = 1/Z sum_ij dy_c/dA^k_ij (eq. 1) -> (..., N, K, 1, 1)"""
    if alpha not in ALPHAS:
        raise GraphError(f"alpha is 'mean' (the paper) or 'sum', not '{alpha}'")
    pool = dA.mean if alpha == "mean" else dA.sum
    return pool(axis=(-2, -1), keepdims=True)


def counterfactual(
    y: Tensor, c: Any, A: Tensor, start: str = "score", alpha: str = "mean", relu: bool = True
) -> np.ndarray:
    """What speaks against class c: Grad-CAM with negated weights (Selvaraju et al. 2017, sec. 3.3)
    -> (N, h, w)
    """
    y, gy = begin(y, c, start)
    return combine(-backward(y, gy, wrt=A), A.data, alpha, relu)


METHOD = cam_method(
    "grad_cam", "Grad-CAM", paper="Selvaraju et al. 2017",
    question="feature maps, weighed by their mean derivative", weights=weights,
    equation="ReLU(sum_k alpha_k A^k), alpha_k = 1/Z sum_ij dy_c/dA^k_ij", classic=True,
    zero="The weighted sum of feature maps at {layer} is nowhere positive: "
         "nothing there speaks for this class.",
    peers={"captum": "LayerGradCam", "pytorch-grad-cam": "GradCAM", "torch-cam": "GradCAM"},
)  # fmt: skip
COUNTERFACTUAL = cam_method(
    "counterfactual", "Counterfactual", paper="Selvaraju et al. 2017",
    question="what speaks against the class",
    weights=lambda dA, A, alpha="mean": weights(-dA, A, alpha),
    equation="ReLU(sum_k -alpha_k A^k), alpha_k = 1/Z sum_ij dy_c/dA^k_ij", classic=True,
    scaled_with="grad_cam",
    zero="Nothing at {layer} speaks against this class.",
)  # fmt: skip
