"""Operations that only an importer needs: PyTorch's choices at kinks, views by places in memory, an end to a
gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import minicnn as m
from minicnn import GraphError


class Take(m.Op):
    """y_i = x at place at_i, counted through x row by row: any view of memory.  A place that was seen twice
    gets both signals.
    """

    def __init__(self, at: Any, shape: Any, size: Any) -> None:
        self.at, self.shape, self.size = at, tuple(shape), size

    def forward(self, x: Any) -> Any:
        _as_recorded(x, self.size)
        self.x_shape = x.shape
        return x.reshape(-1)[self.at].reshape(self.shape)

    def gx(self, gy: Any) -> Any:
        lead = gy.shape[: gy.ndim - len(self.shape)]
        g = np.zeros_like(gy, shape=(self.size, *lead))
        np.add.at(g, self.at, gy.reshape(*lead, -1).transpose(-1, *range(len(lead))))
        return np.ascontiguousarray(g.transpose(*range(1, g.ndim), 0)).reshape((*lead, *self.x_shape))


class Overwrite(m.Op):
    """y = x, but y at place into_i is v at place source_i: what x is after v was written over part of its
    memory.
    """

    def __init__(self, into: Any, source: Any, sizes: Any) -> None:
        self.into, self.source, self.sizes = into, source, sizes

    def forward(self, x: Any, v: Any) -> Any:
        for value, size in zip((x, v), self.sizes):
            _as_recorded(value, size)
        self.x_ndim, self.v_shape = x.ndim, v.shape
        y = np.array(x).reshape(-1)
        y[self.into] = v.reshape(-1)[self.source]
        return y.reshape(x.shape)

    def gx(self, gy: Any) -> Any:  # nothing for what was written over
        g = np.array(gy, order="C")
        g.reshape(*gy.shape[: gy.ndim - self.x_ndim], -1)[..., self.into] = 0
        return g

    def gv(self, gy: Any) -> Any:
        lead = gy.shape[: gy.ndim - self.x_ndim]
        g = np.zeros_like(gy, shape=(*lead, int(np.prod(self.v_shape, dtype=int))))
        g[..., self.source] = gy.reshape(*lead, -1)[..., self.into]
        return g.reshape((*lead, *self.v_shape))


class Stop(m.Op):
    """y = x, and no gradient: what `detach` and `no_grad` mean."""

    def forward(self, x: Any) -> Any:
        return x

    def gx(self, gy: Any) -> Any:
        return np.zeros_like(gy)


class ReLUAtZero(m.ReLU):
    """y = max(x, 0), with PyTorch's derivative at x = 0: 1 for clamp(min=0), 1/2 for maximum(x, 0)."""

    def __init__(self, derivative: Any) -> None:
        self.derivative = derivative

    def gx(self, gy: Any) -> Any:
        return gy * np.where(self.x == 0, gy.dtype.type(self.derivative), self.x > 0)


class HardSigmoid(m.HardSigmoid):
    """y = min(max(x/6 + 1/2, 0), 1), with PyTorch's derivative between, which is 1/6 as float32 has it.

    In float64, too: 3e-8 off the derivative of its own forward pass, which is x/6 + 1/2 to the last bit.  So
    the reference of a live model has it, and their maps agree to rounding; `minicnn.HardSigmoid` has 1/6.
    """

    def slope(self, x: Any) -> Any:
        return super().slope(x) * (6 * float(np.float32(1 / 6)))


class CELU(m.CELU):
    """y = x where x > 0, alpha (e^(x/alpha) - 1) elsewhere, with PyTorch's derivative, whose 1/alpha is that
    of alpha in float32: 2e-8 off for 0.7.
    """

    def slope(self, x: Any) -> Any:
        return m.ELU(self.alpha, rate=1 / float(np.float32(self.alpha))).slope(x)


class Clamp(m.Clip):
    """y = min(max(x, low), high), with PyTorch's derivative at both ends: the gate of clamp is open there."""

    def gx(self, gy: Any) -> Any:
        return gy * ((self.x >= self.low) & (self.x <= self.high))


def _as_recorded(x, size):
    if x.size != size:
        raise GraphError(f"this operation was recorded for {size} values, not for {x.size}: {tuple(x.shape)}")
