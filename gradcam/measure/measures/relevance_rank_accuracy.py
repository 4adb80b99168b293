from __future__ import annotations

import numpy as np

from gradcam.measure.checked import checked_map, checked_mask
from gradcam.measure.measure import Figure, Measure
from gradcam.measure.measures.pointing_game import chance


def relevance_rank_accuracy(map: np.ndarray, truth: np.ndarray) -> float:
    """Relevance rank accuracy (Arras et al. 2022, sec. 3.2): what share of the most important pixels, as many
    as the object has, lies on the object?

    map (H, W); truth (H, W): the object's pixels -> 0 to 1; of equal values the first count; 0 without an
    object.  MeasureError for a map that is not finite, and for a mask of another size.
    """
    map = checked_map(map)
    truth = checked_mask(truth, map.shape)
    K = int(truth.sum())
    most = np.argsort(-map, axis=None, kind="stable")[:K]
    return float(truth.ravel()[most].mean()) if K else 0.0


MEASURE = Measure(
    "relevance_rank_accuracy", "Relevance rank accuracy", "Arras et al. 2022",
    "are as many largest values as it has pixels on the object?",
    lambda map, case: relevance_rank_accuracy(map, case.truth),
    (Figure("relevance_rank", "relevance rank accuracy", percent=True),),
    chance=lambda case: chance(case.truth), ordered=True, truth=True, network=False,
)  # fmt: skip
