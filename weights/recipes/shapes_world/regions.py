"""Regions of scenes: the box around what can be seen of every shape, and what is said of it, "a red star"."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from weights.recipes.shapes_world.shape import Shape

from .asked import MOST
from .composing import SIDE
from .sentences import name, numbered
from .series import scenes

LONGEST = 4  # "a red star ."


def box(s: Shape) -> np.ndarray:
    """The box around what can be seen of a shape: x0, y0, x1, y1 in pixels, x1 and y1 no longer inside."""
    rows, columns = np.flatnonzero(s.visible.any(axis=1)), np.flatnonzero(s.visible.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32)


def said(s: Shape) -> np.ndarray:
    """What is said of a shape, as numbers of words (LONGEST,)."""
    return numbered([word for word, _ in name(s)], LONGEST)


def batch(numbers: Iterable[int], split: str = "train", seed: int = 0) -> tuple[np.ndarray, ...]:
    """Scenes -> pictures (N, SIDE, SIDE, 3) uint8, boxes (N, MOST, 4), NaN where there is no shape; words
    (N, MOST, LONGEST)
    """
    numbers = list(numbers)
    pictures = np.empty((len(numbers), SIDE, SIDE, 3), np.uint8)
    boxes, words = (
        np.full((len(numbers), MOST, 4), np.nan, np.float32),
        np.zeros((len(numbers), MOST, LONGEST), np.int64),
    )
    for i, number in enumerate(numbers):
        (scene,) = scenes(number, 1, split, seed)
        pictures[i] = scene.picture
        for j, s in enumerate(scene.shapes):
            boxes[i, j], words[i, j] = box(s), said(s)
    return pictures, boxes, words
