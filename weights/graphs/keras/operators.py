"""The table that a Keras graph is computed by: ONNX's names, Keras' own, and operators that neither has.

Numbers of a configuration are exact, and take the type of the signal.
"""

from __future__ import annotations

import numpy as np

from weights.graphs.onnx.operators import OPERATORS as ONNX
from weights.graphs.operators import OPERATORS as TABLE
from weights.graphs.operators import Table, activations, arithmetic, spelled, windows
from weights.graphs.operators.values import Ints, Value, in_steps

Number = float | np.ndarray


def rescaling(x: Value, *, scale: Number, offset: Number) -> Value:
    """scale x + offset"""
    y = x if np.all(np.equal(scale, 1)) else arithmetic.multiply(x, np.asarray(scale, x.dtype))
    return y if np.all(np.equal(offset, 0)) else arithmetic.add(y, np.asarray(offset, x.dtype))


def piecewise_linear(x: Value, *, slope: float, at: float) -> Value:
    """x from `at` on, and below it slope (x - at): a jump, and a leaky ReLU behind a shift."""
    below = arithmetic.subtract(x, np.asarray(at, x.dtype))
    y = activations.leaky_relu(below, slope=slope)
    return arithmetic.add(y, arithmetic.multiply(_from(x, at), np.asarray(at, x.dtype)))


def _from(x, at):
    return in_steps(lambda v: (v >= at).astype(v.dtype), x)


def adaptive_average_pool(x: Value, *, size: Ints) -> Value:
    return windows.adaptive_average_pool(x, size=size)


def adaptive_max_pool(x: Value, *, size: Ints) -> Value:
    return windows.adaptive_max_pool(x, size=size)


OPERATORS = Table(__name__, ONNX | spelled(TABLE, "keras") | {
    "Rescaling": rescaling, "PiecewiseLinear": piecewise_linear,
    "AdaptiveAveragePool": adaptive_average_pool, "AdaptiveMaxPool": adaptive_max_pool,
})  # fmt: skip
