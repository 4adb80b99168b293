"""Average drop (Chattopadhay et al. 2018, sec. 4.1.1): how much of the class is lost where only what the map
shows is left of the picture?
"""

from __future__ import annotations

import numpy as np

from gradcam.measure.checked import checked_map
from gradcam.measure.measure import Figure, Measure
from gradcam.measure.measures.deletion_insertion import Network, probability


def average_drop(net: Network, x: np.ndarray, c: int, map: np.ndarray) -> float:
    """One picture's part of the average: the share of its probability that is lost.

        max(0, Y - O) / Y,    Y = p_c(x),  O = p_c(x * L / max L)

    net, x, c: as in `deletion`; map L (H, W) >= 0 -> 0 to 1.  A map of zeros leaves the mean colour.
    MeasureError for a map that is not finite or below zero somewhere.
    """
    whole, left = confidences(net, x, c, map)
    return max(0.0, whole - left) / whole if whole > 0 else 0.0


def confidences(net: Network, x: np.ndarray, c: int, map: np.ndarray) -> tuple[float, float]:
    """The probability of c for the picture, and for what the map leaves of it."""
    whole, left = probability(net, np.concatenate([x, shown(x, map)]), c)
    return float(whole), float(left)


def shown(x: np.ndarray, map: np.ndarray) -> np.ndarray:
    """x * L / max L, (1, C, H, W): what the map calls most important stays as it is."""
    map = checked_map(map, positive=True)
    return (x * (map / map.max() if map.any() else map)).astype(x.dtype)


MEASURE = Measure(
    "average_drop", "Average drop", "Chattopadhay et al. 2018",
    "how much of the class is lost where only what it shows is left?",
    lambda map, case: average_drop(case.net, case.x, case.c, map),
    (Figure("average_drop", "average drop", better=-1, percent=True),),
)  # fmt: skip
