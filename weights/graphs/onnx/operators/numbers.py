"""Operators that make numbers out of nothing, or out of shapes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weights.graphs.onnx.operators.values import Ints, Value


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


OPERATORS = {"Constant": constant, "ConstantOfShape": constant_of_shape, "Shape": shape_of}
