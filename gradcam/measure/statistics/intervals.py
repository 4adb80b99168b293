"""How far a figure may be from the truth, for want of pictures: 95 % confidence intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

Z = 1.959964  # 95 % of a normal distribution lie within so many deviations
RESAMPLES = 2000


def interval(values: ArrayLike) -> tuple[float, float, float]:
    """Values, one per picture -> (mean, low, high).

    Wilson's interval for hits and misses, else the bootstrap's.
    """
    values = np.asarray(values, float)
    low, high = wilson(values.sum(), values.size) if np.isin(values, (0, 1)).all() else bootstrap(values)
    return float(values.mean()), low, high


def wilson(hits: float, n: int) -> tuple[float, float]:
    """Wilson's score interval for a share, hits of n (Wilson 1927) -> (low, high)"""
    p = hits / n
    middle = p + Z**2 / (2 * n)
    half = Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return tuple(np.clip(np.array([middle - half, middle + half]) / (1 + Z**2 / n), 0, 1).tolist())


def bootstrap(values: np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> tuple[float, float]:
    """Percentile bootstrap of the mean (Efron 1979): the means of as many values, drawn again with
    replacement -> (low, high)
    """
    random = np.random.default_rng(seed)
    means = values[random.integers(values.size, size=(resamples, values.size))].mean(axis=1)
    return tuple(np.percentile(means, [2.5, 97.5]).tolist())
