from typing import Any

import numpy as np

from minicnn.convolution.fast.threads import matmul
from minicnn.device import moved
from minicnn.graph import Array, GraphError, Op


class Along(Op):
    """y_i = sum_j M_ij x_j along one axis: a resize, an average over parts of any size, one matrix per axis.

    M (out, in), float64 NumPy; it is used in x's type.
    """

    M: np.ndarray
    axis: int
    from_right: int
    m: Array

    def __init__(self, M: Any, axis: int = -1) -> None:
        self.M, self.axis = np.asarray(M), axis

    def forward(self, x: Array) -> Array:
        self.from_right = self.axis % x.ndim - x.ndim
        if x.shape[self.from_right] != self.M.shape[1]:
            raise GraphError(
                f"a matrix {self.M.shape} does not fit axis {self.from_right} of {tuple(x.shape)}"
            )
        self.m = moved(self.M.astype(x.dtype), x)
        return self._product(self.m, x)

    def gx(self, gy: Array) -> Array:
        return self._product(self.m.T, gy)

    def _product(self, m, v):
        if self.from_right == -1:
            return matmul(v, m.T)
        if self.from_right == -2:
            return matmul(m, v)
        moved_last = np.moveaxis(v, self.from_right, -1)
        return np.moveaxis(matmul(moved_last, m.T), -1, self.from_right)
