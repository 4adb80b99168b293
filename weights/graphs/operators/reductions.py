"""One value of many, and what runs along an axis: sums, means, extremes, softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import (
    Abs,
    CumSum,
    GlobalAvgPool,
    Log,
    LogSoftmax,
    LogSumExp,
    MaxOver,
    Mean,
    MinOver,
    Mul,
    Norm,
    Prod,
    Reshape,
    Softmax,
    Sum,
    TopK,
)
from weights.errors import WeightsError
from weights.graphs.operators.operator import Operator
from weights.graphs.operators.values import Ints, Value, in_steps, ints, is_signal


def mean(x: Value, *, axes: Ints | None = None, keepdims: bool = True) -> Value:
    """Over rows and columns it is a global average pool, where CAM looks for one."""
    axes = _axes(x, axes)
    if x.ndim == 4 and axes == (2, 3) and x.dtype.kind == "f":
        y = GlobalAvgPool()(x)
        return Reshape((*x.shape[:2], 1, 1))(y) if keepdims else y
    return Mean(axes, bool(keepdims))(x) if x.dtype.kind == "f" else np.mean(x, axes, keepdims=bool(keepdims))


def total(x: Value, *, axes: Ints | None = None, keepdims: bool = True) -> Value:
    return _over(Sum, np.sum, x, axes, keepdims)


def largest(x: Value, *, axes: Ints | None = None, keepdims: bool = True) -> Value:
    return _over(MaxOver, np.max, x, axes, keepdims)


def smallest(x: Value, *, axes: Ints | None = None, keepdims: bool = True) -> Value:
    return _over(MinOver, np.min, x, axes, keepdims)


def product(x: Value, *, axes: Ints | None = None, keepdims: bool = True) -> Value:
    return _over(Prod, np.prod, x, axes, keepdims)


def l1(x: Value, *, axes: Ints | None = None, keepdims: bool = True) -> Value:
    return total(Abs()(x), axes=axes, keepdims=keepdims)


def l2(x: Value, *, axes: Ints | None = None, keepdims: bool = True) -> Value:
    return Norm(2, _axes(x, axes), bool(keepdims))(x)


def sum_of_squares(x: Value, *, axes: Ints | None = None, keepdims: bool = True) -> Value:
    return total(Mul()(x, x), axes=axes, keepdims=keepdims)


def log_of_sum(x: Value, *, axes: Ints | None = None, keepdims: bool = True) -> Value:
    return Log()(total(x, axes=axes, keepdims=keepdims))


def log_sum_exp(x: Value, *, axes: Ints | None = None, keepdims: bool = True) -> Value:
    axes = _axes(x, axes)
    if 0 in (x.shape[a] for a in axes):
        return _of_none(x, axes, bool(keepdims), True)
    return LogSumExp(axes, bool(keepdims))(x)


def softmax(x: Value, *, axis: int = -1) -> Value:
    if x.dtype == np.float16 and not is_signal(x):  # too few digits for a sum of exponentials
        return softmax(x.astype(np.float32), axis=axis).astype(x.dtype)
    return Softmax(axis)(x)


def log_softmax(x: Value, *, axis: int = -1) -> Value:
    return LogSoftmax(axis)(x)


def cumulative_sum(x: Value, *, axis: Any = -1, exclusive: int = 0, reverse: int = 0) -> Value:
    y = CumSum(int(np.reshape(axis, ())), bool(exclusive), bool(reverse))(x)
    return y if is_signal(y) else y.astype(x.dtype)


def top_k(x: Value, *, k: Any, axis: int = -1, largest: int = 1) -> tuple[Value, Value]:
    """-> the k largest (or smallest) values, in order; and their places, which no signal reaches."""
    k = ints(k)[0]
    if not is_signal(x):
        order = np.argsort(_descending(x) if largest else x, axis=axis, kind="stable")
        index = np.take(order, range(k), axis)
        return np.take_along_axis(x, index, axis), index
    op = TopK(k, axis, bool(largest))
    return op(x), op.index


def place_of_largest(
    x: Value, *, axis: int = 0, keepdims: bool = True, last: int = 0, least: bool = False
) -> Value:
    """argmax, or argmin, which no signal passes: the first one, or the last."""

    def places(a):
        a = np.flip(a, axis) if last else a
        found = (np.argmin if least else np.argmax)(a, axis=axis)
        found = a.shape[axis] - 1 - found if last else found
        return np.expand_dims(found, axis) if keepdims else found

    return in_steps(places, x)


def hard_max(x: Value, *, axis: int = -1) -> Value:
    """1 at the first largest value along an axis, 0 elsewhere."""

    def ones(a):
        y = np.zeros_like(a)
        np.put_along_axis(y, np.expand_dims(np.argmax(a, axis=axis), axis), 1, axis)
        return y

    return in_steps(ones, x)


def _over(kind, f, x, axes, keepdims):
    axes, keepdims = _axes(x, axes), bool(keepdims)
    if kind in (MaxOver, MinOver) and 0 in (x.shape[a] for a in axes):
        return _of_none(x, axes, keepdims, kind is MaxOver)
    if not is_signal(x):
        return np.asarray(f(x, axis=axes, keepdims=keepdims), x.dtype)
    return kind(axes, keepdims)(x)


def _of_none(x, axes, keepdims, most):
    """The maximum, or minimum, of no values: what every value is above, or below."""
    if x.dtype.kind == "f":
        ends = (-np.inf, np.inf)
    else:
        ends = (False, True) if x.dtype.kind == "b" else (np.iinfo(x.dtype).min, np.iinfo(x.dtype).max)
    sizes = [1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes]
    return np.full(sizes, ends[0 if most else 1], x.dtype)


def _axes(x, axes):
    given = range(x.ndim) if axes is None else ints(axes)
    if any(not -x.ndim <= a < x.ndim for a in given):
        raise WeightsError(f"axes {list(given)} are not all among the {x.ndim} of {tuple(x.shape)}")
    return tuple(sorted(a % x.ndim for a in given))


def _descending(x):
    return (
        -x
        if x.dtype.kind == "f"
        else -x.astype(np.int64)
        if x.dtype != np.uint64
        else np.iinfo(x.dtype).max - x
    )


OPERATORS = (
    Operator("mean", mean, onnx="ReduceMean"),
    Operator("total", total, onnx="ReduceSum"),
    Operator("largest", largest, onnx="ReduceMax"),
    Operator("smallest", smallest, onnx="ReduceMin"),
    Operator("product", product, onnx="ReduceProd"),
    Operator("l1", l1, onnx="ReduceL1"),
    Operator("l2", l2, onnx="ReduceL2"),
    Operator("sum_of_squares", sum_of_squares, onnx="ReduceSumSquare"),
    Operator("log_of_sum", log_of_sum, onnx="ReduceLogSum"),
    Operator("log_sum_exp", log_sum_exp, onnx="ReduceLogSumExp"),
    Operator("softmax", softmax, onnx="Softmax"),
    Operator("log_softmax", log_softmax, onnx="LogSoftmax"),
    Operator("cumulative_sum", cumulative_sum, onnx="CumSum", aten="cumsum", keras="cumsum"),
    Operator("top_k", top_k, onnx="TopK"),
    Operator("place_of_largest", place_of_largest, onnx=("ArgMax", "ArgMin")),
    Operator("hard_max", hard_max, onnx="Hardmax"),
)
