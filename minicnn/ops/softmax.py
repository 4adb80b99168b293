"""Lesson 4."""

import numpy as np

from minicnn.graph import Array, Op


def log_softmax(x: Array) -> Array:
    """x_i - ln sum_j e^x_j along the last axis, shifted by the maximum so that nothing overflows."""
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


class Softmax(Op):
    """p_i = e^x_i / sum_j e^x_j along the last axis, so  gx_i = p_i (gy_i - sum_j p_j gy_j)."""

    p: Array

    def forward(self, x: Array) -> Array:
        self.p = np.exp(log_softmax(x))
        return self.p

    def gx(self, gy: Array) -> Array:
        return self.p * (gy - (self.p * gy).sum(axis=-1, keepdims=True))


class LogSoftmax(Op):
    """y_i = x_i - ln sum_j e^x_j along the last axis, so  gx_i = gy_i - p_i sum_j gy_j."""

    p: Array

    def forward(self, x: Array) -> Array:
        y = log_softmax(x)
        self.p = np.exp(y)
        return y

    def gx(self, gy: Array) -> Array:
        return gy - self.p * gy.sum(axis=-1, keepdims=True)
