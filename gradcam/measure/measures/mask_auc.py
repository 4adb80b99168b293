from __future__ import annotations

import numpy as np

from gradcam.measure.checked import checked_map, checked_mask
from gradcam.measure.measure import Figure, Measure
from gradcam.measure.statistics.spearman import ranks


def mask_auc(map: np.ndarray, truth: np.ndarray) -> float:
    """AUC of the mask: the area under the ROC curve of the map as a detector of the object's pixels (Fawcett
    2006), which is the share of pairs, a pixel on the object and one beside it, that it puts in order.

        ( sum of the ranks on the object - m (m + 1) / 2 ) / (m (n - m)),    m of n pixels are the object's

    map (H, W); truth (H, W) -> 0 to 1; equal values count half, so that a map without order gets 0.5, as does
    a picture that is all object, or has none.  MeasureError for a map that is not finite, and for a mask of
    another size.
    """
    map = checked_map(map)
    truth = checked_mask(truth, map.shape).ravel()
    n, m = truth.size, int(truth.sum())
    if m in (0, n):
        return 0.5
    return float((ranks(map)[truth].sum() - m * (m + 1) / 2) / (m * (n - m)))


MEASURE = Measure(
    "mask_auc", "AUC of the mask", "Fawcett 2006",
    "how well does it tell the object's pixels from the others?",
    lambda map, case: mask_auc(map, case.truth), (Figure("mask_auc", "AUC of the mask"),),
    chance=lambda case: 0.5, truth=True, network=False,
)  # fmt: skip
