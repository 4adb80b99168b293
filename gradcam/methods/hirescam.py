"""Lessons 10 and 21."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import cam_method, weighted
from gradcam.target import begin
from minicnn import Tensor, backward


def hirescam(y: Tensor, c: Any, A: Tensor, start: str = "score", relu: bool = False) -> np.ndarray:
    """HiResCAM (Draelos & Carin 2020, sec. 3):  L = sum_k dy_c/dA^k * A^k, place by place: no mean over
    places moves evidence elsewhere.

    y: scores (N, classes), c: class, A: maps (N, K, h, w) -> (N, h, w), of either sign; relu=True keeps what
    speaks for the class. Where only one linear layer follows A, with or without global average pooling, the
    map adds up to y_c without its bias.
    """
    y, gy = begin(y, c, start)
    return combine(backward(y, gy, wrt=A), A.data, relu)


def combine(g: np.ndarray, A: np.ndarray, relu: bool = False) -> np.ndarray:
    """g (..., N, K, h, w), A (N, K, h, w) -> (..., N, h, w)"""
    return weighted(A, weights(g, A), relu)


def weights(g: np.ndarray, A: np.ndarray) -> np.ndarray:
    """w_ij^k = g_ij^k -> (..., N, K, h, w)"""
    return g


METHOD = cam_method(
    "hirescam", "HiResCAM", paper="Draelos & Carin 2020", spellings=("hires_cam",),
    question="derivative times feature map, place by place",
    weights=weights, relu=False, equation="sum_k g A^k, place by place; g = dy_c/dA^k_ij",
    zero="No feature map at {layer} that is not zero moves this score.",
    peers={"pytorch-grad-cam": "HiResCAM"},
)  # fmt: skip
