"""Lesson 21."""

import numpy as np

from gradcam.seed import seed as start
from minicnn import backward


def layercam(y, c, A, seed="score"):
    """LayerCAM (Jiang et al. 2021, eqs. 5-7), fit for the maps of early layers, too.

    y: scores (N, classes), c: class, A: maps (N, K, h, w) -> (N, h, w).  The paper's rescaling by tanh, for drawing early layers over late
    ones (eq. 8), is left to the drawing.
    """
    y, gy = start(y, c, seed)
    return combine(backward(y, gy, wrt=A), A.data)


def combine(g, A):
    """g (..., N, K, h, w), A (N, K, h, w) -> (..., N, h, w)"""
    w = np.maximum(g, 0)  # eq. 5   w_ij^k = ReLU( dy_c/dA_ij^k )
    return np.maximum((w * A).sum(axis=-3), 0)  # eqs. 6-7   M = ReLU( sum_k w^k A^k )
