"""Rank correlation with occlusion (Selvaraju et al. 2017, sec. 5.3): does a map rank the patches of a picture as the network does?

Lesson 14.
"""

import math

import numpy as np

from gradcam.measure.statistics.spearman import spearman


def rank_correlation(map, falls, window, stride):
    """Spearman's correlation between how much the score falls when a window is covered, and the map's mean in that window -> -1 to 1

    map (H, W) >= 0; falls (rows, columns), as `occlusion` gives them with average="none" and the same window and stride, in pixels.
    """
    inside = [map[at].mean() for at in windows(map.shape, window, stride)]
    return spearman(inside, falls)


def windows(size, window, stride):
    """The windows of `occlusion` as pairs of slices, row by row; the last of a row is cut at the edge."""
    starts = [[stride * i for i in range(math.ceil((n - window) / stride) + 1)] for n in size]
    return [(slice(i, i + window), slice(j, j + window)) for i in starts[0] for j in starts[1]]


def spread(falls, size, window, stride):
    """The occlusion map that belongs to these falls: every pixel has the mean of the windows that cover it.  -> (H, W)"""
    total, covers = np.zeros(size, falls.dtype), np.zeros(size, falls.dtype)
    for at, fall in zip(windows(size, window, stride), falls.ravel(), strict=True):
        total[at] += fall
        covers[at] += 1
    return total / covers
