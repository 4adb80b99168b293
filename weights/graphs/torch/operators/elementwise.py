"""Operators on single values."""

import numpy as np

import minicnn as m
from weights.graphs.torch.operations import Clamp, HardSigmoid, ReLUAtZero
from weights.graphs.torch.operators.lacking import need


def simple(kind):
    return lambda x: kind()(x)


def clamp(x, low=None, high=None):
    need(all(end is None or isinstance(end, (int, float)) for end in (low, high)), "a clamp between tensors")
    if low == 0 and high is None:
        return ReLUAtZero(1)(x)
    return Clamp(-np.inf if low is None else low, np.inf if high is None else high)(x)


def clamp_max(x, high):
    return clamp(x, None, high)


def hardtanh(x, low=-1, high=1):
    """ReLU6 is hardtanh(0, 6)."""
    return m.Clip(low, high)(x)


def threshold(x, at, value):
    return m.ReLU()(x) if at == value == 0 else m.Threshold(at, value)(x)


def maximum(x, z):
    zeros = [not isinstance(v, m.Tensor) and not np.any(v) for v in (x, z)]
    if not any(zeros):
        return m.Maximum()(x, z)
    x, z = (z, x) if zeros[0] else (x, z)
    need(np.broadcast_shapes(x.shape, z.shape) == tuple(x.shape), "a maximum that stretches")
    return ReLUAtZero(0.5)(x)


def leaky_relu(x, slope=0.01):
    return m.LeakyReLU(slope)(x)


def hard_sigmoid(x):
    return HardSigmoid(1 / 6)(x)


def soft_shrink(x, at=0.5):
    return m.Shrink(at, at)(x)


def softplus(x, beta=1, threshold=20):
    return m.Softplus(beta, threshold)(x)


def fill(x, value=0):
    """Whatever was there: a constant."""
    need(not isinstance(value, m.Tensor), "a fill with a signal")
    return np.full(x.shape, np.asarray(value).reshape(()), x.dtype)


OPERATORS = {
    "relu": simple(m.ReLU), "clamp": clamp, "clamp_min": clamp, "clamp_max": clamp_max, "hardtanh": hardtanh,
    "threshold": threshold, "maximum": maximum, "sigmoid": simple(m.Sigmoid), "silu": simple(m.SiLU),
    "tanh": simple(m.Tanh),
    "leaky_relu": leaky_relu, "exp": simple(m.Exp), "log": simple(m.Log), "fill": fill, "zero": fill,
    "hardsigmoid": hard_sigmoid, "softshrink": soft_shrink, "softplus": softplus,
}  # fmt: skip
