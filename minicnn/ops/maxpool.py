"""Lesson 3."""

import numpy as np

from minicnn.convolution.fast.pooling import argmax_and_max, faster, unpool
from minicnn.graph import Array, Op
from minicnn.windows import Pair, Sides, cut_padding, pad_to_fit, pair, pooled_size, sides, taps


class MaxPool(Op):
    """y = the maximum of each window; the switches remember which tap held it, the first one in a tie (Zeiler
    & Fergus 2014, sec. 2.1).

    x (N, C, H, W) -> y (N, C, h, w).  kernel, stride, dilation: int or (rows, columns); pad as in Conv; ceil:
    a last window may hang over the end.  A kernel of one number, (k,), slides along one axis, and so on.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    pad: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    ceil: bool
    size: tuple[int, ...]
    windows: list[int]
    switches: Array

    def __init__(
        self,
        kernel: Pair,
        stride: Pair | None = None,
        pad: Sides = 0,
        ceil: bool = False,
        dilation: Pair = 1,
    ) -> None:
        self.kernel, axes = pair(kernel), len(pair(kernel))
        self.stride, self.dilation = pair(kernel if stride is None else stride, axes), pair(dilation, axes)
        self.pad, self.ceil = sides(pad, axes), ceil

    def forward(self, x: Array) -> Array:
        self.size = x.shape[-len(self.kernel) :]
        fits = zip(self.size, self.kernel, self.stride, self.pad, self.dilation)
        self.windows = [pooled_size(n, k, s, p, d, self.ceil) for n, k, s, p, d in fits]
        padded = pad_to_fit(x, self.kernel, self.stride, self.pad, self.dilation, self.windows, value=-np.inf)
        self.switches, y = argmax_and_max([padded[at] for *_, at in self._taps()])  # over the taps
        return y

    @faster(unpool)
    def gx(self, gy: Array) -> Array:  # unpooling: each signal goes to the place that its switch names
        g = np.zeros_like(gy, shape=(*gy.shape[: -len(self.size)], *self.reach()))
        for tap, (*_, at) in reversed([*enumerate(self._taps())]):
            g[at] += np.where(self.switches == tap, gy, 0)
        return cut_padding(g, self.size, self.pad)

    def reach(self) -> list[int]:
        """(H', W'): the part of the padded picture that windows see."""
        fits = zip(self.windows, self.stride, self.kernel, self.dilation)
        return [(n - 1) * s + d * (k - 1) + 1 for n, s, k, d in fits]

    def _taps(self):
        return taps(self.kernel, self.stride, self.dilation, self.windows)
