"""Convolution as a loop over kernel taps: any stride, padding, dilation, groups, dtype.

Readable, exact, the truth; over rows and columns as written here, and just so over one axis or three.

    y[n,f,i,j] = sum_c,u,v  W[f,c,u,v] x[n, c, stride*i + dilation*u - pad, stride*j + dilation*v - pad]

One tap (u, v) is one matrix product:  y += W[:,:,u,v] x_uv,  where x_uv is the input as that tap sees it.
The backward pass to x puts W[:,:,u,v]^T gy where x_uv was taken from; that to W is  gW[:,:,u,v] = gy x_uv^T.
Groups are one more axis g of the product.

Lessons 2 and 20.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from minicnn.convolution.fast.threads import one_thread_each
from minicnn.windows import Pair, Sides, cut_padding, out_size, pad_to_fit, pair, sides
from minicnn.windows import taps as windows_taps


class Geometry:
    """Stride, padding, dilation and groups of one convolution.

    stride, dilation: int or (rows, columns); pad: see `sides`; axes: how many the windows slide along.
    """

    stride: tuple[int, ...]
    pad: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int

    def __init__(
        self, stride: Pair = 1, pad: Sides = 0, dilation: Pair = 1, groups: int = 1, axes: int = 2
    ) -> None:
        self.stride, self.pad = pair(stride, axes), sides(pad, axes)
        self.dilation, self.groups = pair(dilation, axes), groups

    def windows(self, size: Sequence[int], kernel: Sequence[int]) -> tuple[int, ...]:
        """(H, W), (kh, kw) -> (h, w) of the output."""
        return tuple(
            out_size(n, k, s, p, d)
            for n, k, s, p, d in zip(size, kernel, self.stride, self.pad, self.dilation)
        )

    def padded(self, x: np.ndarray, kernel: Sequence[int], windows: Sequence[int]) -> np.ndarray:
        """x with its padding, of exactly the size that the windows see."""
        return pad_to_fit(x, kernel, self.stride, self.pad, self.dilation, windows)

    def taps(self, kernel: Sequence[int], windows: Sequence[int]) -> Iterator[tuple[Any, ...]]:
        """Yield (u, v, index): padded[index] is what tap (u, v) of every window sees."""
        return windows_taps(kernel, self.stride, self.dilation, windows)


@one_thread_each
def forward(x: np.ndarray, W: np.ndarray, geometry: Geometry, b: np.ndarray | None = None) -> np.ndarray:
    """x (N, C, H, W), W (F, C/groups, kh, kw), b (F,) -> y (N, F, h, w)."""
    N, G, (F, Cg, *kernel) = len(x), geometry.groups, W.shape
    windows = geometry.windows(x.shape[2:], kernel)
    padded, Wg = geometry.padded(x, kernel, windows), W.reshape(G, F // G, Cg, *kernel)
    y = np.zeros_like(x, shape=(N, G, F // G, math.prod(windows)))
    for *uv, at in geometry.taps(kernel, windows):
        y += Wg[(..., *uv)] @ padded[at].reshape(N, G, Cg, -1)
    y = y.reshape(N, F, *windows)
    return y if b is None else y + b.reshape(-1, *[1] * len(windows))


@one_thread_each
def gx(gy: np.ndarray, W: np.ndarray, size: Sequence[int], geometry: Geometry) -> np.ndarray:
    """gy (N, F, h, w), W (F, C/groups, kh, kw), size (H, W) of x -> gx (N, C, H, W)."""
    N, G, (F, Cg, *kernel) = len(gy), geometry.groups, W.shape
    windows = gy.shape[2:]
    reach = [
        (n - 1) * s + d * (k - 1) + 1
        for n, s, d, k in zip(windows, geometry.stride, geometry.dilation, kernel)
    ]
    g = np.zeros_like(gy, shape=(N, G * Cg, *reach))
    gy, Wt = gy.reshape(N, G, F // G, -1), W.reshape(G, F // G, Cg, *kernel).swapaxes(1, 2)
    for *uv, at in geometry.taps(kernel, windows):
        g[at] += (Wt[(..., *uv)] @ gy).reshape(N, G * Cg, *windows)
    return cut_padding(g, size, geometry.pad)


@one_thread_each
def gW(gy: np.ndarray, x: np.ndarray, kernel: Sequence[int], geometry: Geometry) -> np.ndarray:
    """gy (N, F, h, w), x (N, C, H, W), kernel (kh, kw) -> gW (F, C/groups, kh, kw), summed over the batch."""
    (N, F, *windows), C, G = gy.shape, x.shape[1], geometry.groups
    padded = geometry.padded(x, kernel, windows)
    gy = gy.reshape(N, G, F // G, -1)
    g = np.zeros_like(gy, shape=(G, F // G, C // G, *kernel))
    for *uv, at in geometry.taps(kernel, windows):
        g[(..., *uv)] = (gy @ padded[at].reshape(N, G, C // G, -1).swapaxes(-1, -2)).sum(axis=0)
    return g.reshape(F, C // G, *kernel)
