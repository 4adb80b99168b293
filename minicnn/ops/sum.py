"""Lesson 1."""

import numpy as np

from minicnn.graph import Array
from minicnn.ops.reduction import Reduction


class Sum(Reduction):
    """y = sum of x over some axes (default: all).  Every summand gets the signal."""

    count: int

    def forward(self, x: Array) -> Array:
        self.look_at(x)
        self.count = int(np.prod([x.shape[a] for a in self.axes]))
        return x.sum(axis=self.axes, keepdims=self.keepdims)

    def gx(self, gy: Array) -> Array:
        g = self.kept(gy)
        return np.broadcast_to(g, (*g.shape[: g.ndim - len(self.x_shape)], *self.x_shape))


class Mean(Sum):
    """y = mean of x over some axes (default: all).  Every value gets its share of the signal."""

    def forward(self, x: Array) -> Array:
        return super().forward(x) / self.count

    def gx(self, gy: Array) -> Array:
        return super().gx(gy / self.count)
