"""Ways to enlarge that others use, each a matrix R (N, n) per axis: row i holds the shares of the n old
values in new value i.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def places(n: int, N: int, corners: Any = False) -> Any:
    """Where the N new values lie among the n old ones."""
    i = np.arange(N)
    return i * (n - 1) / max(N - 1, 1) if corners else (i + 0.5) * n / N - 0.5


def by_kernel(n: int, N: int, kernel: Any, reach: Any, renormalise: Any, corners: Any = False) -> Any:
    """Shares kernel(distance) of the old values within `reach`; beyond the ends the last value repeats, or
    the rest is renormalised.
    """
    at = places(n, N, corners)
    first = np.floor(at).astype(int) - reach + 1
    R = np.zeros((N, n))
    for k in range(2 * reach):
        tap = first + k
        share = kernel(at - tap)
        inside = (tap >= 0) & (tap < n)
        if renormalise:
            share = share * inside
        np.add.at(R, (np.arange(N), np.clip(tap, 0, n - 1)), share)
    return R / R.sum(axis=1, keepdims=True) if renormalise else R


def cubic(n: int, N: int, a: Any, renormalise: Any, corners: Any = False) -> Any:
    """Cubic convolution (Keys 1981, with his parameter a)."""

    def kernel(d):
        d = abs(d)
        near, far = ((a + 2) * d - (a + 3)) * d * d + 1, ((d - 5) * d + 8) * d * a - 4 * a
        return np.where(d <= 1, near, np.where(d < 2, far, 0))

    return by_kernel(n, N, kernel, 2, renormalise, corners)


def bilinear(n: int, N: int) -> Any:
    """Between the two nearest old values, half-pixel centres, no antialiasing."""
    return by_kernel(n, N, lambda d: np.maximum(1 - abs(d), 0), 1, renormalise=False)


def as_opencv(pixels: np.ndarray, size: Any) -> Any:
    """uint8 (H, W, C) -> (h, w, C), bilinear in OpenCV's integers: shares of 1/2048, four and then sixteen
    bits cut off.
    """
    rows, columns = (np.rint(2048 * bilinear(n, N)).astype(np.int64) for n, N in zip(pixels.shape, size))
    across = np.einsum("jkc,lk->jlc", pixels.astype(np.int64), columns) >> 4
    down = np.zeros((size[0], size[1], pixels.shape[2]), np.int64)
    for i, shares in enumerate(rows):
        for j in np.flatnonzero(shares):
            down[i] += (shares[j] * across[j]) >> 16
    return (down + 2) >> 2


def lanczos(n: int, N: int) -> Any:
    """Lanczos with three lobes, as PIL: what falls outside is left out and the rest scaled to 1."""
    return by_kernel(
        n, N, lambda d: np.where(abs(d) < 3, np.sinc(d) * np.sinc(d / 3), 0), 3, renormalise=True
    )


def spline(n: int, N: int) -> Any:
    """Cubic B-splines through the old values, mirrored at the ends, corners aligned (SciPy's zoom)."""

    def shares(at):
        first = np.floor(at).astype(int) - 1
        B = np.zeros((len(at), n))
        for k in range(4):
            d = abs(at - (first + k))
            value = np.where(d < 1, 2 / 3 - d**2 + d**3 / 2, (2 - np.minimum(d, 2)) ** 3 / 6)
            np.add.at(B, (np.arange(len(at)), _mirror(first + k, n)), value)
        return B

    return shares(places(n, N, corners=True)) @ np.linalg.inv(shares(np.arange(n, dtype=float)))


def _mirror(i, n):
    if n == 1:
        return np.zeros_like(i)
    i = abs(i) % (2 * n - 2)
    return np.where(i < n, i, 2 * n - 2 - i)
