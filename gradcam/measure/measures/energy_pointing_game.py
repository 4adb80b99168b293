from __future__ import annotations

import numpy as np

from gradcam.measure.checked import checked_map, checked_mask
from gradcam.measure.measure import Figure, Measure
from gradcam.measure.measures.pointing_game import chance


def energy_pointing_game(map: np.ndarray, truth: np.ndarray) -> float:
    """Energy-based pointing game (Wang et al. 2020, sec. 4.3): what share of the map lies on the object?

        sum over truth of L / sum of L

    map L (H, W) >= 0; truth (H, W): the object's pixels -> 0 to 1.  A map of zeros has no energy: 0.
    MeasureError for a map that is not finite or below zero somewhere, and for a mask of another size.
    """
    map = checked_map(map, positive=True)
    truth = checked_mask(truth, map.shape)
    total = map.sum(dtype=float)
    return float(map[truth].sum(dtype=float) / total) if total > 0 else 0.0


MEASURE = Measure(
    "energy_pointing_game", "Energy-based pointing game", "Wang et al. 2020",
    "what share of the map lies on the object?",
    lambda map, case: energy_pointing_game(map, case.truth),
    (Figure("energy", "energy on the object", percent=True),),
    chance=lambda case: chance(case.truth), truth=True, network=False,
)  # fmt: skip
