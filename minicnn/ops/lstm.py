"""Lessons 5 and 22."""

import numpy as np

from minicnn.graph import Array, GraphError, Op
from minicnn.ops.sigmoid import sigmoid
from minicnn.ops.tanh import slope


class LSTM(Op):
    """One step of a long short-term memory (Hochreiter & Schmidhuber 1997), with the forget gate of Gers et
    al. 2000.

        i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)    input, forget and output gate
        g       = tanh(a_g)                                   what might be written
        c'      = f c + i g                                   the cell: keep some, write some
        h'      = o tanh(c')                                  what is shown of it: the hidden state

    where a = W [x, h] + b, rows in the order i, f, g, o.

    x (N, D), h (N, H), c (N, H), W (4H, D + H), b (4H,) -> y (N, 2H) = [h', c'], its two outputs side by
    side.
    """

    weights: tuple[str, ...] = ("W", "b")
    mixes: bool = True
    xh: Array
    c: Array
    i: Array
    f: Array
    g: Array
    o: Array
    new_c: Array

    def forward(self, x: Array, h: Array, c: Array, W: Array, b: Array) -> Array:
        if W.shape != (4 * h.shape[-1], x.shape[-1] + h.shape[-1]) or c.shape != h.shape:
            raise GraphError(
                f"an LSTM with weights {tuple(W.shape)} does not take x {x.shape}, h {h.shape}, c {c.shape}"
            )
        self.xh, self.c, self.W, self.D = np.concatenate([x, h], axis=-1), c, W, x.shape[-1]
        self.a = i, f, g, o = np.split(self.xh @ W.T + b, 4, axis=-1)
        self.i, self.f, self.g, self.o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        self.new_c = self.f * c + self.i * self.g
        return np.concatenate([self.o * np.tanh(self.new_c), self.new_c], axis=-1)

    def at_cell(self, gy: Array) -> Array:
        """The signal at c': what arrives there itself, and what comes through h'."""
        gh, gc = np.split(gy, 2, axis=-1)
        return gc + gh * self.o * slope(self.new_c)

    def at_gates(self, gy: Array) -> Array:
        """The signal at a (..., 4H)."""
        gh, _ = np.split(gy, 2, axis=-1)
        gc, (a_i, a_f, a_g, a_o) = self.at_cell(gy), self.a
        i = gc * self.g * self.i * sigmoid(-a_i)
        f = gc * self.c * self.f * sigmoid(-a_f)
        g = gc * self.i * slope(a_g)
        o = gh * np.tanh(self.new_c) * self.o * sigmoid(-a_o)
        return np.concatenate([i, f, g, o], axis=-1)

    def gx(self, gy: Array) -> Array:
        return self.at_gates(gy) @ self.W[:, : self.D]

    def gh(self, gy: Array) -> Array:
        return self.at_gates(gy) @ self.W[:, self.D :]

    def gc(self, gy: Array) -> Array:
        return self.at_cell(gy) * self.f

    def gW(self, gy: Array) -> Array:
        return self.at_gates(gy).swapaxes(-1, -2) @ self.xh

    def gb(self, gy: Array) -> Array:
        return self.at_gates(gy).sum(axis=-2)
