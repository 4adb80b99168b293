"""Lesson 17."""

import numpy as np

from minicnn.graph import Array, Op


class LocalResponseNorm(Op):
    """y_c = x_c / s_c^beta,  s_c = k + alpha/n sum of x^2 over the n channels around c (Krizhevsky et al.
    2012, sec. 3.3; alpha/n as in Caffe and PyTorch, where the paper writes alpha).  x (N, C, H, W)."""

    n: int
    alpha: float
    beta: float
    k: float
    s: Array

    def __init__(self, n: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        self.n, self.alpha, self.beta, self.k = n, alpha, beta, k

    def forward(self, x: Array) -> Array:
        self.x = x
        self.s = self.k + self.alpha / self.n * self._around(x**2, self.n // 2, (self.n - 1) // 2)
        return x * self.s**-self.beta

    def gx(
        self, gy: Array
    ) -> Array:  # gy s^-beta - 2 alpha beta/n x sum over the windows that contain c of gy x s^(-beta-1)
        through_s = self._around(gy * self.x * self.s ** (-self.beta - 1), (self.n - 1) // 2, self.n // 2)
        return gy * self.s**-self.beta - 2 * self.alpha * self.beta / self.n * self.x * through_s

    def _around(self, v, before, after):
        """Sum over channels c-before .. c+after, (..., C, H, W)."""
        C = v.shape[-3]
        padded = np.pad(v, [(0, 0)] * (v.ndim - 3) + [(before, after), (0, 0), (0, 0)])
        return sum(padded[..., i : i + C, :, :] for i in range(before + after + 1))
