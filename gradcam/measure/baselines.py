"""What a method must beat: maps that never look at the picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CENTRE, RANDOM = "picture centre", "random point"
WIDTH = 0.2  # deviation of the bump, of the picture's side


def centre(size: tuple[int, int]) -> np.ndarray:
    """A bump in the middle of the picture: largest there, falling all the way to the corners.

    size (H, W) -> map (H, W)
    """
    return bump(size, (size[0] // 2, size[1] // 2))


def random_point(size: tuple[int, int], seed: int | Sequence[int]) -> np.ndarray:
    """The same bump at a random pixel.

    seed: the picture's number (or several), so that a run that is resumed draws the same.
    """
    random = np.random.default_rng([*np.atleast_1d(seed), *size])
    return bump(size, (random.integers(size[0]), random.integers(size[1])))


def bump(size: tuple[int, int], at: tuple[int, int]) -> np.ndarray:
    """exp(-r^2 / 2 s^2), r: distance from pixel `at`, s: WIDTH of the picture's side."""
    rows, columns = np.ogrid[: size[0], : size[1]]
    across = WIDTH * max(size)
    return np.exp(-((rows - at[0]) ** 2 + (columns - at[1]) ** 2) / (2 * across**2))
