"""Lesson 1."""

import numpy as np

from minicnn.graph import Array, Op


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), which is e^x / (1 + e^x): of the two, the one whose exponential is small."""
    small = np.exp(-abs(x))
    return np.where(x < 0, small, 1) / (1 + small)


class Sigmoid(Op):
    """y(x) = 1 / (1 + e^-x), so dy/dx = y (1 - y) = y(x) y(-x): near y = 1 only the second keeps its
    digits."""

    activation = True
    x: Array
    y: Array

    def forward(self, x: Array) -> Array:
        self.x, self.y = x, sigmoid(x)
        return self.y

    def gx(self, gy: Array) -> Array:
        return gy * self.y * sigmoid(-self.x)


class SiLU(Op):
    """y = x s(x), s(x) = 1 / (1 + e^-x) (Elfwing et al. 2018), so dy/dx = s(x) (1 + x s(-x))."""

    activation = True
    x: Array
    s: Array

    def forward(self, x: Array) -> Array:
        self.x, self.s = x, sigmoid(x)
        return x * self.s

    def gx(self, gy: Array) -> Array:
        return gy * self.s * (1 + self.x * sigmoid(-self.x))
