from typing import Any

import numpy as np

from minicnn.graph import Array, GraphError, Op


class Take(Op):
    """y_i = x at place index_i of one axis: a gather, a flip, a roll, a border that repeats what is inside.

    A place that was taken several times gets the sum of its signals.  index: whole numbers of any shape,
    which takes the axis's place: x (A, n, B), index (i, j) -> y (A, i, j, B); negative ones count from the
    end.
    """

    index: np.ndarray
    axis: int
    x_shape: tuple[int, ...]

    def __init__(self, index: Any, axis: int = 0) -> None:
        self.index, self.axis = np.asarray(index), axis

    def forward(self, x: Array) -> Array:
        self.x_shape, size = x.shape, x.shape[self.axis]
        if self.index.dtype.kind not in "iu" or np.any((self.index < -size) | (self.index >= size)):
            raise GraphError(
                f"an axis of {size} has places 0 to {size - 1}; asked for were {self.index.min()} to "
                f"{self.index.max()}"
            )
        return x[(*(slice(None),) * (self.axis % x.ndim), self.index)]

    def gx(self, gy: Array) -> Array:
        lead = gy.ndim - (len(self.x_shape) - 1 + self.index.ndim)
        axis = lead + self.axis % len(self.x_shape)
        flat = gy.reshape(*gy.shape[:axis], -1, *gy.shape[axis + self.index.ndim :])
        g = np.zeros_like(gy, shape=(*gy.shape[:lead], *self.x_shape))
        before = (slice(None),) * axis
        for places, sources in self._without_repeats():
            g[(*before, places)] += flat[(*before, sources)]
        return g

    def _without_repeats(self):
        """Yield (places in x, places in y): the first time that each place was taken, the second time ..."""
        taken = self.index.reshape(-1) % max(self.x_shape[self.axis], 1)
        order = np.argsort(taken, kind="stable")
        ordered = taken[order]
        starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(order) else order
        time = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
        by_time = np.argsort(time, kind="stable")
        ends = np.cumsum(np.bincount(time)) if len(order) else []
        for start, end in zip([0, *ends], ends):
            now = by_time[start:end]
            yield ordered[now], order[now]
