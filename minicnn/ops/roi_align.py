"""Lessons 5 and 22."""

from typing import Any

import numpy as np

from minicnn.graph import Array, GraphError, Op


class RoIAlign(Op):
    """y = what x shows inside boxes, P x P samples of each, whatever its size: region features (Johnson et
    al. 2016, sec. 3.2, eqs. 1-2).

        y_rcuv = sum_ij  x_cij k(i - i_u) k(j - j_v),   k(d) = max(0, 1 - |d|)

    that is, one matrix per axis: y_r = R_r x C_r^T.

    x (N, C, h, w), boxes (R, 4): x0, y0, x1, y1 in pixels -> y (R, C, P, P).  scale: cells of x per pixel;
    picture: which of the N each box belongs to (R,).  Samples sit in the middle of each of P x P parts of the
    box; beyond x there are zeros.  As RoIAlign of He et al. 2017 with one sample per part.  The signal
    reaches the boxes, too, so that they could be moved.
    """

    scale: float
    picture: Array
    x: Array
    part: Array
    R: Array
    dR: Array
    C: Array
    dC: Array

    def __init__(self, P: int, scale: float, picture: Any) -> None:
        self.P, self.scale, self.picture = P, scale, np.asarray(picture)

    def forward(self, x: Array, boxes: Array) -> Array:
        if self.picture.shape != (len(boxes),) or (
            len(boxes) and not 0 <= self.picture.min() <= self.picture.max() < len(x)
        ):
            raise GraphError(
                f"{len(boxes)} boxes need as many numbers of pictures, from 0 to {len(x) - 1}; not "
                f"{self.picture.tolist()}"
            )
        self.x, self.part = (
            x,
            np.asarray(((np.arange(self.P) + 0.5) / self.P).astype(x.dtype), like=x),
        )  # 0 to 1: where a sample sits
        self.R, self.dR = self._samples(x, boxes[:, 1], boxes[:, 3], x.shape[-2])
        self.C, self.dC = self._samples(x, boxes[:, 0], boxes[:, 2], x.shape[-1])
        return self.R @ x[self.picture] @ self.C.swapaxes(-1, -2)

    def gx(self, gy: Array) -> Array:
        g = self.R.swapaxes(-1, -2) @ gy @ self.C  # (..., R, C, h, w), box by box
        belongs = np.zeros_like(self.x, shape=(len(self.x), len(self.picture)))
        belongs[self.picture, np.arange(len(self.picture))] = 1
        return (belongs @ g.reshape(*g.shape[:-3], -1)).reshape(*gy.shape[:-4], *self.x.shape)

    def gboxes(self, gy: Array) -> Array:
        x = self.x[self.picture]
        rows = (gy * (self.dR @ x @ self.C.swapaxes(-1, -2))).sum(
            axis=(-3, -1)
        )  # the signal at i_u, (..., R, P)
        columns = (gy * (self.R @ x @ self.dC.swapaxes(-1, -2))).sum(axis=(-3, -2))  # and at j_v
        near, far = 1 - self.part, self.part
        ends = [(g * share).sum(axis=-1) for share in (near, far) for g in (columns, rows)]
        return np.stack(ends, axis=-1) * self.scale

    def _samples(self, x, start, end, size):
        """-> k(i - i_u), (R, 1, P, size), and its derivative by i_u; 1: for the channels."""
        at = (start[:, None] + self.part * (end - start)[:, None]) * self.scale - 0.5
        d = np.asarray(np.arange(size).astype(x.dtype), like=x) - at[:, None, :, None]
        inside = abs(d) < 1
        return (1 - abs(d)) * inside, np.sign(d) * inside
