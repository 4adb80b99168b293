"""Lesson 5."""

import numpy as np

from minicnn.graph import Array, Op


class Slice(Op):
    """y = x[index], index of slices and integers, one per axis from the left.

    What was left out gets no signal.
    """

    x_shape: tuple[int, ...]
    y_ndim: int

    def __init__(self, *index: slice | int) -> None:
        self.index = index

    def forward(self, x: Array) -> Array:
        self.x_shape = x.shape
        y = x[self.index]
        self.y_ndim = y.ndim
        return y

    def gx(self, gy: Array) -> Array:
        lead = gy.shape[: gy.ndim - self.y_ndim]
        g = np.zeros_like(gy, shape=(*lead, *self.x_shape))
        g[(*(slice(None),) * len(lead), *self.index)] = gy
        return g
