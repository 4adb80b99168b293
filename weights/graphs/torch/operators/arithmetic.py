"""Sums, differences and products, with broadcasting; numbers and constants on either side."""

from typing import Any

import numpy as np

import minicnn as m
from weights.graphs.operators import arithmetic as neutral
from weights.graphs.operators import products
from weights.graphs.operators.values import in_steps
from weights.graphs.torch.operators.lacking import need


def add(x: Any, z: Any, alpha: Any = 1) -> Any:
    x, z = _both(x, z)
    return m.Add()(x, times(z, alpha))


def subtract(x: Any, z: Any, alpha: Any = 1) -> Any:
    x, z = _both(x, z)
    return m.Add()(x, times(z, -alpha))


def reversed_subtract(x: Any, z: Any, alpha: Any = 1) -> Any:
    return subtract(z, x, alpha)


def multiply(x: Any, z: Any) -> Any:
    return m.Mul()(*_both(x, z))


def divide(x: Any, z: Any, *, rounding_mode: Any = None) -> Any:
    need(rounding_mode is None, "a division that rounds")
    x, z = _both(x, z)
    return m.Div()(x, z)


def power(x: Any, z: Any) -> Any:
    return neutral.power(*_both(x, z))


def mixed(x: Any, z: Any, weight: Any) -> Any:
    """lerp: x + weight (z - x)"""
    return add(x, multiply(m.Sub()(*_both(z, x)), weight))


def add_product(x: Any, a: Any, b: Any, *, value: Any = 1) -> Any:
    return add(x, multiply(a, b), value)


def add_quotient(x: Any, a: Any, b: Any, *, value: Any = 1) -> Any:
    return add(x, divide(a, b), value)


def negative(x: Any) -> Any:
    return times(x, -1)


def matrix_times_vector(x: Any, v: Any) -> Any:
    return products.matmul(x, v)


def copy(x: Any, source: Any, non_blocking: Any = False) -> Any:
    """What was there does not matter; the source is stretched to its shape."""
    if not isinstance(source, m.Tensor):
        return np.array(np.broadcast_to(source, x.shape), x.dtype)
    need(source.dtype == x.dtype, "a copy into another type")
    return source if source.shape == x.shape else m.Expand(x.shape)(source)


def times(x: Any, factor: Any) -> Any:
    """factor x, factor a number"""
    if factor == 1:
        return x
    return m.Mul()(x, np.asarray(factor, x.dtype)) if isinstance(x, m.Tensor) else x * x.dtype.type(factor)


def _both(x, z):
    """Numbers, constants, and True and False, in the signal's type."""
    types = [v.dtype for v in (x, z) if isinstance(v, m.Tensor)]
    like = next((t for t in types if t.kind == "f"), None) or np.result_type(x, z)
    return [_typed(v, like) for v in (x, z)]


def _typed(v, like):
    if isinstance(v, m.Tensor):
        return in_steps(lambda a: a.astype(like), v) if v.dtype == bool else v
    return np.asarray(v, like)


OPERATORS = {
    "add": add, "sub": subtract, "rsub": reversed_subtract, "mul": multiply, "div": divide, "neg": negative,
    "copy": copy, "pow": power, "lerp": mixed, "mv": matrix_times_vector,
    "addcmul": add_product, "addcdiv": add_quotient,
}  # fmt: skip
