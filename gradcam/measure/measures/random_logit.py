from __future__ import annotations

import numpy as np

from gradcam.measure.checked import checked_map
from gradcam.measure.measure import Figure, Measure
from gradcam.measure.statistics.ssim import ssim


def random_logit(map: np.ndarray, other: np.ndarray) -> float:
    """Random logit (Sixt et al. 2020, sec. 5): how alike are the maps of two classes of one picture?

        SSIM( L_c / max L_c,  L_k / max L_k ),    k another class, drawn at random

    map, other (H, W) >= 0 -> at most 1: a map that does not change with the class does not explain it.
    A map of zeros is like nothing: 0.  MeasureError for a map that is not finite or below zero somewhere.
    """
    map, other = (checked_map(v, positive=True) for v in (map, other))
    return ssim(map / map.max(), other / other.max()) if map.any() and other.any() else 0.0


def another(c: int, classes: int, seed: int) -> int:
    """A class other than c, each as likely."""
    drawn = int(np.random.default_rng(seed).integers(max(classes - 1, 1)))
    return (drawn + (drawn >= c)) % classes


def _of_method(map, case, method):
    other = another(case.c, len(case.scores), case.number)
    return random_logit(map, method.drawn(case.x, other))


MEASURE = Measure(
    "random_logit", "Random logit", "Sixt et al. 2020", "does another class have another map?",
    _of_method, (Figure("random_logit", "random logit, SSIM", better=-1),), asks=True,
)  # fmt: skip
