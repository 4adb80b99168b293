"""Operators that make numbers out of nothing, or out of shapes."""

import numpy as np


def constant(
    *, value=None, value_float=None, value_floats=None, value_int=None, value_ints=None, value_string=None, value_strings=None
):  # fmt: skip
    if value is not None:
        return value
    if value_float is not None or value_floats is not None:
        return np.asarray(value_floats if value_float is None else value_float, np.float32)
    if value_int is not None or value_ints is not None:
        return np.asarray(value_ints if value_int is None else value_int, np.int64)
    return np.asarray(value_strings if value_string is None else value_string)


def constant_of_shape(shape, *, value=None):
    value = np.zeros(1, np.float32) if value is None else value
    return np.full(tuple(shape), value.reshape(-1)[0], value.dtype)


def shape_of(x, *, start=0, end=None):
    return np.asarray(x.shape, np.int64)[start:end]


OPERATORS = {"Constant": constant, "ConstantOfShape": constant_of_shape, "Shape": shape_of}
