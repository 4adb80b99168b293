"""Lessons 3 and 10."""

import numpy as np

from minicnn.graph import Array, Op
from minicnn.windows import Pair, Sides, cut_padding, out_size, pad_to_fit, pair, sides, taps


class AvgPool(Op):
    """y = the mean of each window.  x (N, C, H, W) -> y (N, C, h, w).

    kernel, stride, pad, ceil as in MaxPool.  count_padding: the mean is over the window's taps on the padded
    picture; otherwise over its taps on the picture itself.  Taps that hang over the end of both (ceil) never
    count.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    pad: tuple[tuple[int, int], tuple[int, int]]
    ceil: bool
    count_padding: bool
    size: tuple[int, ...]
    windows: list[int]

    def __init__(
        self,
        kernel: Pair,
        stride: Pair | None = None,
        pad: Sides = 0,
        ceil: bool = False,
        count_padding: bool = True,
    ) -> None:
        self.kernel, self.stride = pair(kernel), pair(stride or kernel)
        self.pad, self.ceil, self.count_padding = sides(pad), ceil, count_padding

    def forward(self, x: Array) -> Array:
        self.size = x.shape[-2:]
        self.windows = [
            out_size(n, k, s, p, 1, self.ceil)
            for n, k, s, p in zip(self.size, self.kernel, self.stride, self.pad)
        ]
        padded = pad_to_fit(x, self.kernel, self.stride, self.pad, (1, 1), self.windows)
        self.Z = self._window_sizes(x)
        return sum(padded[at] for _, _, at in self._taps()) / self.Z

    def gx(self, gy: Array) -> Array:
        reach = [(n - 1) * s + k for n, s, k in zip(self.windows, self.stride, self.kernel)]
        g, share = np.zeros_like(gy, shape=(*gy.shape[:-2], *reach)), gy / self.Z
        for _, _, at in self._taps():
            g[at] += share
        return cut_padding(g, self.size, self.pad)

    def _taps(self):
        return taps(self.kernel, self.stride, (1, 1), self.windows)

    def _window_sizes(self, like):
        """Z (h, w): how many taps of each window count."""
        counted = np.ones_like(like, shape=self.size)
        if self.count_padding:
            counted = np.pad(counted, self.pad, constant_values=1)
        pad = ((0, 0), (0, 0)) if self.count_padding else self.pad
        padded = pad_to_fit(counted, self.kernel, self.stride, pad, (1, 1), self.windows)
        return sum(padded[at] for _, _, at in self._taps())


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
