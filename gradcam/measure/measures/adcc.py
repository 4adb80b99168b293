"""ADCC (Poppi et al. 2021, sec. 3): average drop, coherency and complexity in one number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradcam.measure.checked import checked_map
from gradcam.measure.measure import Figure, Measure
from gradcam.measure.measures.average_drop import average_drop, shown
from gradcam.measure.measures.deletion_insertion import Network
from gradcam.measure.measures.faithfulness_correlation import pearson


def adcc(
    net: Network, x: np.ndarray, c: int, map: np.ndarray, explain: Callable[[np.ndarray], np.ndarray]
) -> float:
    """The harmonic mean of what three measures leave to be desired.

        3 / ( 1 / coherency + 1 / (1 - complexity) + 1 / (1 - drop) )

    coherency   (1 + Pearson's correlation of the map with that of x * L / max L) / 2
    complexity  the mean of L / max L;  drop: as in `average_drop`

    net, x, c: as in `deletion`; map L (H, W) >= 0; explain: x (1, C, H, W) -> its map (H, W) >= 0
    -> 0 to 1, the more the better; 0 if one of the three is 0, and for a map of zeros.
    """
    map = checked_map(map, positive=True)
    if not map.any():
        return 0.0
    coherency = (1 + pearson(map, checked_map(explain(shown(x, map)), positive=True))) / 2
    parts = coherency, 1 - float((map / map.max()).mean()), 1 - average_drop(net, x, c, map)
    return 3 / sum(1 / part for part in parts) if min(parts) > 0 else 0.0


MEASURE = Measure(
    "adcc", "ADCC", "Poppi et al. 2021", "is it small, true to itself, and enough for the class?",
    lambda map, case, method: adcc(case.net, case.x, case.c, map, method.drawn),
    (Figure("adcc", "ADCC"),), asks=True,
)  # fmt: skip
