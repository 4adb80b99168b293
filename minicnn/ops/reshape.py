"""Lesson 5."""

import math
from collections.abc import Sequence

from minicnn.graph import Array, Op
from minicnn.ops.options import several


class Reshape(Op):
    """y = x with another shape, the same values in the same order (rows last); one size may be -1."""

    shape: tuple[int, ...]
    x_shape: tuple[int, ...]
    y_ndim: int

    def __init__(self, shape: Sequence[int]) -> None:
        self.shape = several(shape)

    def forward(self, x: Array) -> Array:
        self.x_shape = x.shape
        y = x.reshape(self.shape)
        self.y_ndim = y.ndim
        return y

    def gx(self, gy: Array) -> Array:
        return gy.reshape((*gy.shape[: gy.ndim - self.y_ndim], *self.x_shape))


class Flatten(Reshape):
    """(N, C, H, W) -> (N, C*H*W): position (c, i, j) becomes (c*H + i)*W + j."""

    shape: tuple[int, ...]

    def __init__(self) -> None:
        pass

    def forward(self, x: Array) -> Array:
        self.shape = (x.shape[0], math.prod(x.shape[1:]))
        return super().forward(x)
