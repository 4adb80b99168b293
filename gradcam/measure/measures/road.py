"""ROAD, remove and debias (Rong et al. 2022): the most and the least important pixels give way to what their
neighbours suggest, so that the shape of what is missing tells the network nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcam.measure.checked import checked_map
from gradcam.measure.errors import MeasureError
from gradcam.measure.measure import Figure, Measure
from gradcam.measure.measures.deletion_insertion import Network, probability

SHARES = tuple(p / 100 for p in range(10, 100, 10))  # of the pixels that are removed
NOISE, CLOSE, MOST = 0.01, 1e-8, 5000  # added to what is imputed; of the residual; iterations


def road(
    net: Network, x: np.ndarray, c: int, map: np.ndarray, shares: Sequence[float] = SHARES,
    noise: float = NOISE, seed: int = 0,
) -> float:  # fmt: skip
    """How much more of the class is left without the least important pixels than without the most important.

        mean over shares of  ( p_c(least important removed) - p_c(most important removed) ) / 2

    net, x, c, map: as in `deletion`; noise: deviation of what is added to imputed pixels -> -0.5 to 0.5.
    MeasureError for a map or scores that are not finite.
    """
    map, random = checked_map(map), np.random.default_rng(seed)
    order, found = np.argsort(map, axis=None, kind="stable"), []
    for first in (order, order[::-1]):
        pictures = []
        for share in shares:
            known = np.ones(map.size, bool)
            known[first[: map.size - int(np.ceil((map.size - 1) * (1 - share) - 1e-9))]] = False
            known = known.reshape(map.shape)
            filled = imputed(x[0], known) + noise * random.standard_normal(x[0].shape)
            pictures.append(np.where(known, x[0], filled).astype(x.dtype))
        found.append(probability(net, np.stack(pictures), c))
    return float((found[0] - found[1]).mean() / 2)


def imputed(x: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Noisy linear imputation without its noise (sec. 4.2): every unknown pixel is the weighted mean of its
    neighbours, 1/6 for those beside it and 1/12 for those at its corners, inside the picture.

    x (C, H, W); known (H, W) bool, somewhere True -> (C, H, W) in float64.  These linear equations are
    symmetric, so conjugate gradients solve them.
    """
    if not known.any():
        raise MeasureError("no pixel is known: there is nothing to impute from")
    hidden = ~known
    full = _around(np.ones(known.shape))  # less than 1 at the edge
    apply = lambda v: np.where(hidden, full * v - _around(v), 0)  # noqa: E731
    given = np.where(known, x, 0).astype(float)
    residual = np.where(hidden, _around(given), 0)
    found, step = np.zeros(x.shape), residual.copy()
    size = (residual**2).sum(axis=(1, 2), keepdims=True)
    enough = CLOSE**2 * size
    for _ in range(MOST):
        if (size <= enough).all():
            break
        across = apply(step)
        along = (step * across).sum(axis=(1, 2), keepdims=True)
        far = np.divide(size, along, out=np.zeros_like(size), where=along > 0)
        found += far * step
        residual -= far * across
        before, size = size, (residual**2).sum(axis=(1, 2), keepdims=True)
        step = residual + np.divide(size, before, out=np.zeros_like(size), where=before > 0) * step
    return given + found


def _around(v):
    """The weighted sum of the eight neighbours; outside the picture is nothing."""
    v = np.pad(v, [(0, 0)] * (v.ndim - 2) + [(1, 1)] * 2)
    rows = v[..., :-2, :] + 2 * v[..., 1:-1, :] + v[..., 2:, :]
    return (rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:] - 4 * v[..., 1:-1, 1:-1]) / 12


MEASURE = Measure(
    "road", "ROAD", "Rong et al. 2022",
    "does the class go with the important pixels, not with the others?",
    lambda map, case: road(case.net, case.x, case.c, map, seed=case.number),
    (Figure("road", "ROAD, combined"),), ordered=True, many_passes=True,
)  # fmt: skip
