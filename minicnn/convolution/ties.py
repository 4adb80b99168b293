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
from minicnn.device import to_cpu

GLANCE = (
    2  # channels that are compared first, those with the largest values: they tell nearly all windows apart
)


def settle_ties(y: np.ndarray, x: np.ndarray, kernel: tuple[int, int], geometry: Geometry) -> np.ndarray:
    """Give each area of equal windows one output, in place.  y (N, F, h, w), fresh; x (N, C, H, W); kernel
    (kh, kw) -> y"""
    windows = y.shape[-2:]

    def padded(x):
        return geometry.padded(x, kernel, windows).transpose(0, 2, 3, 1)

    few = padded(np.stack([x[:, c] for c in _lively(x)], axis=1))
    left, above = (
        _like_the_one_before(few, lambda: padded(x), axis, kernel, geometry, windows) for axis in (2, 1)
    )
    if left is None and above is None:
        return y
    first = _first_of_area(left, above, (len(y), *windows))
    moved = np.nonzero(first != np.arange(first.size).reshape(first.shape))
    pixels = y.transpose(0, 2, 3, 1)
    pixels[moved] = pixels[np.unravel_index(first[moved], first.shape)]
    return y


def _lively(x):
    """The channels whose values are largest, on a coarse grid of pixels."""
    return to_cpu(abs(x[:, :, ::16, ::16]).sum(axis=(0, 2, 3))).argsort()[-GLANCE:]


def _like_the_one_before(few, all_channels, axis, kernel, geometry, windows):
    """Whether a window sees what its left (axis 2) or upper (axis 1) neighbour sees: (N, h, w) bool; None if
    none does."""
    if windows[axis - 1] < 2:
        return None
    step, there = geometry.stride[axis - 1], [n - (a == axis) for a, n in enumerate(windows, start=1)]

    def same(pixels, at=...):
        here, before = _cut(pixels, axis, step, None), _cut(pixels, axis, None, -step)
        return (here[at] == before[at]).all(axis=-1)

    alike = same(few)
    candidates = _all_taps(alike, kernel, geometry, there)
    if not candidates.any():
        return None
    doubtful = np.zeros_like(alike)
    for _, _, tap in geometry.taps(kernel, there):
        doubtful[tap] |= candidates
    doubtful = np.nonzero(doubtful)
    alike[doubtful] = same(all_channels(), doubtful)
    found = to_cpu(_all_taps(alike, kernel, geometry, there))
    return np.pad(found, [(int(a == axis), 0) for a in range(3)]) if found.any() else None


def _cut(x, axis, start, stop):
    return x[(slice(None),) * axis + (slice(start, stop),)]


def _all_taps(same, kernel, geometry, windows):
    """Of pixels -> of windows: (N, H, W) bool -> (N, h, w)"""
    found = np.ones_like(same, shape=(len(same), *windows))
    for _, _, at in geometry.taps(kernel, windows):
        found &= same[at]
    return found


def _first_of_area(left, above, shape):
    """The flat index of the first window of each window's area, (N, h, w); left, above: whether a window is
    like that neighbour."""
    first, before = np.arange(np.prod(shape)).reshape(shape), None
    while before is None or not np.array_equal(first, before):
        before = first
        if left is not None:
            first = _least_of_runs(first, left)
        if above is not None:
            first = _least_of_runs(first.swapaxes(1, 2), above.swapaxes(1, 2)).swapaxes(1, 2)
    return first


def _least_of_runs(numbers, like):
    """The least number of each run along the last axis; a run goes on while `like`."""
    starts = np.flatnonzero(~like)
    lengths = np.diff(np.append(starts, like.size))
    return np.repeat(np.minimum.reduceat(numbers.ravel(), starts), lengths).reshape(numbers.shape)
