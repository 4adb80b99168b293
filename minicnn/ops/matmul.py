"""Lesson 4."""

from minicnn.convolution.fast.threads import one_thread_each
from minicnn.graph import Op
from minicnn.ops.broadcast import sum_to


class MatMul(Op):
    """Y = A B, over any axes in front.  A (..., n, m), B (..., m, p) -> Y (..., n, p)."""

    @one_thread_each
    def forward(self, A, B):
        self.A, self.B = A, B
        Y = A @ B
        self.y_ndim = Y.ndim
        return Y

    @one_thread_each
    def gA(self, gy):
        return sum_to(gy @ self.B.swapaxes(-1, -2), self.A.shape, self.y_ndim)

    @one_thread_each
    def gB(self, gy):
        return sum_to(self.A.swapaxes(-1, -2) @ gy, self.B.shape, self.y_ndim)
