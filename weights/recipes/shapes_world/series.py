"""Many scenes: one after the other, or stacked for a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from weights.recipes.shapes_world.composing import Scene

from .composing import SIDE, scene
from .kinds import KINDS


def scenes(first: int, n: int, split: str = "train", seed: int = 0, **asked: Any) -> Iterator[Scene]:
    """Scenes first, first + 1, ..., n of them, drawn one at a time as they are needed.

    Other arguments as for `scene`.
    """
    return (scene(number, split, seed, **asked) for number in range(first, first + n))


def batch(
    numbers: Iterable[int], split: str = "train", seed: int = 0, *, masks: bool = False, **asked: Any
) -> tuple[np.ndarray, ...]:
    """The scenes with these numbers -> images (N, SIDE, SIDE, 3) uint8, labels (N, K) float32, and if asked
    masks (N, K, SIDE, SIDE) bool.

    Labels and masks are those of Scene: which kinds are present, and the pixels that show them, in the
    order of KINDS. Every scene has the bits it has alone, whatever else is in the batch; calls are
    independent, so any thread or process may make any.
    """
    numbers = list(numbers)
    images = np.empty((len(numbers), SIDE, SIDE, 3), np.uint8)
    labels = np.empty((len(numbers), len(KINDS)), np.float32)
    truth = np.empty((len(numbers), len(KINDS), SIDE, SIDE), bool) if masks else None
    for i, number in enumerate(numbers):
        s = scene(number, split, seed, **asked)
        images[i], labels[i] = s.picture, s.labels
        if masks:
            truth[i] = s.masks
    return (images, labels, truth) if masks else (images, labels)
