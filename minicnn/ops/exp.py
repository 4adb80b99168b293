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


class Expm1(Op):
    """y = e^x - 1, without cancellation near 0; dy/dx = y + 1."""

    def forward(self, x: Array) -> Array:
        self.y = np.expm1(x)
        return self.y

    def gx(self, gy: Array) -> Array:
        return gy * (self.y + 1)


class Log1p(Op):
    """y = ln(1 + x), without cancellation near 0; dy/dx = 1/(1 + x)."""

    def forward(self, x: Array) -> Array:
        self.x = x
        return np.log1p(x)

    def gx(self, gy: Array) -> Array:
        return gy / (1 + self.x)
