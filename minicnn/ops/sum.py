"""Lesson 1."""

import numpy as np

from minicnn.graph import Array, Op


class Sum(Op):
    """y = sum of x over some axes (default: all).  Every summand gets the signal."""

    axis: int | tuple[int, ...] | None
    keepdims: bool
    x_shape: tuple[int, ...]
    axes: tuple[int, ...]
    count: int

    def __init__(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> None:
        self.axis, self.keepdims = axis, keepdims

    def forward(self, x: Array) -> Array:
        self.x_shape = x.shape
        axes = range(x.ndim) if self.axis is None else (self.axis,) if np.ndim(self.axis) == 0 else self.axis
        self.axes = tuple(sorted(a % x.ndim - x.ndim for a in axes))  # counted from the right
        self.count = int(np.prod([x.shape[a] for a in self.axes]))
        return x.sum(axis=self.axes, keepdims=self.keepdims)

    def gx(self, gy: Array) -> Array:
        kept = len(self.x_shape) if self.keepdims else len(self.x_shape) - len(self.axes)
        lead = gy.shape[: gy.ndim - kept]
        ones = [1 if i - len(self.x_shape) in self.axes else n for i, n in enumerate(self.x_shape)]
        return np.broadcast_to(gy.reshape((*lead, *ones)), (*lead, *self.x_shape))


class Mean(Sum):
    """y = mean of x over some axes (default: all).  Every value gets its share of the signal."""

    def forward(self, x: Array) -> Array:
        return super().forward(x) / self.count

    def gx(self, gy: Array) -> Array:
        return super().gx(gy / self.count)
