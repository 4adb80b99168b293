"""Lesson 1."""

import numpy as np

from minicnn.graph import Array, Op


class Exp(Op):
    """y = e^x, so dy/dx = y."""

    y: Array

    def forward(self, x: Array) -> Array:
        self.y = np.exp(x)
        return self.y

    def gx(self, gy: Array) -> Array:
        return gy * self.y


class Log(Op):
    """y = ln x, so dy/dx = 1/x."""

    def forward(self, x: Array) -> Array:
        self.x = x
        return np.log(x)

    def gx(self, gy: Array) -> Array:
        return gy / self.x
