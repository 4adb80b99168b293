"""Operators that make numbers out of nothing, or out of shapes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weights.graphs.onnx.operators.values import Ints, Value
from weights.graphs.operators.values import in_steps, ints, number
from weights.readers.onnx_weights import TYPES


def constant(
    *,
    value: np.ndarray | None = None,
    value_float: float | None = None,
    value_floats: Sequence[float] | None = None,
    value_int: int | None = None,
    value_ints: Ints | None = None,
    value_string: str | None = None,
    value_strings: Sequence[str] | None = None,
) -> np.ndarray:
    if value is not None:
        return value
    if value_float is not None or value_floats is not None:
        return np.asarray(value_floats if value_float is None else value_float, np.float32)
    if value_int is not None or value_ints is not None:
        return np.asarray(value_ints if value_int is None else value_int, np.int64)
    return np.asarray(value_strings if value_string is None else value_string)


def constant_of_shape(shape: np.ndarray, *, value: np.ndarray | None = None) -> np.ndarray:
    value = np.zeros(1, np.float32) if value is None else value
    return np.full(tuple(shape), value.reshape(-1)[0], value.dtype)


def shape_of(x: Value, *, start: int = 0, end: int | None = None) -> np.ndarray:
    return np.asarray(x.shape, np.int64)[start:end]


def size_of(x: Value) -> np.ndarray:
    return np.asarray(int(np.prod(x.shape)), np.int64)


def range_of(*, start: np.ndarray, limit: np.ndarray, delta: np.ndarray) -> np.ndarray:
    return np.arange(np.reshape(start, ()), np.reshape(limit, ()), np.reshape(delta, ())).astype(start.dtype)


def eye_like(x: Value, *, dtype: int | None = None, k: int = 0) -> np.ndarray:
    return np.eye(*x.shape, k=k, dtype=x.dtype if dtype is None else np.dtype(TYPES[dtype]))


def one_hot(indices: Value, *, depth: np.ndarray, values: np.ndarray, axis: int = -1) -> Value:
    n = ints(depth)[0]
    places = np.arange(n).reshape(-1, *[1] * (indices.ndim - axis % (indices.ndim + 1)))

    def hot(index):
        index = np.expand_dims(np.where(index < 0, index + n, index), axis)
        return np.where(index == places, values[1], values[0]).astype(values.dtype)

    return in_steps(hot, indices)


def non_zero(x: np.ndarray) -> np.ndarray:
    return np.array(np.nonzero(number(x, "where it is not 0")), np.int64)


OPERATORS = {
    "Constant": constant, "ConstantOfShape": constant_of_shape, "Shape": shape_of, "Size": size_of,
    "Range": range_of, "EyeLike": eye_like, "OneHot": one_hot, "NonZero": non_zero,
}  # fmt: skip
