"""Sensitivity (Yeh et al. 2019, definition 3): how far does a map move when the picture hardly does?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradcam.measure.errors import MeasureError
from gradcam.measure.measure import Figure, Measure

RADIUS, SAMPLES = 0.02, 10  # of the noise, in the network's own units; how many noisy pictures


def sensitivities(
    explain: Callable[[np.ndarray], np.ndarray], x: np.ndarray, map: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """How far the map moves for each noise, as a share of its own length -> (n,)

        || Phi(x + e) - Phi(x) || / || Phi(x) ||,    max-sensitivity: the largest; avg-sensitivity: the mean

    explain: pictures (n, C, H, W) -> their maps (n, ...); x (1, C, H, W); map (...): explain(x)[0], with its
    signs; noise (n, C, H, W), none of it larger than a small radius.  A map of zeros has no length: 0 if it
    stays so, else 1.  MeasureError for maps of other shapes, or that are not finite.
    """
    map, moved = np.asarray(map, float), np.asarray(explain(x + noise), float)
    if moved.shape != (len(noise), *map.shape) or not np.isfinite(moved).all():
        raise MeasureError(f"the maps of {len(noise)} noisy pictures are {moved.shape}, and not all finite")
    apart = np.sqrt(((moved - map) ** 2).reshape(len(noise), -1).sum(axis=1))
    length = np.sqrt((map**2).sum())
    return apart / length if length > 0 else (apart > 0).astype(float)


def uniform(x: np.ndarray, seed: int, samples: int = SAMPLES, radius: float = RADIUS) -> np.ndarray:
    """Noise (samples, C, H, W), each number within `radius` of 0, of x's dtype."""
    return np.random.default_rng(seed).uniform(-radius, radius, (samples, *x.shape[1:])).astype(x.dtype)


def _of_method(map, case, method):
    found = sensitivities(method, case.x, method.raw, uniform(case.x, case.number))
    return found.max(), found.mean()


MEASURE = Measure(
    "sensitivity", "Max- and avg-sensitivity", "Yeh et al. 2019",
    "how far does the map move when the picture hardly does?",
    _of_method, (
        Figure("max_sensitivity", "max-sensitivity", better=-1),
        Figure("avg_sensitivity", "avg-sensitivity", better=-1),
    ),
    asks=True, many_passes=True,
)  # fmt: skip
