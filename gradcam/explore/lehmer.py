"""Random numbers that are the same in Python and in the page (web/engine/random.mjs)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def normals(seed: int, n: int) -> np.ndarray:
    """n normal numbers: Lehmer's sequence, in pairs (Box & Muller 1958)."""
    u = np.fromiter(_lehmer(seed, 2 * n), np.float64, 2 * n) / 2147483647
    return np.sqrt(-2 * np.log(u[0::2])) * np.cos(2 * np.pi * u[1::2])


def _lehmer(seed: int, n: int) -> Iterator[int]:
    s = seed % 2147483646 + 1
    for k in range(8 + n):
        s = s * 16807 % 2147483647
        if k >= 8:
            yield s
