"""Activations in straight pieces.  A gate is closed where two pieces meet."""

import numpy as np

from minicnn.graph import Array
from minicnn.ops.formula import Formula
from minicnn.ops.options import number


class HardSigmoid(Formula):
    """y = min(max(alpha x + beta, 0), 1); 1/6 and 1/2 in PyTorch and MobileNetV3, 0.2 and 0.5 in ONNX."""

    alpha: float
    beta: float

    def __init__(self, alpha: float = 0.2, beta: float = 0.5) -> None:
        self.alpha, self.beta = number(alpha), number(beta)

    def value(self, x: Array) -> Array:
        return np.clip(self.alpha * x + self.beta, 0, 1)

    def slope(self, x: Array) -> Array:
        inside = self.alpha * x + self.beta
        return np.where((inside > 0) & (inside < 1), self.alpha * np.ones_like(x), 0)


class HardSwish(Formula):
    """y = x min(max(x/6 + 1/2, 0), 1) (Howard et al. 2019, sec. 5.2): dy/dx = x/3 + 1/2 between -3 and 3."""

    def value(self, x: Array) -> Array:
        return x * np.clip(x / 6 + 0.5, 0, 1)

    def slope(self, x: Array) -> Array:
        return np.where(x <= -3, 0, np.where(x >= 3, 1, x / 3 + 0.5))


class Threshold(Formula):
    """y = x where x > at, `value` elsewhere: ONNX's ThresholdedRelu has value 0."""

    at: float
    below: float

    def __init__(self, at: float = 1.0, value: float = 0.0) -> None:
        self.at, self.below = number(at), number(value)

    def value(self, x: Array) -> Array:
        return np.where(x > self.at, x, self.below)

    def slope(self, x: Array) -> Array:
        return np.where(x > self.at, np.ones_like(x), 0)


class Shrink(Formula):
    """y = x - bias where x > at, x + bias where x < -at, 0 between: soft if bias = at, hard if bias = 0."""

    at: float
    bias: float

    def __init__(self, at: float = 0.5, bias: float = 0.0) -> None:
        self.at, self.bias = number(at), number(bias)

    def value(self, x: Array) -> Array:
        return np.where(abs(x) > self.at, x - np.sign(x) * self.bias, 0)

    def slope(self, x: Array) -> Array:
        return np.where(abs(x) > self.at, np.ones_like(x), 0)


class Abs(Formula):
    """y = |x|, so dy/dx = sign x, and 0 at 0."""

    def value(self, x: Array) -> Array:
        return abs(x)

    def slope(self, x: Array) -> Array:
        return np.sign(x)
