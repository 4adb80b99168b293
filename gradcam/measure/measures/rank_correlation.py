"""Rank correlation with occlusion (Selvaraju et al. 2017, sec. 5.3).

Does a map rank the patches of a picture as the network does, when each of them is covered?

Lesson 14.
"""

from __future__ import annotations

import math

import numpy as np

from gradcam.measure.checked import checked_map
from gradcam.measure.errors import MeasureError
from gradcam.measure.measure import Figure, Measure
from gradcam.measure.statistics.spearman import spearman


def rank_correlation(map: np.ndarray, falls: np.ndarray, window: int, stride: int) -> float:
    """Spearman's correlation of the map's mean in a window with the fall of the score when it is covered.

    map (H, W) >= 0; falls (rows, columns), as `occlusion` gives them with average="none" and the same window
    and stride, in pixels -> -1 to 1.
    MeasureError for a map that is not finite, and for falls of other windows than these.
    """
    map, falls = checked_map(map), np.asarray(falls)
    inside = [map[at].mean() for at in windows(map.shape, window, stride)]
    if falls.size != len(inside):
        raise MeasureError(
            f"falls are {falls.shape}, but windows of {window} pixels, {stride} apart, "
            f"lie in {len(inside)} places of this map: "
            "give those that occlusion was asked with"
        )
    return spearman(inside, falls)


def windows(size: tuple[int, int], window: int, stride: int) -> list[tuple[slice, slice]]:
    """The windows of `occlusion` as pairs of slices, row by row; the last of a row is cut at the edge."""
    starts = [[stride * i for i in range(math.ceil((n - window) / stride) + 1)] for n in size]
    return [(slice(i, i + window), slice(j, j + window)) for i in starts[0] for j in starts[1]]


def spread(falls: np.ndarray, size: tuple[int, int], window: int, stride: int) -> np.ndarray:
    """The occlusion map of these falls (H, W): every pixel has the mean of the windows that cover it."""
    total, covers = np.zeros(size, falls.dtype), np.zeros(size, falls.dtype)
    for at, fall in zip(windows(size, window, stride), falls.ravel(), strict=True):
        total[at] += fall
        covers[at] += 1
    return total / covers


MEASURE = Measure(
    "rank_correlation", "Rank correlation with occlusion", "Selvaraju et al. 2017, sec. 5.3",
    "does it rank the patches as covering them does?",
    lambda map, case: rank_correlation(map, case.falls, *case.window),
    (Figure("rank_correlation", "rank correlation with occlusion"),), many_passes=True,
)  # fmt: skip
