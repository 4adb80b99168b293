"""Smooth relatives of the ReLU, made of ln(1 + e^x)."""

import numpy as np

from minicnn.graph import Array
from minicnn.ops.formula import Formula
from minicnn.ops.options import number
from minicnn.ops.sigmoid import sigmoid


def softplus(x: Array) -> Array:
    """ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), which neither overflows nor loses small digits."""
    return np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))


class Softplus(Formula):
    """y = ln(1 + e^(beta x)) / beta, so dy/dx = 1 / (1 + e^(-beta x)).

    threshold: where beta x is above it, y = x and the slope is 1, as PyTorch has it (20).
    """

    beta: float
    threshold: float

    def __init__(self, beta: float = 1.0, threshold: float = np.inf) -> None:
        self.beta, self.threshold = number(beta), number(threshold)

    def value(self, x: Array) -> Array:
        return np.where(self.beta * x > self.threshold, x, softplus(self.beta * x) / self.beta)

    def slope(self, x: Array) -> Array:
        return np.where(self.beta * x > self.threshold, np.ones_like(x), sigmoid(self.beta * x))


class LogSigmoid(Formula):
    """y = ln(1 / (1 + e^-x)) = -ln(1 + e^-x), so dy/dx = 1 / (1 + e^x)."""

    def value(self, x: Array) -> Array:
        return -softplus(-x)

    def slope(self, x: Array) -> Array:
        return sigmoid(-x)


class Mish(Formula):
    """y = x t, t = tanh(ln(1 + e^x)), so dy/dx = t + x (1 - t^2) / (1 + e^-x) (Misra 2020).

    With w = e^x: t = (w^2 + 2w) / (w^2 + 2w + 2) and 1 - t = 2 / (w^2 + 2w + 2), both divided by w^2 where w
    is large.
    """

    def value(self, x: Array) -> Array:
        return x * self._t(x)[0]

    def slope(self, x: Array) -> Array:
        t, rest = self._t(x)
        return t + np.clip(x, -800, 800) * rest * (1 + t) * sigmoid(x)  # beyond, (1 - t^2) / (1 + e^-x) is 0

    def _t(self, x):
        """-> t, 1 - t"""
        small = np.exp(-abs(x))
        above = np.where(x < 0, small**2 + 2 * small, 1 + 2 * small)
        left = np.where(x < 0, 2, 2 * small**2)
        return above / (above + left), left / (above + left)
