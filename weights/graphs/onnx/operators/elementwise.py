"""Operators on single values, and those that normalise along an axis."""

from __future__ import annotations

import numpy as np

from minicnn import Clip, LeakyReLU, LogSoftmax, ReLU, Reshape, Sigmoid, Softmax, Tanh, Tensor, Transpose
from weights.errors import WeightsError
from weights.graphs.onnx.operators.values import Value
from weights.readers.onnx_weights import TYPES


def relu(x: Value) -> Value:
    return ReLU()(x)


def leaky_relu(x: Value, *, alpha: float = 0.01) -> Value:
    return LeakyReLU(alpha)(x)


def sigmoid(x: Value) -> Value:
    return Sigmoid()(x)


def tanh(x: Value) -> Value:
    return Tanh()(x)


def clip(x: Value, *, min: float | None = None, max: float | None = None) -> Value:
    """MobileNet's ReLU6 is Clip(0, 6)."""
    if min is None and max is None:
        return x
    lowest, highest = (
        (-np.inf, np.inf) if x.dtype.kind == "f" else (np.iinfo(x.dtype).min, np.iinfo(x.dtype).max)
    )
    low, high = (
        x.dtype.type(limit if given is None else np.reshape(given, ()))
        for limit, given in ((lowest, min), (highest, max))
    )
    return Clip(low, high)(x)


def softmax(x: Value, *, axis: int | None = None, opset: int = 13) -> Value:
    return _along(Softmax, x, axis, opset)


def log_softmax(x: Value, *, axis: int | None = None, opset: int = 13) -> Value:
    return _along(LogSoftmax, x, axis, opset)


def identity(x: Value) -> Value:
    return x


def dropout(
    x: Value, *, ratio: float = 0.5, training_mode: bool = False, seed: int = 0, is_test: int = 1
) -> tuple[Value, np.ndarray]:
    """In eval mode nothing is dropped."""
    if np.any(training_mode):
        raise WeightsError("dropout in training is not supported: export the network for use (eval)")
    return x, np.ones(x.shape, bool)


def cast(x: Value, *, to: int, saturate: int = 1, round_mode: str = "up") -> Value:
    if TYPES.get(to) not in np.sctypeDict:
        raise WeightsError(f"a cast to ONNX's type {to} is not supported")
    if isinstance(x, Tensor):
        if np.dtype(TYPES[to]).kind != "f":
            raise WeightsError("no signal passes back through a cast to whole numbers")
        return x  # the network computes in the type of its input
    return x.astype(TYPES[to])


def _along(op, x, axis, opset):
    """Before version 13 everything from `axis` on was one long axis, and 1 the default; since then it is
    one axis, by default the last.
    """
    if opset < 13:
        axis = (1 if axis is None else axis) % x.ndim
        flat = Reshape((int(np.prod(x.shape[:axis])), -1))(x)
        return Reshape(x.shape)(op()(flat))
    axis = (-1 if axis is None else axis) % x.ndim
    if axis == x.ndim - 1:
        return op()(x)
    swapped = list(range(x.ndim))
    swapped[axis], swapped[-1] = swapped[-1], swapped[axis]
    return Transpose(swapped)(op()(Transpose(swapped)(x)))


OPERATORS = {
    "Relu": relu,
    "LeakyRelu": leaky_relu,
    "Sigmoid": sigmoid,
    "Tanh": tanh,
    "Clip": clip,
    "Softmax": softmax,
    "LogSoftmax": log_softmax,
    "Identity": identity,
    "Dropout": dropout,
    "Cast": cast,
}
