"""Lessons 3 and 10."""

import numpy as np

from minicnn.graph import Array, Op
from minicnn.windows import Pair, Sides, cut_padding, pad_to_fit, pair, pooled_size, sides, taps


class AvgPool(Op):
    """y = the mean of each window.  x (N, C, H, W) -> y (N, C, h, w).

    kernel, stride, pad, ceil, dilation as in MaxPool.  count_padding: the mean is over the window's taps on
    the padded picture; otherwise over its taps on the picture itself.  Taps that hang over the end of both
    (ceil) never count.  divisor: the sum of each window, divided by this.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    pad: tuple[tuple[int, int], ...]
    ceil: bool
    count_padding: bool
    dilation: tuple[int, ...]
    divisor: float | None
    size: tuple[int, ...]
    windows: list[int]
    Z: Array | float

    def __init__(
        self,
        kernel: Pair,
        stride: Pair | None = None,
        pad: Sides = 0,
        ceil: bool = False,
        count_padding: bool = True,
        dilation: Pair = 1,
        divisor: float | None = None,
    ) -> None:
        self.kernel, axes = pair(kernel), len(pair(kernel))
        self.stride, self.dilation = pair(kernel if stride is None else stride, axes), pair(dilation, axes)
        self.pad, self.ceil, self.count_padding, self.divisor = sides(pad, axes), ceil, count_padding, divisor

    def forward(self, x: Array) -> Array:
        self.size = x.shape[-len(self.kernel) :]
        fits = zip(self.size, self.kernel, self.stride, self.pad, self.dilation)
        self.windows = [pooled_size(n, k, s, p, d, self.ceil) for n, k, s, p, d in fits]
        self.Z = self._window_sizes(x) if self.divisor is None else float(self.divisor)
        return self._sums(x, self.pad) / self.Z

    def gx(self, gy: Array) -> Array:
        fits = zip(self.windows, self.stride, self.kernel, self.dilation)
        reach = [(n - 1) * s + d * (k - 1) + 1 for n, s, k, d in fits]
        g, share = np.zeros_like(gy, shape=(*gy.shape[: -len(reach)], *reach)), gy / self.Z
        for *_, at in self._taps():
            g[at] += share
        return cut_padding(g, self.size, self.pad)

    def _taps(self):
        return taps(self.kernel, self.stride, self.dilation, self.windows)

    def _sums(self, v, pad):
        padded = pad_to_fit(v, self.kernel, self.stride, pad, self.dilation, self.windows)
        return sum(padded[at] for *_, at in self._taps())

    def _window_sizes(self, like):
        """Z (h, w): how many taps of each window count."""
        counted = np.ones_like(like, shape=self.size)
        if not self.count_padding:
            return self._sums(counted, self.pad)
        return self._sums(np.pad(counted, self.pad, constant_values=1), ((0, 0),) * len(self.size))


class GlobalAvgPool(Op):
    """y_k = 1/Z sum_ij x_kij, the mean over the whole map (Lin et al. 2014, sec. 3.2).

    x (N, K, h, w) -> y (N, K).
    """

    size: tuple[int, ...]

    def forward(self, x: Array) -> Array:
        self.size = x.shape[-2:]
        return x.mean(axis=(-2, -1))

    def gx(self, gy: Array) -> Array:
        h, w = self.size
        return np.broadcast_to(gy[..., None, None] / (h * w), (*gy.shape, h, w))
