"""Lessons 2 and 20."""

from typing import Any

import numpy as np

from minicnn.convolution import Geometry, Kept, choose
from minicnn.convolution.ties import settle_ties
from minicnn.graph import Array, GraphError, Op
from minicnn.ops.channels import sum_per_channel
from minicnn.windows import Pair, Sides


class Conv(Op):
    """y[n,f,i,j] = b[f] + sum_c,u,v W[f,c,u,v] x[n, c, s i + d u - p, s j + d v - p]

    with stride s, dilation d and padding p: a cross-correlation, as in all CNNs.  x (N, C, H, W), W (F,
    C/groups, kh, kw), b (F,) -> y (N, F, h, w); just so over one axis, W (F, C/groups, k), or three. pad: one
    number, (rows, columns), or ((top, bottom), (left, right)).  `convolution/` holds several ways to compute
    it; precision="exact" allows only those that sum in the order of the equation.
    """

    weights: tuple[str, ...] = ("W", "b")
    geometry: Geometry
    precision: str
    kept: Kept | None
    x: Array
    how: Any

    def __init__(
        self,
        stride: Pair = 1,
        pad: Sides = 0,
        dilation: Pair = 1,
        groups: int = 1,
        precision: str = "fast",
        kept: Kept | None = None,
    ) -> None:
        self.options = stride, pad, dilation, groups
        self.geometry, self.precision, self.kept = Geometry(*self.options), precision, kept

    def forward(self, x: Array, W: Array, b: Array | None = None) -> Array:
        self.geometry = Geometry(*self.options, axes=W.ndim - 2)
        self._check(x, W)
        self.x, self.W = x, W
        self.how = choose(x, W, self.geometry, self.precision, self.kept)
        y = self.how.forward(x, W, self.geometry, b)
        return settle_ties(y, x, W.shape[-2:], self.geometry) if W.ndim == 4 else y

    def gx(
        self, gy: Array
    ) -> Array:  # every output gives its signal back through W to the pixels that it was made from
        g = self.how.gx(one_batch(gy, self.W.ndim), self.W, self.x.shape[2:], self.geometry)
        return g.reshape(*gy.shape[: 1 - self.W.ndim], *self.x.shape[1:])

    def gW(self, gy: Array) -> Array:  # correlate the signal with the input
        rows = gy.reshape(-1, *gy.shape[-self.W.ndim :])
        g = [self.how.gW(row, self.x, self.W.shape[2:], self.geometry) for row in rows]
        return np.stack(g).reshape(*gy.shape[: -self.W.ndim], *self.W.shape)

    def gb(self, gy: Array) -> Array:
        return sum_per_channel(gy, self.W.ndim - 2)

    def _check(self, x, W):
        G = self.geometry.groups
        if x.ndim != W.ndim or W.ndim < 3 or x.shape[1] != G * W.shape[1] or W.shape[0] % G:
            sizes = {3: "L", 5: "D, H, W"}.get(W.ndim, "H, W")
            raise GraphError(
                f"filters {tuple(W.shape)} in {G} groups take (N, {G * W.shape[1]}, {sizes}), not "
                f"{tuple(x.shape)}"
            )


def one_batch(gy: Array, ndim: int) -> Array:
    """A stack of batches is a larger batch: (S, N, F, h, w) -> (S*N, F, h, w), ndim 4."""
    return gy.reshape(-1, *gy.shape[1 - ndim :])
