"""Lesson 3."""

import numpy as np

from minicnn.convolution.fast.threads import in_shares
from minicnn.convolution.fast.unpool import unpool
from minicnn.graph import Op
from minicnn.windows import cut_padding, out_size, pad_to_fit, pair, sides, taps


class MaxPool(Op):
    """y = the maximum of each window; the switches remember which tap held it, the first one in a tie (Zeiler & Fergus 2014, sec. 2.1).

    x (N, C, H, W) -> y (N, C, h, w).  kernel, stride: int or (rows, columns); pad as in Conv; ceil: a last window may hang over the end.
    """

    def __init__(self, kernel, stride=None, pad=0, ceil=False):
        self.kernel, self.stride = pair(kernel), pair(stride or kernel)
        self.pad, self.ceil = sides(pad), ceil

    def forward(self, x):
        self.size = x.shape[-2:]
        self.windows = [
            out_size(n, k, s, p, 1, self.ceil)
            for n, k, s, p in zip(self.size, self.kernel, self.stride, self.pad)
        ]
        padded = pad_to_fit(x, self.kernel, self.stride, self.pad, (1, 1), self.windows, value=-np.inf)
        (_, _, first), *others = self._taps()
        number = np.uint8 if len(others) < 256 else np.int32
        y = np.empty_like(padded[first])
        self.switches = np.zeros_like(y, dtype=number)

        def compute(rows):
            highest, switches = np.copy(padded[first][..., rows, :]), self.switches[..., rows, :]
            for tap, (_, _, at) in enumerate(others, start=1):
                seen = np.copy(
                    padded[at][..., rows, :]
                )  # a contiguous copy first: comparing strided views takes several times as long
                np.maximum(
                    switches, number(tap) * (seen > highest), out=switches
                )  # a later tap has a larger number
                np.maximum(highest, seen, out=highest)
            y[..., rows, :] = highest

        in_shares(compute, y, steps=len(others))
        return y

    def gx(self, gy):  # unpooling: each signal goes to the place that its switch names
        reach = [(n - 1) * s + k for n, s, k in zip(self.windows, self.stride, self.kernel)]
        if isinstance(gy, np.ndarray):
            return cut_padding(
                unpool(gy, self.switches, reach, self.kernel, self.stride), self.size, self.pad
            )
        g = np.zeros_like(gy, shape=(*gy.shape[:-2], *reach))
        for tap, (_, _, at) in enumerate(self._taps()):
            g[at] += gy * (self.switches == tap)
        return cut_padding(g, self.size, self.pad)

    def _taps(self):
        return taps(self.kernel, self.stride, (1, 1), self.windows)
