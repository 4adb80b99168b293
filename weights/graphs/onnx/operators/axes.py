"""What runs along axes, as ONNX says which: an attribute or an input; before version 13, from an axis on."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import Reshape
from weights.graphs.onnx.operators.values import Ints, Value
from weights.graphs.operators import normalisation, reductions


def _reduced(build):
    def reduced(
        x: Value, *, axes: Ints | None = None, keepdims: int = 1, noop_with_empty_axes: int = 0
    ) -> Value:
        empty = axes is None or not np.size(axes)
        if empty and noop_with_empty_axes:
            return build(x, axes=(), keepdims=True)
        return build(x, axes=None if empty else axes, keepdims=bool(keepdims))

    return reduced


def _along(build, default=-1):
    """Before version 13 everything from `axis` on was one long axis, and 1 the default; since then it is one
    axis, by default the last."""

    def along(x: Value, *, axis: int | None = None, opset: int = 13) -> Value:
        if opset >= 13:
            return build(x, axis=default if axis is None else axis)
        axis = (1 if axis is None else axis) % x.ndim
        flat = Reshape((int(np.prod(x.shape[:axis])), -1))(x)
        return Reshape(x.shape)(build(flat, axis=-1))

    return along


def _place(least):
    def place(x: Value, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Value:
        return reductions.place_of_largest(
            x, axis=axis, keepdims=bool(keepdims), last=select_last_index, least=least
        )

    return place


def top_k(x: Value, *, k: Any, axis: int = -1, largest: int = 1, sorted: int = 1) -> tuple[Value, Value]:
    return reductions.top_k(x, k=k, axis=axis, largest=largest)


def mean_variance(x: Value, *, axes: Ints = (0, 2, 3)) -> Value:
    return normalisation.mean_variance(x, axes=axes)


REDUCTIONS = {
    "ReduceMean": reductions.mean, "ReduceSum": reductions.total, "ReduceMax": reductions.largest,
    "ReduceMin": reductions.smallest, "ReduceProd": reductions.product, "ReduceL1": reductions.l1,
    "ReduceL2": reductions.l2, "ReduceSumSquare": reductions.sum_of_squares,
    "ReduceLogSum": reductions.log_of_sum, "ReduceLogSumExp": reductions.log_sum_exp,
}  # fmt: skip
OPERATORS = {name: _reduced(build) for name, build in REDUCTIONS.items()} | {
    "Softmax": _along(reductions.softmax), "LogSoftmax": _along(reductions.log_softmax),
    "Hardmax": _along(reductions.hard_max), "ArgMax": _place(False), "ArgMin": _place(True), "TopK": top_k,
    "MeanVarianceNormalization": mean_variance,
}  # fmt: skip
