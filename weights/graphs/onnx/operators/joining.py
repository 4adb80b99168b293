"""Operators that bring values together: sums, products, means, concatenation."""

from __future__ import annotations

import numpy as np

from minicnn import Add, Concat, GlobalAvgPool, Mean, Mul, Reshape, Sum, Tensor
from weights.errors import WeightsError
from weights.graphs.onnx.operators.values import Ints, Value


def add(x: Value, z: Value) -> Value:
    return Add()(x, z)


def mul(x: Value, z: Value) -> Value:
    return Mul()(x, z)


def sub(x: Value, z: Value) -> Value:
    return Add()(x, Mul()(z, -1)) if _signal(x, z) else x - z


def div(x: Value, z: Value) -> Value:
    if not _signal(x, z):
        return x / z if x.dtype.kind == "f" else (np.trunc(np.divide(x, z))).astype(x.dtype)
    if isinstance(z, Tensor) and z.op is not None:
        raise WeightsError("a division by something that depends on the picture is not supported")
    return Mul()(x, 1 / getattr(z, "data", z))


def sum_of(*xs: Value) -> Value:
    total, *others = xs
    for x in others:
        total = Add()(total, x)
    return total


def concat(*xs: Value, axis: int = 1) -> Value:
    return Concat(axis)(*xs)


def reduce_mean(
    x: Value, *, axes: Ints | None = None, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Value:
    axes = _axes(x, axes, noop_with_empty_axes)
    if x.ndim == 4 and axes == (2, 3):
        return Reshape((*x.shape[:2], 1, 1))(GlobalAvgPool()(x)) if keepdims else GlobalAvgPool()(x)
    return x if axes == () else Mean(axes, bool(keepdims))(x)


def reduce_sum(
    x: Value, *, axes: Ints | None = None, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Value:
    axes = _axes(x, axes, noop_with_empty_axes)
    return x if axes == () else Sum(axes, bool(keepdims))(x)


def _axes(x, axes, empty_means_none):
    given = [] if axes is None else np.asarray(axes).tolist()
    if not given:
        return () if empty_means_none else tuple(range(x.ndim))
    return tuple(sorted(a % x.ndim for a in given))


def _signal(*xs):
    return any(isinstance(x, Tensor) for x in xs)


OPERATORS = {
    "Add": add,
    "Mul": mul,
    "Sub": sub,
    "Div": div,
    "Sum": sum_of,
    "Concat": concat,
    "ReduceMean": reduce_mean,
    "ReduceSum": reduce_sum,
}
