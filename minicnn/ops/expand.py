from collections.abc import Sequence

import numpy as np

from minicnn.graph import Array, Op
from minicnn.ops.broadcast import sum_to
from minicnn.ops.options import several


class Expand(Op):
    """y = x stretched to a shape, by broadcasting.  The signals of all copies add."""

    shape: tuple[int, ...]
    x_shape: tuple[int, ...]

    def __init__(self, shape: Sequence[int]) -> None:
        self.shape = several(shape)

    def forward(self, x: Array) -> Array:
        self.x_shape = x.shape
        return np.broadcast_to(x, self.shape)

    def gx(self, gy: Array) -> Array:
        return sum_to(gy, self.x_shape, len(self.shape))
