"""Lesson 21."""

import numpy as np

from gradcam.seed import seed as start
from minicnn import backward


def grad_cam_pp(y, c, A, seed="score", relu=True, eps=0.0):
    """Grad-CAM++ (Chattopadhay et al. 2018, eqs. 5 and 19).  y: scores (N, classes), c: class, A: maps (N, K, h, w) -> (N, h, w)

    The derivatives in the paper are those of exp(y_c), whose second and third are powers of g = dy_c/dA where ReLUs are all that bends; the
    factor exp(y_c) > 0 of every weight is left out.  eps: what libraries add to the denominator of eq. 19.
    """
    y, gy = start(y, c, seed)
    return combine(backward(y, gy, wrt=A), A.data, relu, eps)


def combine(g, A, relu=True, eps=0.0):
    """g (..., N, K, h, w), A (N, K, h, w) -> (..., N, h, w)"""
    total = A.sum(axis=(-2, -1), keepdims=True)
    bend = 2 * g**2 + total * g**3 + eps
    alpha = g**2 / np.where(bend == 0, 1, bend)  # eq. 19  alpha_ij^k = g^2 / (2 g^2 + sum_ab A_ab^k g^3), 0 where g is
    w = (alpha * np.maximum(g, 0)).sum(axis=(-2, -1), keepdims=True)  # eq. 5   w_k = sum_ij alpha_ij^k ReLU(g_ij^k)
    L = (w * A).sum(axis=-3)
    return np.maximum(L, 0) if relu else L
