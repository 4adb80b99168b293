"""Lesson 4."""

from minicnn.convolution.fast.threads import matmul, rows_times
from minicnn.graph import Array, GraphError, Op


class Linear(Op):
    """y_f = sum_d W_fd x_d + b_f.  x (N, D), W (F, D), b (F,) -> y (N, F)."""

    weights: tuple[str, ...] = ("W", "b")
    x: Array

    def forward(self, x: Array, W: Array, b: Array | None = None) -> Array:
        if x.ndim != 2 or x.shape[1] != W.shape[1]:
            raise GraphError(
                f"a linear layer with weights {tuple(W.shape)} takes (N, {W.shape[1]}), not "
                f"{tuple(x.shape)}; flatten first"
            )
        self.x, self.W = x, W
        y = rows_times(x, W.T)
        return y if b is None else y + b

    def gx(self, gy: Array) -> Array:
        return rows_times(gy, self.W)

    def gW(self, gy: Array) -> Array:
        return matmul(gy.swapaxes(-1, -2), self.x)

    def gb(self, gy: Array) -> Array:
        return gy.sum(axis=-2)
