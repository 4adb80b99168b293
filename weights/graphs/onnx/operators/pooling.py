"""Pooling over rows and columns."""

from __future__ import annotations

import numpy as np

from minicnn import AvgPool, GlobalAvgPool, MaxPool, Reshape
from weights.errors import WeightsError
from weights.graphs.onnx.operators.padding import paddings
from weights.graphs.onnx.operators.values import Ints, Value


def max_pool(
    x: Value,
    *,
    kernel_shape: Ints,
    strides: Ints | None = None,
    pads: Ints | None = None,
    dilations: Ints | None = None,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    storage_order: int = 0,
) -> Value:
    pool = _window(MaxPool, x, kernel_shape, strides, pads, dilations, auto_pad, ceil=bool(ceil_mode))
    if x.dtype.kind in "iu":
        return pool(x.astype(np.float64)).astype(x.dtype)
    return pool(x)


def average_pool(
    x: Value,
    *,
    kernel_shape: Ints,
    strides: Ints | None = None,
    pads: Ints | None = None,
    dilations: Ints | None = None,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
) -> Value:
    counted = {"ceil": bool(ceil_mode), "count_padding": bool(count_include_pad)}
    return _window(AvgPool, x, kernel_shape, strides, pads, dilations, auto_pad, **counted)(x)


def global_average_pool(x: Value) -> Value:
    """(N, C, H, W) -> (N, C, 1, 1)"""
    _check(x)
    return Reshape((x.shape[0], x.shape[1], 1, 1))(GlobalAvgPool()(x))


def _window(op, x, kernel, strides, pads, dilations, auto_pad, **options):
    _check(x)
    if any(d != 1 for d in dilations or []):
        raise WeightsError("pooling with dilation is not supported")
    strides = strides or [1, 1]
    return op(kernel, strides, paddings(x.shape[2:], kernel, strides, [1, 1], pads, auto_pad), **options)


def _check(x):
    if x.ndim != 4:
        raise WeightsError(f"pooling runs over rows and columns; this is {tuple(x.shape)}")


OPERATORS = {"MaxPool": max_pool, "AveragePool": average_pool, "GlobalAveragePool": global_average_pool}
