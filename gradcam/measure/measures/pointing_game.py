"""Lesson 10."""

from __future__ import annotations

import numpy as np

from gradcam.measure.checked import checked_map, checked_mask
from gradcam.measure.measure import Figure, Measure


def pointing_game(map: np.ndarray, truth: np.ndarray, tolerance: float = 0) -> bool:
    """Pointing game (Zhang et al. 2016, sec. 4.1): is the place where the map is largest on the object?

    map (H, W) >= 0; truth (H, W): the object's pixels, or those that its boxes touch.  tolerance: pixels; the
    paper takes 15, which on a picture of 224 lets the largest value lie that far off.  Of equal values the
    first counts.  A map of zeros points nowhere: a miss.  MeasureError for a map that is not finite, and for
    a mask of another size.
    """
    map = checked_map(map)
    truth = checked_mask(truth, map.shape)
    if not np.any(map > 0):
        return False
    row, column = np.unravel_index(np.argmax(map), map.shape)
    rows, columns = np.ogrid[: map.shape[0], : map.shape[1]]
    near = (rows - row) ** 2 + (columns - column) ** 2 <= tolerance**2
    return bool(np.any(truth & near))


def chance(truth: np.ndarray) -> float:
    """How often a random point hits, 0 to 1: the object's share of the picture.

    truth (H, W): the object's pixels
    """
    return float(checked_mask(truth, np.shape(truth)).mean())


MEASURE = Measure(
    "pointing_game", "Pointing game", "Zhang et al. 2016", "is the map's largest value on the object?",
    lambda map, case: pointing_game(map, case.truth),
    (Figure("hit", "pointing game, hits", percent=True),),
    chance=lambda case: chance(case.truth), truth=True, network=False,
)  # fmt: skip
