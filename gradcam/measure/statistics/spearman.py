from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gradcam.measure.errors import MeasureError


def spearman(a: ArrayLike, b: ArrayLike) -> float:
    """Spearman's rank correlation (Spearman 1904), -1 to 1: Pearson's correlation of the ranks; equal values
    share the mean of their ranks.

    a, b: arrays with equally many values.  0 if all values of one are equal: it ranks nothing.
    MeasureError if they have unequally many, or some that are not finite.
    """
    if np.size(a) != np.size(b) or not np.size(a):
        raise MeasureError(f"two rankings have equally many values; these have {np.size(a)} and {np.size(b)}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise MeasureError("there are values that are not finite (NaN or infinite): they have no rank")
    a, b = ranks(a), ranks(b)
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 else 0.0


def ranks(values: ArrayLike) -> np.ndarray:
    """1 for the smallest value, ..., n for the largest; equal values share the mean -> (n,)"""
    _, which, counts = np.unique(np.ravel(values), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[which]
