"""The kinds of shape, each a signed distance: negative inside, positive outside, zero on the outline.

Every function takes coordinates x (to the right) and y (down), any shape, in units of the radius of the
circle around the kind, and returns the distance to its outline in the same units (exact near the outline,
which is all that drawing needs). Union is min, intersection is max, taking away is max with the negative.
"""

from __future__ import annotations

import numpy as np


def disk(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.hypot(x, y) - 1


def ring(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.abs(np.hypot(x, y) - 0.76) - 0.24


def square(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(x), np.abs(y)) - np.sqrt(0.5)


def triangle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Equilateral, apex up: the intersection of three half-planes, each 1/2 from the centre."""
    return np.maximum(y, np.sqrt(0.75) * np.abs(x) - y / 2) - 0.5


def cross(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Two bars, each 0.6 wide; a corner of a bar lies on the circle, so 0.3^2 + 0.954^2 = 1."""
    x, y = np.abs(x), np.abs(y)
    return np.maximum(np.minimum(x, y) - 0.3, np.maximum(x, y) - 0.954)


def star(x: np.ndarray, y: np.ndarray, notch: float = 0.42) -> np.ndarray:
    """Five tips on the circle, five notches at radius `notch`: one tenth of it, unfolded by symmetry; its
    side runs from tip to notch.
    """
    r, tenth = np.hypot(x, y), np.pi / 5
    t = np.abs(
        np.mod(np.arctan2(x, -y) + tenth, 2 * tenth) - tenth
    )  # angle to the nearest tip, 0 to 36 degrees
    across, along = 1 - notch * np.cos(tenth), notch * np.sin(tenth)
    return ((r * np.cos(t) - 1) * along + r * np.sin(t) * across) / np.hypot(across, along)


def crescent(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A disk without a smaller one, shifted to the right."""
    return np.maximum(np.hypot(x, y) - 1, 0.8 - np.hypot(x - 0.5, y))


def heart(x: np.ndarray, y: np.ndarray, a: float = 0.5607) -> np.ndarray:
    """A square of half side `a` standing on its corner, and a disk on the middle of each of its upper
    sides.
    """
    y = y + 0.1893  # centres it in its circle
    lobe = np.sqrt(0.5) * a
    corner = np.sqrt(0.5) * (np.abs(x) + np.abs(y - lobe)) - a
    return np.minimum(corner, np.hypot(np.abs(x) - lobe, y) - a)


KINDS = {f.__name__: f for f in (disk, ring, square, triangle, star, cross, crescent, heart)}
