"""Many scenes: one after the other, or stacked for a network."""

import numpy as np

from .kinds import KINDS
from .scene import SIDE, scene


def scenes(first, n, split="train", seed=0, **asked):
    """Scenes first, first + 1, ..., n of them, drawn one at a time as they are needed. Other arguments as for `scene`."""
    return (scene(number, split, seed, **asked) for number in range(first, first + n))


def batch(numbers, split="train", seed=0, *, masks=False, **asked):
    """The scenes with these numbers -> images (N, SIDE, SIDE, 3) uint8, labels (N, K) float32, and if asked masks (N, K, SIDE, SIDE) bool.

    Labels and masks are those of Scene: which kinds are present, and the pixels that show them, in the order of KINDS.
    Every scene has the bits it has alone, whatever else is in the batch; calls are independent, so any thread or process may make any.
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
