"""Lesson 8."""

import numpy as np

from minicnn.graph import Op


class LeakyReLU(Op):
    """y = x where x > 0, slope * x elsewhere (Maas et al. 2013)."""

    activation = True

    def __init__(self, slope=0.01):
        self.slope = slope

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.slope * x)

    def gx(self, gy):
        return np.where(self.x > 0, gy, self.slope * gy)
