"""Lessons 10, 11 and 12."""

import numpy as np

from gradcam.seed import seed as start
from minicnn import backward


def grad_cam(y, c, A, seed="score", alpha="mean", relu=True):
    """Grad-CAM (Selvaraju et al. 2017, eqs. 1-2).  y: scores before softmax (N, classes), c: class, A: maps (N, K, h, w) -> (N, h, w)

    alpha="sum" leaves out 1/Z, as the authors' code does; relu=False keeps the evidence against the class.
    """
    y, gy = start(y, c, seed)
    dA = backward(y, gy, wrt=A)  # dy_c / dA^k_ij
    return combine(dA, A.data, alpha, relu)


def combine(dA, A, alpha="mean", relu=True):
    """dA (..., N, K, h, w), A (N, K, h, w) -> (..., N, h, w)"""
    if alpha not in ("mean", "sum"):
        raise ValueError(f"alpha is 'mean' (the paper) or 'sum', not '{alpha}'")
    pool = dA.mean if alpha == "mean" else dA.sum
    alpha_k = pool(axis=(-2, -1), keepdims=True)  # eq. 1   alpha_k = 1/Z sum_ij dy_c / dA^k_ij
    L = (alpha_k * A).sum(axis=-3)  # eq. 2   L = ReLU( sum_k alpha_k A^k )
    return np.maximum(L, 0) if relu else L


def counterfactual(y, c, A, seed="score", alpha="mean", relu=True):
    """What speaks against class c: Grad-CAM with negated weights (Selvaraju et al. 2017, sec. 3.3) -> (N, h, w)"""
    y, gy = start(y, c, seed)
    return combine(-backward(y, gy, wrt=A), A.data, alpha, relu)
