"""Lesson 1."""

import numpy as np

from minicnn.graph import Array, Op


def slope(x: Array) -> Array:
    """1 - tanh^2 x = 4 e^-2x / (1 + e^-2x)^2, which keeps its digits where tanh x is nearly 1."""
    small = np.exp(-abs(x)) ** 2
    return 4 * small / (1 + small) ** 2


class Tanh(Op):
    """y = tanh x, so dy/dx = 1 - y^2."""

    activation = True
    x: Array

    def forward(self, x: Array) -> Array:
        self.x = x
        return np.tanh(x)

    def gx(self, gy: Array) -> Array:
        return gy * slope(self.x)
