"""Lesson 8."""

import numpy as np

from minicnn.graph import Array, Op


class LeakyReLU(Op):
    """y = x where x > 0, slope * x elsewhere (Maas et al. 2013)."""

    activation = True

    def __init__(self, slope: float = 0.01) -> None:
        self.slope = slope

    def forward(self, x: Array) -> Array:
        self.x = x
        return np.where(x > 0, x, self.slope * x)

    def gx(self, gy: Array) -> Array:
        return np.where(self.x > 0, gy, self.slope * gy)
