from __future__ import annotations

import numpy as np

from gradcam.measure.errors import MeasureError
from gradcam.measure.measure import Figure, Measure
from gradcam.measure.measures.deletion_insertion import Network, scores_of


def completeness(net: Network, x: np.ndarray, c: int, map: np.ndarray) -> float:
    """How far a map is from completeness (Sundararajan et al. 2017, proposition 1): do its values add up to
    what the picture makes of the score?

        | sum Phi - (f(x) - f(0)) | / max(| sum Phi |, | f(x) - f(0) |)

    net: arrays (N, C, H, W) -> scores (N, classes), of which f is that of class c; x (1, C, H, W), in which 0
    is the mean colour; map Phi, any shape, as the method gave it -> 0, complete, to 2.
    MeasureError for a map or scores that are not finite.
    """
    total = np.sum(map, dtype=float)
    if not np.isfinite(total):
        raise MeasureError("the map holds values that are not finite (NaN or infinite): they have no sum")
    picture, nothing = (float(scores_of(net, v, c)[0]) for v in (x, np.zeros_like(x)))
    size = max(abs(total), abs(picture - nothing))
    return float(abs(total - (picture - nothing)) / size) if size > 0 else 0.0


MEASURE = Measure(
    "completeness", "Completeness", "Sundararajan et al. 2017",
    "do its values add up to what the picture makes of the score?",
    lambda map, case, method: completeness(case.net, case.x, case.c, method.raw),
    (Figure("completeness", "completeness, error", better=-1),), asks=True,
)  # fmt: skip
