"""Deletion and insertion (Petsiuk et al. 2018, "causal metrics"): how fast the class goes, or comes, when its
most important pixels do.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradcam.measure.checked import checked_map
from gradcam.measure.errors import MeasureError
from gradcam.measure.measure import Figure, Measure
from minicnn import Sigmoid, Softmax

Network = Callable[[np.ndarray], np.ndarray]
STEPS = 28
BLUR = 0.05  # deviation of the blur that insertion begins with, of the picture's side


def deletion(net: Network, x: np.ndarray, c: int, map: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """Pixels give way to the mean colour, the most important first -> the probabilities of class c after each
    step (steps + 1,)

    net: arrays (N, C, H, W) -> scores (N, classes); x (1, C, H, W), an input, in which 0 is the mean colour;
    map (H, W).  The less area under the curve, the better the map.  MeasureError for a map that is not finite
    or not as large as x.
    """
    return curve(net, x, np.zeros_like(x), c, map, steps)


def insertion(net: Network, x: np.ndarray, c: int, map: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """A blurred picture becomes sharp, the most important pixels first -> the probabilities of class c after
    each step (steps + 1,)

    net, x, c, map: as in `deletion`.  The more area under the curve, the better the map.
    """
    return curve(net, blurred(x), x, c, map, steps)


def curve(
    net: Network, before: np.ndarray, after: np.ndarray, c: int, map: np.ndarray, steps: int
) -> np.ndarray:
    """The probabilities of class c while pixels of `before` give way to those of `after`, in the order of the
    map, in equal parts.
    """
    map = checked_map(map)
    if after.ndim != 4 or after.shape[0] != 1 or after.shape[-2:] != map.shape:
        raise MeasureError(
            "x is one picture (1, C, H, W) and the map (H, W) as large; "
            f"these are {after.shape} and {map.shape}"
        )
    if steps < 1:
        raise MeasureError(f"steps is a number from 1, not {steps}")
    order = np.argsort(-map, axis=None, kind="stable")
    many = np.linspace(0, map.size, steps + 1).round().astype(int)
    place = np.empty(map.size, int)
    place[order] = np.arange(map.size)
    place = place.reshape(map.shape)
    found, batch = [], few(after)
    for first in range(0, steps + 1, batch):
        changed = place < many[first : first + batch, None, None]
        found.append(probability(net, np.where(changed[:, None], after, before), c))
    return np.concatenate(found)


def few(x: np.ndarray) -> int:
    """How many pictures a pass takes: as many as have a megabyte between them.

    More is slower, for they leave the processor's cache.
    """
    return max(1, 2**20 // x[0].nbytes)


def probability(net: Network, x: np.ndarray, c: int) -> np.ndarray:
    """(N, C, H, W) -> the probability of class c (N,)"""
    multi_label = getattr(getattr(net, "card", None), "multi_label", False)
    return (Sigmoid() if multi_label else Softmax())(net(x))[:, c]


def area_under_curve(curve: np.ndarray) -> float:
    """Area under a curve over 0 to 1, by trapezoids."""
    return float((curve[1:] + curve[:-1]).mean() / 2)


def blurred(x: np.ndarray, deviation: float = BLUR) -> np.ndarray:
    """x (..., H, W) convolved with a Gaussian; beyond the edge, the edge goes on."""
    rows, columns = (gaussian(n, deviation * max(x.shape[-2:])).astype(x.dtype) for n in x.shape[-2:])
    return rows @ x @ columns.T


def gaussian(n: int, deviation: float) -> np.ndarray:
    """(n, n): row i holds the shares of the n old values in new value i.  deviation: pixels"""
    far = int(4 * deviation) + 1
    away = np.arange(-far, far + 1)
    weights = np.exp(-(away**2) / (2 * deviation**2))
    B = np.zeros((n, n))
    for i in range(n):
        np.add.at(B[i], np.clip(i + away, 0, n - 1), weights / weights.sum())
    return B


DELETION = Measure(
    "deletion", "Deletion", "Petsiuk et al. 2018",
    "how fast does the class go with its most important pixels?",
    lambda map, case: area_under_curve(deletion(case.net, case.x, case.c, map)),
    (Figure("deletion", "deletion, area", better=-1),),
    ordered=True, many_passes=True,
)  # fmt: skip
INSERTION = Measure(
    "insertion", "Insertion", "Petsiuk et al. 2018",
    "how fast does it come with them?",
    lambda map, case: area_under_curve(insertion(case.net, case.x, case.c, map)),
    (Figure("insertion", "insertion, area"),),
    ordered=True, many_passes=True,
)  # fmt: skip
