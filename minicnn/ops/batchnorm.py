"""Batch normalisation (Ioffe & Szegedy 2015): y = gamma * x_hat + beta, x_hat = (x - mean) / sqrt(var + eps), channel by channel.

x (N, C, H, W) or (N, C); gamma, beta, mean, var (C,).  In use, mean and var are constants; in training they are the batch's own.
"""

import numpy as np

from minicnn.graph import Op


class _Normalise(Op):
    weights = ("gamma", "beta")

    def __init__(self, eps=1e-5):
        self.eps = eps

    def _normalise(self, x, gamma, mean, var):
        self.axes = (-4, -2, -1) if x.ndim == 4 else (-2,)  # all but the channel, counted from the right
        self.gamma, self.sigma = gamma, np.sqrt(var + self.eps)
        self.x_hat = (x - self.per_channel(mean)) / self.per_channel(self.sigma)

    def per_channel(self, v):
        """(..., C) -> (..., C, 1, 1) where the input has pixels."""
        return v[..., None, None] if len(self.axes) == 3 else v

    def ggamma(self, gy):
        return (gy * self.x_hat).sum(axis=self.axes)

    def gbeta(self, gy):
        return gy.sum(axis=self.axes)


class BatchNorm(_Normalise):
    """Batchnorm in use (eval): mean and var are the running statistics, so y is linear in x."""

    def forward(self, x, gamma, beta, mean, var):
        self._normalise(x, gamma, mean, var)
        return self.per_channel(gamma) * self.x_hat + self.per_channel(beta)

    def gx(self, gy):
        return gy * self.per_channel(self.gamma / self.sigma)


class BatchNormTraining(_Normalise):
    """Batchnorm in training: mean and var are the batch's own, so every picture's signal reaches every other.

    `mean` and `var` (biased) are kept for the running statistics; `count` values went into each.
    """

    def forward(self, x, gamma, beta):
        axes = (0, 2, 3) if x.ndim == 4 else (0,)
        self.count = x.size // x.shape[1]
        self.mean, self.var = x.mean(axis=axes), x.var(axis=axes)
        self._normalise(x, gamma, self.mean, self.var)
        return self.per_channel(gamma) * self.x_hat + self.per_channel(beta)

    def gx(self, gy):  # gamma/sigma (gy - mean(gy) - x_hat mean(gy x_hat)), means over the batch
        mean_gy, mean_gy_x = self.gbeta(gy) / self.count, self.ggamma(gy) / self.count
        centred = gy - self._spread(mean_gy) - self.x_hat * self._spread(mean_gy_x)
        return self.per_channel(self.gamma / self.sigma) * centred

    def _spread(self, v):
        """(..., C) -> (..., 1, C, 1, 1): one value per channel, for every picture of the batch."""
        return self.per_channel(v)[..., None, :, :, :] if len(self.axes) == 3 else v[..., None, :]
