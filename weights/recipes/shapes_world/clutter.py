"""Clutter: bits, lines and scribbles, which are none of the kinds.

All three are a pen drawn along a few points.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .colours import any_colour


def pen(x: np.ndarray, y: np.ndarray, points: np.ndarray, width: float) -> np.ndarray:
    """Signed distance to a stroke of a round pen through `points` (n, 2), for x (w,) and y (h, 1) in pixels
    -> (h, w).
    """
    nearest = np.inf
    for (ax, ay), (bx, by) in pairwise(points):
        dx, dy = bx - ax, by - ay
        t = np.clip(
            ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0, 1
        )  # the nearest point of the segment
        nearest = np.minimum(nearest, (x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2)
    return np.sqrt(nearest) - width / 2


def stroke(rng: np.random.Generator, side: int) -> tuple[np.ndarray, float]:
    """The points (n, 2) and the width of a random bit, line or scribble, in pixels. A scribble turns left
    and right in turn, so that it encloses nothing.
    """
    form = rng.integers(3)
    steps, length, width = [
        (1, rng.uniform(2, 6), rng.uniform(2, 4)),
        (1, rng.uniform(10, 40), rng.uniform(1, 2.5)),
        (rng.integers(3, 7), rng.uniform(6, 11), rng.uniform(1, 2)),
    ][form]
    turns = rng.uniform(1, 2.4, steps)
    turns = np.where(np.arange(steps) % 2, turns, -turns)
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(turns)
    moves = length * np.stack([np.cos(heading), np.sin(heading)], axis=1)
    return np.concatenate([np.zeros((1, 2)), np.cumsum(moves, axis=0)]) + rng.uniform(0, side, 2), width


def scatter(rng: np.random.Generator, canvas: np.ndarray) -> None:
    """Draws two to six strokes into `canvas` (side, side, 3)."""
    side = len(canvas)
    for _ in range(rng.integers(2, 7)):
        points, width = stroke(rng, side)
        x0, y0 = np.clip(np.floor(points.min(axis=0) - width), 0, side).astype(int)
        x1, y1 = np.clip(np.ceil(points.max(axis=0) + width), 0, side).astype(int)
        rgb, part = any_colour(rng), canvas[y0:y1, x0:x1]
        d = pen(np.arange(x0, x1) + 0.5, np.arange(y0, y1)[:, None] + 0.5, points.tolist(), width)
        part += np.clip(0.5 - d, 0, 1)[..., None].astype(np.float32) * (rgb - part)
