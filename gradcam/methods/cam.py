"""Lesson 10."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import FORWARD, Method
from gradcam.outputs import chosen
from minicnn import Add, AvgPool, Dropout, GlobalAvgPool, GraphError, Linear, Mean, Reshape, Tensor
from minicnn.ops import MatMul, Slice


def cam(A: Tensor | np.ndarray, W: Any, c: Any) -> np.ndarray:
    """Class activation map (Zhou et al. 2016, eq. 2), without a ReLU:  M_c = sum_k W_ck A^k.

    A: what the global average pooling averages (N, K, h, w); W: the linear layer after it (classes, K); c:
    class -> (N, h, w)
    """
    A, W = (v.data if isinstance(v, Tensor) else v for v in (A, W))
    places = A.ndim - 2
    return (W[c][(..., *[None] * places)] * A).sum(axis=-1 - places)


def cam_head(y: Tensor) -> tuple[Tensor, Tensor | np.ndarray]:
    """(A, W) of a network that ends in global average pooling and one linear layer, however it is written:
    as a mean over places, a pooling of the whole map, with a reshape behind it, a product of matrices.

    GraphError if this one does not.
    """
    pooled, W = _linear(y)
    A, averaged = pooled, False
    while A is not None and A.op and isinstance(A.op, (*AVERAGES, *KEEPS)) and not _has_places(A):
        averaged |= isinstance(A.op, AVERAGES)
        A = A.op.inputs[0]
    while averaged and A.op and isinstance(A.op, (Reshape, Mean)) and A.op.inputs[0].shape[:2] == A.shape[:2]:
        A = A.op.inputs[0]  # laid out otherwise for the pooling, or averaged axis by axis
    if not averaged or A.ndim < 3 or not _is_mean(pooled, A):
        raise GraphError(
            "CAM needs a network that ends in global average pooling and one linear layer; "
            "Grad-CAM needs neither"
        )
    return A, W


AVERAGES, KEEPS = (GlobalAvgPool, AvgPool, Mean), (Reshape, Slice, Dropout)


def _linear(y):
    """(what the last linear layer takes (N, K), its weights (classes, K)); (None, None) if it is none."""
    if y.op and isinstance(y.op, Add):  # its bias, where that is a step of its own
        made = [i for i in y.op.inputs if isinstance(i, Tensor) and i.op]
        y = made[0] if len(made) == 1 else y
    if y.op and isinstance(y.op, Linear):
        return y.op.inputs[:2]
    if y.op and isinstance(y.op, MatMul):
        x, W = y.op.inputs
        if isinstance(x, Tensor) and not (isinstance(W, Tensor) and W.op):
            return x, (W.data if isinstance(W, Tensor) else W).swapaxes(-1, -2)
    return None, None


def _has_places(A):
    return A.ndim > 2 and np.prod(A.shape[2:]) > 1


def _is_mean(pooled, A):
    """Whether the numbers are the means of the maps, to rounding."""
    means = A.data.mean(axis=tuple(range(2, A.ndim)))
    if pooled.data.size != means.size:
        return False
    apart = abs(pooled.data.reshape(means.shape) - means).max()
    return bool(apart <= 1e-4 * abs(A.data).max())


def _map(y, target):
    return cam(*cam_head(y), _classes(target, y))


def _classes(target, y):
    c = [target.class_of(n) for n in range(y.shape[0])]
    if None in c:
        raise GraphError(f"CAM weighs by the weights of a class, and {target} is no class's")
    return np.asarray(c)


METHOD = Method(
    "cam", "CAM", "Zhou et al. 2016", "the last feature maps, weighed by the linear layer",
    lambda context: _map(chosen(context.y, getattr(context.target, "output", None)), context.target),
    cost=FORWARD, classic=True, relu=False, drawn="overlay", of_score=False,
    equation="sum_k W_ck A^k, A averaged by the global pooling, W of the linear layer behind it",
    end=cam_head,
    zero="The feature maps are zero, or weigh nothing for this class.",
)  # fmt: skip
