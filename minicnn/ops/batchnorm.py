"""Batch normalisation (Ioffe & Szegedy 2015): y = gamma * x_hat + beta, x_hat = (x - mean) / sqrt(var + eps),
channel by channel.

x (N, C, H, W), (N, C), or with one or three axes of pixels; gamma, beta, mean, var (C,).  In eval mode, mean
and var are constants; in training mode they are the batch's own.

Lesson 17.
"""

import numpy as np

from minicnn.graph import Array, Op
from minicnn.ops.channels import sum_per_channel


class _Normalise(Op):
    weights: tuple[str, ...] = ("gamma", "beta")
    pixels: int  # how many axes hold them
    gamma: Array
    sigma: Array
    x_hat: Array

    def __init__(self, eps: float = 1e-5) -> None:
        self.eps = eps

    def per_channel(self, v: Array) -> Array:
        """(..., C) -> (..., C, 1, 1) where the input has pixels."""
        return v.reshape(*v.shape, *[1] * self.pixels)

    def ggamma(self, gy: Array) -> Array:
        return self._total(gy * self.x_hat)

    def gbeta(self, gy: Array) -> Array:
        return self._total(gy)

    def _total(self, v):
        """Sum over all but the channel: (..., N, C, H, W) or (..., N, C) -> (..., C)."""
        return sum_per_channel(v, self.pixels) if self.pixels else v.sum(axis=-2)


class BatchNorm(_Normalise):
    """Batchnorm in eval mode: mean and var are the running statistics, so y is linear in x: with s = gamma /
    sqrt(var + eps), y = s x + (beta - s mean)."""

    def forward(self, x: Array, gamma: Array, beta: Array, mean: Array, var: Array) -> Array:
        self.x, self.pixels, self.mean = x, x.ndim - 2, mean
        self.gamma, self.sigma = gamma, np.sqrt(var + self.eps)
        scale = gamma / self.sigma
        y = x * self.per_channel(scale)
        return np.add(y, self.per_channel(beta - mean * scale), out=y)

    @property
    def x_hat(self) -> Array:
        """Made when it is asked for, as only the gradient of gamma asks."""
        centred = self.x - self.per_channel(self.mean)
        return np.divide(centred, self.per_channel(self.sigma), out=centred)

    def gx(self, gy: Array) -> Array:
        return gy * self.per_channel(self.gamma / self.sigma)


class BatchNormTraining(_Normalise):
    """Batchnorm in training mode: mean and var are the batch's own, so every picture's signal reaches every
    other.

    `mean` and `var` (biased) are kept for the running statistics; `count` values went into each.
    """

    count: int
    mean: Array
    var: Array

    def forward(self, x: Array, gamma: Array, beta: Array) -> Array:
        self.pixels, self.count = x.ndim - 2, x.size // x.shape[1]
        self.mean = self._total(x) / self.count
        centred = x - self.per_channel(self.mean)
        self.var = self._total(centred * centred) / self.count
        self.gamma, self.sigma = gamma, np.sqrt(self.var + self.eps)
        self.x_hat = np.divide(centred, self.per_channel(self.sigma), out=centred)
        y = self.per_channel(gamma) * self.x_hat
        return np.add(y, self.per_channel(beta), out=y)

    def gx(
        self, gy: Array
    ) -> Array:  # gamma/sigma (gy - mean(gy) - x_hat mean(gy x_hat)), means over the batch
        mean_gy, mean_gy_x = self.gbeta(gy) / self.count, self.ggamma(gy) / self.count
        g = self.x_hat * self._spread(mean_gy_x)
        g += self._spread(mean_gy)
        np.subtract(gy, g, out=g)
        g *= self.per_channel(self.gamma / self.sigma)
        return g

    def _spread(self, v):
        """(..., C) -> (..., 1, C, 1, 1): one value per channel, for every picture of the batch."""
        return self.per_channel(v[..., None, :])
