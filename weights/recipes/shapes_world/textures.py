"""Backgrounds: each family is a field between 0 and 1 over the picture, and a background runs from one
colour to another along it.
"""

from __future__ import annotations

import numpy as np


def smooth(rng: np.random.Generator, cells: int, side: int) -> np.ndarray:
    """Random values on a (cells + 1)^2 grid, joined smoothly (value noise) -> (side, side), 0 to 1."""
    t = (np.arange(side) + 0.5) * (cells / side)
    i = t.astype(int)
    t = t - i
    t = t * t * (3 - 2 * t)
    grid = rng.random((cells + 1, cells + 1))
    rows = grid[i] + t[:, None] * (grid[i + 1] - grid[i])
    return rows[:, i] + t * (rows[:, i + 1] - rows[:, i])


def wave(rng: np.random.Generator, side: int, angle: float, cycles: float) -> np.ndarray:
    """A sine across the picture -> (side, side), -1 to 1."""
    t = np.arange(side) * (2 * np.pi * cycles / side)
    return np.sin((t + rng.uniform(0, 2 * np.pi)) * np.cos(angle) + t[:, None] * np.sin(angle))


def sharpen(field: np.ndarray, k: float) -> np.ndarray:
    """-1 .. 1 to 0 .. 1; the larger k, the sharper the edge."""
    return np.clip(0.5 + k * field, 0, 1)


def noise(rng: np.random.Generator, side: int) -> np.ndarray:
    return 0.4 * smooth(rng, 5, side) + 0.3 * smooth(rng, 12, side) + 0.3 * smooth(rng, 32, side)


def stripes(rng: np.random.Generator, side: int) -> np.ndarray:
    return sharpen(wave(rng, side, rng.uniform(0, np.pi), rng.uniform(3, 10)), rng.uniform(0.5, 2))


def checks(rng: np.random.Generator, side: int) -> np.ndarray:
    angle, cycles = rng.uniform(0, np.pi / 2), rng.uniform(3, 8)
    return sharpen(
        wave(rng, side, angle, cycles) * wave(rng, side, angle + np.pi / 2, cycles), rng.uniform(1, 4)
    )


def gradient(rng: np.random.Generator, side: int) -> np.ndarray:
    angle, t = rng.uniform(0, 2 * np.pi), np.linspace(-1, 1, side)
    return sharpen(t * np.cos(angle) + t[:, None] * np.sin(angle), 0.4)


def blobs(rng: np.random.Generator, side: int) -> np.ndarray:
    return sharpen(smooth(rng, int(rng.integers(4, 11)), side) - 0.5, rng.uniform(2, 8))


TEXTURES = {f.__name__: f for f in (noise, stripes, checks, gradient, blobs)}


def background(rng: np.random.Generator, side: int) -> tuple[np.ndarray, str]:
    """A texture of a random family between two random colours, never vivid -> (side, side, 3) float32, 0 to
    255; and its family.
    """
    family = list(TEXTURES)[rng.integers(len(TEXTURES))]
    field = TEXTURES[family](rng, side)
    here = rng.uniform(30, 225, 3)
    here = here.mean() + rng.uniform(0.3, 0.8) * (here - here.mean())  # towards its own grey
    there = here + rng.choice([-1, 1]) * rng.uniform(15, 50) + rng.uniform(-25, 25, 3)
    return np.clip(here + field[..., None] * (there - here), 0, 255).astype(np.float32), family
