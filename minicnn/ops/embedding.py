"""Lessons 5 and 22."""

import numpy as np

from minicnn.graph import Array, GraphError, Op


class Embedding(Op):
    """y_n = W[t_n]: word t is row t of a table.

    In the backward pass each row gathers the signals of all the places where its word stood.

    t: words, whole numbers of any shape (...); W (V, D) -> y (..., D).
    """

    weights: tuple[str, ...] = ("W",)
    t: Array
    W_shape: tuple[int, ...]

    def forward(self, t: Array, W: Array) -> Array:
        if t.dtype.kind not in "iu":
            raise GraphError(f"an embedding takes words as whole numbers, not {t.dtype}")
        if t.size and not 0 <= int(t.min()) <= int(t.max()) < len(W):
            raise GraphError(
                f"there are {len(W)} words, numbered from 0; {int(t.min())} to {int(t.max())} were given"
            )
        self.t, self.W_shape = t, W.shape
        return W[t]

    def gW(self, gy: Array) -> Array:
        places, lead = self.t.size, gy.shape[: gy.ndim - self.t.ndim - 1]
        stands = np.zeros_like(gy, shape=(places, self.W_shape[0]))
        stands[np.arange(places), self.t.reshape(-1)] = 1  # which word stands at which place: y = stands W
        return stands.T @ gy.reshape(*lead, places, gy.shape[-1])
