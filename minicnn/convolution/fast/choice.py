"""Which way of computing a convolution is used when."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from minicnn.convolution import taps
from minicnn.convolution.fast import im2col
from minicnn.convolution.fast.weight_cache import Kept
from minicnn.convolution.fast.winograd import F2, F4, Winograd
from minicnn.convolution.taps import Geometry
from minicnn.errors import GraphError

_asked: ContextVar[str] = ContextVar("precision", default="fast")  # of this thread


@contextlib.contextmanager
def computing(precision: str) -> Iterator[None]:
    """Convolutions inside, of which no layer says how, are computed "fast", or "exact"."""
    before = _asked.set(precision)
    try:
        yield
    finally:
        _asked.reset(before)


def choose(x: np.ndarray, W: np.ndarray, geometry: Geometry, precision: str, kept: Kept | None = None) -> Any:
    """What has the forward, gx and gW to compute this convolution with.

    precision="exact" rules out Winograd; kept: see Winograd.
    """
    if precision not in ("fast", "exact"):
        raise GraphError(f"precision is 'fast' or 'exact', not {precision!r}")
    if geometry.groups > 1 or W.ndim != 4:
        return taps
    precision = _asked.get() if precision == "fast" else precision
    plain = geometry.stride == geometry.dilation == (1, 1) and all(
        0 <= p <= 2 for sides in geometry.pad for p in sides
    )
    if (
        precision == "fast"
        and plain
        and W.shape[-2:] == (3, 3)
        and x.dtype == W.dtype == np.float32
        and min(W.shape[:2]) >= 16
    ):
        windows = geometry.windows(x.shape[-2:], (3, 3))
        cost = {t: t.n**2 * _tiles(len(x), windows, t.m) for t in (F2, F4)}
        if min(cost.values()) < 9 * _tiles(len(x), windows, 1):
            return Winograd(F2, min(cost, key=cost.get), kept)  # forwards, rounding may flip a gate
    return im2col


def _tiles(N, windows, m):
    """How long the product for one element of a tile takes, in tiles: reading its weights takes as long as
    some 16 tiles."""
    return N * -(-windows[0] // m) * -(-windows[1] // m) + 16
