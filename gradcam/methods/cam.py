"""Lesson 10."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import FORWARD, Method
from gradcam.outputs import chosen
from minicnn import GlobalAvgPool, GraphError, Linear, Reshape, Tensor


def cam(A: Tensor | np.ndarray, W: Any, c: Any) -> np.ndarray:
    """Class activation map (Zhou et al. 2016, eq. 2), without a ReLU:  M_c = sum_k W_ck A^k.

    A: what the global average pooling averages (N, K, h, w); W: the linear layer after it (classes, K); c:
    class -> (N, h, w)
    """
    A, W = (v.data if isinstance(v, Tensor) else v for v in (A, W))
    return (W[c][..., :, None, None] * A).sum(axis=-3)


def cam_head(y: Tensor) -> tuple[Tensor, Tensor]:
    """(A, W) of a network that ends in global average pooling and one linear layer.

    GraphError if this one does not.
    """
    pooled = y.op.inputs[0] if y.op and isinstance(y.op, Linear) else None
    if pooled is not None and isinstance(pooled.op, Reshape):
        pooled = pooled.op.inputs[0]
    if pooled is None or not isinstance(pooled.op, GlobalAvgPool):
        raise GraphError(
            "CAM needs a network that ends in global average pooling and one linear layer; "
            "Grad-CAM needs neither"
        )
    return pooled.op.inputs[0], y.op.inputs[1]


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
