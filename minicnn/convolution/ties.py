"""Equal windows give equal outputs: so a max-pool's tie on a flat area is broken as documented, whatever
computes the convolution.

On the black around a scan, or in a letterbox, neighbouring windows see the very same numbers.  The equation
gives them the same output; in floating point a sum's last bit depends on where in a tile or a block it was
computed, and a max-pool behind would choose by that bit: its switches, and so every gradient map, would be
noise there.  So each connected area of windows that see the same numbers gets one of its outputs, that of its
first window.
"""

from __future__ import annotations

import numpy as np

from minicnn.convolution.taps import Geometry
from minicnn.device import block_size, to_cpu

GLANCE = 2  # channels that are compared first, those with the largest values: they tell most pixels apart
BAND = 1 << 17  # numbers that are compared at once: they stay in cache


def settle_ties(y: np.ndarray, x: np.ndarray, kernel: tuple[int, int], geometry: Geometry) -> np.ndarray:
    """Give each area of equal windows one output, in place.  y (N, F, h, w), fresh; x (N, C, H, W); kernel
    (kh, kw) -> y"""
    if not _may_have_ties(x, kernel, geometry):
        return y
    left, above = _like_the_one_before(x, kernel, geometry, y.shape[-2:])
    if not left.any() and not above.any():
        return y
    first = _first_of_area(left, above)
    moved = np.nonzero(first != np.arange(first.size).reshape(first.shape))
    pixels = y.transpose(0, 2, 3, 1)
    pixels[moved] = pixels[np.unravel_index(first[moved], first.shape)]
    return y


def _may_have_ties(x, kernel, geometry):
    """False if no two neighbouring windows are alike.  For that it is enough to look at a grid of pixels of
    which every window sees one."""
    if geometry.dilation != (1, 1) or any(max(p) >= k for p, k in zip(geometry.pad, kernel)):
        return True
    grid = [(k - 1 - before, k - after) for k, (before, after) in zip(kernel, geometry.pad)]  # start, step
    lively = to_cpu(abs(x[:, :, ::16, ::16]).sum(axis=(0, 2, 3))).argsort()[-GLANCE:].tolist()
    for step in ((0, geometry.stride[1]), (geometry.stride[0], 0)):
        if any(n - s <= start for n, s, (start, _) in zip(x.shape[-2:], step, grid)):
            return True
        here, there = _on_grid(x, grid, step)
        alike = here[:, lively[0]] == there[:, lively[0]]
        for c in lively[1:]:
            alike &= here[:, c] == there[:, c]
        places = np.nonzero(alike)
        here, there = here.transpose(0, 2, 3, 1), there.transpose(0, 2, 3, 1)
        for first in range(0, len(places[0]), 1000):
            some = tuple(place[first : first + 1000] for place in places)
            if (here[some] == there[some]).all(axis=-1).any():
                return True
    return False


def _on_grid(x, grid, step):
    """x at the places of a grid, and a step further on."""
    moved = ((0, 0), step)
    ends = [n - s for n, s in zip(x.shape[-2:], step)]
    return [x[(..., *(slice(i + m, n + m, g) for (i, g), n, m in zip(grid, ends, by)))] for by in moved]


def _like_the_one_before(x, kernel, geometry, windows):
    """Whether a window sees what its left neighbour sees, and what its upper neighbour sees: two of (N, h, w)
    bool."""
    (N, C, *_), (down, right), ((top, _), (before, _)) = x.shape, geometry.stride, geometry.pad
    height, width = (
        (n - 1) * s + d * (k - 1) + 1
        for n, s, d, k in zip(windows, geometry.stride, geometry.dilation, kernel)
    )
    left = np.zeros((N, height, width), bool)  # of pixels, padding and all
    above = np.zeros((N, height, width), bool)
    rows = max(1, block_size(BAND, x) // (N * C * width))
    for i in range(0, height, rows):
        band = _padded(x, (i - down - top, min(i + rows, height) - top), (-before, width - before))
        here, upper = band[:, :, down:], band[:, :, :-down]
        left[:, i : i + rows, right:] = to_cpu((here[..., right:] == here[..., :-right]).all(axis=1))
        above[:, i : i + rows] = to_cpu((here == upper).all(axis=1))
    above[:, :down] = False
    return _all_taps(left, kernel, geometry, windows), _all_taps(above, kernel, geometry, windows)


def _padded(x, rows, columns):
    """Some rows and columns of x, which may lie outside: zeros there."""
    spans = [(first, last, n) for (first, last), n in zip((rows, columns), x.shape[-2:])]
    seen = np.zeros_like(x, shape=(*x.shape[:2], *(last - first for first, last, _ in spans)))
    inside = [(max(first, 0), min(last, n)) for first, last, n in spans]
    if all(a < b for a, b in inside):
        at = tuple(slice(a - first, b - first) for (a, b), (first, _, _) in zip(inside, spans))
        seen[(..., *at)] = x[(..., *(slice(a, b) for a, b in inside))]
    return seen


def _all_taps(same, kernel, geometry, windows):
    """Of pixels -> of windows: (N, H, W) bool -> (N, h, w)"""
    for axis in (1, 2):
        k, s, d, n = (of[axis - 1] for of in (kernel, geometry.stride, geometry.dilation, windows))
        along = np.moveaxis(same, axis, 1)
        taps = [along[:, d * u : d * u + (n - 1) * s + 1 : s] for u in range(k)]
        same = np.moveaxis(np.logical_and.reduce(taps), 1, axis)
    return same


def _first_of_area(left, above):
    """The flat index of the first window of each window's area, (N, h, w); left, above: whether a window is
    like that neighbour."""
    first, before = np.arange(left.size).reshape(left.shape), None
    across, down = _Runs(left), _Runs(above.swapaxes(1, 2))
    while before is None or not np.array_equal(first, before):
        before = first
        first = down.least(across.least(first).swapaxes(1, 2)).swapaxes(1, 2)
    return first


class _Runs:
    """Runs along the last axis; a run goes on while `like`."""

    def __init__(self, like):
        self.shape, self.starts = like.shape, np.flatnonzero(~like)
        self.lengths = np.diff(np.append(self.starts, like.size))

    def least(self, numbers):
        """The least number of each run, at all its places."""
        return np.repeat(np.minimum.reduceat(numbers.ravel(), self.starts), self.lengths).reshape(self.shape)
