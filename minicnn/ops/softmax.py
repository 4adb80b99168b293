"""Lesson 4."""

import numpy as np

from minicnn.graph import Array, Op


def log_softmax(x: Array, axis: int = -1) -> Array:
    """x_i - ln sum_j e^x_j along an axis, shifted by the maximum so that nothing overflows."""
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


class Softmax(Op):
    """p_i = e^x_i / sum_j e^x_j along an axis (default: the last), so  gx_i = p_i (gy_i - sum_j p_j gy_j)."""

    axis: int
    from_right: int
    p: Array

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Array) -> Array:
        self.from_right = self.axis % x.ndim - x.ndim
        self.p = np.exp(log_softmax(x, self.from_right))
        return self.p

    def gx(self, gy: Array) -> Array:
        return self.p * (gy - (self.p * gy).sum(axis=self.from_right, keepdims=True))


class LogSoftmax(Op):
    """y_i = x_i - ln sum_j e^x_j along an axis (default: the last), so  gx_i = gy_i - p_i sum_j gy_j."""

    axis: int
    from_right: int
    p: Array

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Array) -> Array:
        self.from_right = self.axis % x.ndim - x.ndim
        y = log_softmax(x, self.from_right)
        self.p = np.exp(y)
        return y

    def gx(self, gy: Array) -> Array:
        return gy - self.p * gy.sum(axis=self.from_right, keepdims=True)
