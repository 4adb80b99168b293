"""Lesson 21."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import cam_method, weighted
from gradcam.target import begin
from minicnn import Tensor, backward


def grad_cam_pp(
    y: Tensor, c: Any, A: Tensor, start: str = "score", relu: bool = True, eps: float = 0.0
) -> np.ndarray:
    """Grad-CAM++ (Chattopadhay et al. 2018, eqs. 5 and 19).  y: scores (N, classes), c: class, A: maps
    (N, K, h, w) -> (N, h, w)

    The derivatives in the paper are those of exp(y_c), whose second and third are powers of g = dy_c/dA where
    ReLUs are all that bends; the factor exp(y_c) > 0 of every weight is left out.  eps: what libraries add to
    the denominator of eq. 19.
    """
    y, gy = begin(y, c, start)
    return combine(backward(y, gy, wrt=A), A.data, relu, eps)


def combine(g: np.ndarray, A: np.ndarray, relu: bool = True, eps: float = 0.0) -> np.ndarray:
    """g (..., N, K, h, w), A (N, K, h, w) -> (..., N, h, w)"""
    return weighted(A, weights(g, A, eps), relu)


def weights(g: np.ndarray, A: np.ndarray, eps: float = 0.0) -> np.ndarray:
    """w_k = sum_ij ReLU(g) g^2 / (2 g^2 + sum_ab A_ab g^3) -> (..., N, K, 1, 1)"""
    total = A.sum(axis=(-2, -1), keepdims=True)
    bend = 2 * g**2 + total * g**3 + eps
    alpha = g**2 / np.where(
        bend == 0, 1, bend
    )  # eq. 19  alpha_ij^k = g^2 / (2 g^2 + sum_ab A_ab^k g^3), 0 where g is
    return (alpha * np.maximum(g, 0)).sum(
        axis=(-2, -1), keepdims=True
    )  # eq. 5   w_k = sum_ij alpha_ij^k ReLU(g_ij^k)


METHOD = cam_method(
    "grad_cam++", "Grad-CAM++", paper="Chattopadhay et al. 2018", spellings=("grad_campp", "grad_cam_pp"),
    weights=weights, exact=False,
    question="positive derivatives weigh, evenly over large and small objects",
    equation="ReLU(sum_k w_k A^k), w_k = sum_ij ReLU(g) g^2 / (2 g^2 + sum_ab A^k_ab g^3), "
             "0 where g is; g = dy_c/dA^k_ij",
    zero="No derivative of this score by the feature maps at {layer} is positive where they are.",
    peers={"pytorch-grad-cam": "GradCAMPlusPlus", "torch-cam": "GradCAMpp"},
)  # fmt: skip
