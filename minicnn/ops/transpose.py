"""Lesson 5."""

from collections.abc import Sequence

import numpy as np

from minicnn.graph import Array, Op
from minicnn.ops.options import several


class Transpose(Op):
    """y = x with its axes in another order: axis i of y is axis order[i] of x."""

    order: tuple[int, ...]

    def __init__(self, order: Sequence[int]) -> None:
        self.order = several(order)

    def forward(self, x: Array) -> Array:
        return x.transpose(self.order)

    def gx(self, gy: Array) -> Array:
        lead = gy.ndim - len(self.order)
        back = sorted(range(len(self.order)), key=self.order.__getitem__)
        return np.transpose(gy, (*range(lead), *(lead + i for i in back)))
