"""Connected components of a mask."""

from __future__ import annotations

import numpy as np


def segments(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool -> labels (H, W) int: pixels that touch, corners included, have the same number; 0 where
    the mask is False.

    Every pixel takes the largest number among its neighbours, then the number of the pixel that this number
    names, until nothing changes: the second step makes the way across a segment as short as its logarithm.
    """
    H, W = mask.shape
    labels = np.where(mask, np.arange(1, H * W + 1).reshape(H, W), 0)
    while True:
        padded = np.pad(labels, 1)
        largest = np.max([padded[i : i + H, j : j + W] for i in range(3) for j in range(3)], axis=0)
        largest = np.where(mask, largest, 0)
        largest = np.where(mask, np.append(0, largest)[largest], 0)
        if np.array_equal(largest, labels):
            return labels
        labels = largest


def largest_segment(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool -> the pixels of the largest segment (H, W) bool; of equal ones, the last.

    All False for an empty mask.
    """
    labels = segments(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return labels == sizes.size - 1 - sizes[::-1].argmax() if sizes.any() else np.zeros_like(mask)
