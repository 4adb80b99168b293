import numpy as np

from minicnn.convolution import Geometry, taps
from minicnn.convolution.fast import im2col
from minicnn.graph import Array, GraphError, Op
from minicnn.ops.channels import sum_per_channel
from minicnn.ops.conv import one_batch
from minicnn.windows import Pair, Sides, pair


class ConvTranspose(Op):
    """y = Conv.gx, with a bias: every value of x is written to the window that Conv would have made it from.

    Its gradient is Conv's forward pass (Zeiler et al. 2010; Dumoulin & Visin 2016, ch. 4).  x (N, C, h, w), W
    (C, F/groups, kh, kw), b (F,) -> y (N, F, H, W), H = (h - 1) stride - padding + dilation (kh - 1) + 1 +
    output_pad: rows at the end that no window reaches, or only the padding would.
    """

    weights: tuple[str, ...] = ("W", "b")
    x: Array
    W: Array

    def __init__(
        self, stride: Pair = 1, pad: Sides = 0, dilation: Pair = 1, groups: int = 1, output_pad: Pair = 0
    ) -> None:
        self.options, self.output_pad = (stride, pad, dilation, groups), output_pad

    def forward(self, x: Array, W: Array, b: Array | None = None) -> Array:
        axes = W.ndim - 2
        self.x, self.W, self.geometry = x, W, Geometry(*self.options, axes=axes)
        self.how = im2col if axes == 2 and self.geometry.groups == 1 else taps
        self._check()
        y = self.how.gx(x, W, self.size(), self.geometry)  # the forward pass is Conv.gx
        return y if b is None else y + b.reshape(-1, *[1] * axes)

    def gx(self, gy: Array) -> Array:
        g = self.how.forward(one_batch(gy, self.W.ndim), self.W, self.geometry)
        return g.reshape(*gy.shape[: 1 - self.W.ndim], *self.x.shape[1:])

    def gW(self, gy: Array) -> Array:
        rows = gy.reshape(-1, *gy.shape[-self.W.ndim :])
        g = [self.how.gW(self.x, row, self.W.shape[2:], self.geometry) for row in rows]
        return np.stack(g).reshape(*gy.shape[: -self.W.ndim], *self.W.shape)

    def gb(self, gy: Array) -> Array:
        return sum_per_channel(gy, self.W.ndim - 2)

    def size(self) -> tuple[int, ...]:
        """(H, W) of y."""
        at, kernel = self.geometry, self.W.shape[2:]
        extra = pair(self.output_pad, len(kernel))
        fits = zip(self.x.shape[2:], at.stride, at.pad, at.dilation, kernel, extra)
        return tuple((n - 1) * s - sum(p) + d * (k - 1) + 1 + o for n, s, p, d, k, o in fits)

    def _check(self):
        x, W, G = self.x, self.W, self.geometry.groups
        if x.ndim != W.ndim or x.ndim < 3 or x.shape[1] != W.shape[0] or W.shape[0] % G:
            raise GraphError(
                f"transposed filters {tuple(W.shape)} in {G} groups take {W.shape[0]} channels, not "
                f"{tuple(x.shape)}"
            )
        if min(self.size()) < 1 or self.geometry.windows(self.size(), W.shape[2:]) != x.shape[2:]:
            raise GraphError(
                f"an output of {self.size()} is not what windows {W.shape[2:]} of stride "
                f"{self.geometry.stride} make {tuple(x.shape[2:])} of: output_pad must be below the stride"
            )
