"""Lesson 10."""

import numpy as np


def pointing_game(map, truth, tolerance=0):
    """Pointing game (Zhang et al. 2016, sec. 4.1): is the place where the map is largest on the object?  -> bool

    map (H, W) >= 0; truth (H, W) bool: the object's pixels, or those that its boxes touch.  tolerance: pixels; the paper takes 15, which
    on a picture of 224 lets the largest value lie that far off.  Of equal values the first counts.  A map of zeros points nowhere: a miss.
    """
    if not np.any(map > 0):
        return False
    row, column = np.unravel_index(np.argmax(map), map.shape)
    rows, columns = np.ogrid[: map.shape[0], : map.shape[1]]
    near = (rows - row) ** 2 + (columns - column) ** 2 <= tolerance**2
    return bool(np.any(truth & near))


def chance(truth):
    """How often a random point hits: the object's share of the picture."""
    return float(truth.mean())
