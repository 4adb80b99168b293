"""Lesson 4."""

from minicnn.convolution.fast.threads import matmul
from minicnn.graph import Array, Op
from minicnn.ops.broadcast import sum_to


class MatMul(Op):
    """Y = A B, over any axes in front.  A (..., n, m), B (..., m, p) -> Y (..., n, p)."""

    mixes: bool = True
    y_ndim: int

    def forward(self, A: Array, B: Array) -> Array:
        self.A, self.B = A, B
        Y = matmul(A, B)
        self.y_ndim = Y.ndim
        return Y

    def gA(self, gy: Array) -> Array:
        return sum_to(matmul(gy, self.B.swapaxes(-1, -2)), self.A.shape, self.y_ndim)

    def gB(self, gy: Array) -> Array:
        return sum_to(matmul(self.A.swapaxes(-1, -2), gy), self.B.shape, self.y_ndim)
