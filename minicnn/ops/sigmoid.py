"""Lesson 1."""

import numpy as np

from minicnn.graph import Array, Op


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), written so that no exponential overflows."""
    return 0.5 * (1 + np.tanh(0.5 * x))


class Sigmoid(Op):
    """y = 1 / (1 + e^-x), so dy/dx = y (1 - y)."""

    activation = True
    y: Array

    def forward(self, x: Array) -> Array:
        self.y = sigmoid(x)
        return self.y

    def gx(self, gy: Array) -> Array:
        return gy * self.y * (1 - self.y)


class SiLU(Op):
    """y = x s, s = 1 / (1 + e^-x) (Elfwing et al. 2018), so dy/dx = s + x s (1 - s)."""

    activation = True
    x: Array
    s: Array

    def forward(self, x: Array) -> Array:
        self.x, self.s = x, sigmoid(x)
        return x * self.s

    def gx(self, gy: Array) -> Array:
        return gy * self.s * (1 + self.x * (1 - self.s))
