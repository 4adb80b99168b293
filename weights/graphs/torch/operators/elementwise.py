"""Operators on single values."""

from typing import Any

import numpy as np

import minicnn as m
from weights.graphs.operators import arithmetic as neutral
from weights.graphs.operators.values import alike, in_steps
from weights.graphs.torch.operations import CELU, Clamp, HardSigmoid, ReLUAtZero
from weights.graphs.torch.operators.lacking import need


def clamp(x: Any, low: Any = None, high: Any = None) -> Any:
    low, high = (end.item() if isinstance(end, np.ndarray) and end.size == 1 else end for end in (low, high))
    need(all(end is None or isinstance(end, (int, float)) for end in (low, high)), "a clamp between tensors")
    if low == 0 and high is None:
        return ReLUAtZero(1)(x)
    return Clamp(-np.inf if low is None else low, np.inf if high is None else high)(x)


def clamp_max(x: Any, high: Any) -> Any:
    return clamp(x, None, high)


def hardtanh(x: Any, low: Any = -1, high: Any = 1) -> Any:
    """ReLU6 is hardtanh(0, 6)."""
    return m.Clip(low, high)(x)


def maximum(x: Any, z: Any) -> Any:
    """With 0, a ReLU."""
    zeros = [not isinstance(v, m.Tensor) and not np.any(v) for v in (x, z)]
    x, z = (z, x) if zeros[0] else (x, z)
    if any(zeros) and np.broadcast_shapes(x.shape, z.shape) == tuple(x.shape):
        return ReLUAtZero(0.5)(x)
    return neutral.maximum(x, z)


def hard_sigmoid(x: Any) -> Any:
    return HardSigmoid(1 / 6)(x)


def celu(x: Any, alpha: Any = 1.0) -> Any:
    return CELU(alpha)(x)


def soft_shrink(x: Any, at: Any = 0.5) -> Any:
    return m.Shrink(at, at)(x)


def softplus(x: Any, beta: Any = 1, threshold: Any = 20) -> Any:
    return m.Softplus(beta, threshold)(x)


def random_leaky_relu(
    x: Any, noise: Any, low: Any = 1 / 8, high: Any = 1 / 3, training: Any = False, generator: Any = None
) -> Any:
    """In eval mode: the slope in the middle."""
    need(not training, "a slope that is drawn")
    return m.LeakyReLU((low + high) / 2)(x)


def masked_fill(x: Any, mask: Any, value: Any) -> Any:
    return neutral.where(mask, value, x)


def compared(f: Any) -> Any:
    """True or False, which no gradient passes."""
    return lambda *xs: in_steps(f, *alike(*xs))


def stepped(f: Any) -> Any:
    """Constant by pieces, which no gradient passes."""
    return lambda x: in_steps(f, x)


def rounded(x: Any, *, decimals: Any = 0) -> Any:
    return in_steps(lambda a: np.round(a, decimals), x)


def remainder(x: Any, z: Any) -> Any:
    """With the sign of z."""
    return neutral.modulo(*alike(x, z))


def fill(x: Any, value: Any = 0) -> Any:
    """Whatever was there: a constant."""
    need(not isinstance(value, m.Tensor), "a fill with a signal")
    return np.full(x.shape, np.asarray(value).reshape(()), x.dtype)


OPERATORS = {
    "clamp": clamp, "clamp_min": clamp, "clamp_max": clamp_max, "hardtanh": hardtanh, "maximum": maximum,
    "softplus": softplus, "celu": celu, "hardsigmoid": hard_sigmoid, "softshrink": soft_shrink,
    "rrelu_with_noise": random_leaky_relu, "masked_fill": masked_fill, "fill": fill,
    "zero": fill, "gt": compared(np.greater), "lt": compared(np.less), "ge": compared(np.greater_equal),
    "le": compared(np.less_equal), "eq": compared(np.equal), "ne": compared(np.not_equal),
    "logical_and": compared(np.logical_and), "logical_or": compared(np.logical_or),
    "logical_not": compared(np.logical_not), "sign": stepped(np.sign), "floor": stepped(np.floor),
    "ceil": stepped(np.ceil), "trunc": stepped(np.trunc), "round": rounded, "remainder": remainder,
}  # fmt: skip
BOOLEAN = {
    "gt", "lt", "ge", "le", "eq", "ne", "logical_and", "logical_or", "logical_not", "where", "masked_fill",
    "mul",
}  # fmt: skip
