from collections.abc import Sequence

import numpy as np

from minicnn.graph import Array, Op
from minicnn.ops.options import number, several


class Normalise(Op):
    """y = (x - mean) / sigma, sigma = sqrt(var + eps), mean and (biased) var of x over some axes; so

        gx = (gy - mean(gy) - y mean(gy y)) / sigma

    over the same axes.  LayerNorm (Ba et al. 2016), GroupNorm (Wu & He 2018) and InstanceNorm (Ulyanov et al.
    2016) are this and a factor and a summand for each value or channel.  centre=False leaves the mean alone,
    sigma = sqrt(mean(x^2) + eps), gx without mean(gy): RMSNorm (Zhang & Sennrich 2019).
    """

    axes: tuple[int, ...]
    eps: float
    centre: bool
    from_right: tuple[int, ...]
    sigma: Array
    y: Array

    def __init__(self, axes: Sequence[int], eps: float = 1e-5, centre: bool = True) -> None:
        self.axes, self.eps, self.centre = several(axes), number(eps), centre

    def forward(self, x: Array) -> Array:
        self.from_right = tuple(a % x.ndim - x.ndim for a in self.axes)
        centred = x - self._mean(x) if self.centre else x
        self.sigma = np.sqrt(self._mean(centred * centred) + self.eps)
        self.y = centred / self.sigma
        return self.y

    def gx(self, gy: Array) -> Array:
        g = gy - self._mean(gy) if self.centre else gy
        return (g - self.y * self._mean(gy * self.y)) / self.sigma

    def _mean(self, v):
        return v.mean(axis=self.from_right, keepdims=True)
