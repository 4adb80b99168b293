"""Deletion and insertion, the "causal metrics" of Petsiuk et al. 2018, sec. 3.3.

How fast the class goes, or comes, when the pixels do that a map calls most important.
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
    """Pixels give way to the mean colour, the most important first: the probability of c after each step.

    net: arrays (N, C, H, W) -> scores (N, classes); x (1, C, H, W), floats, an input in which 0 is the mean
    colour; c: class; map (H, W) -> (steps + 1,), from the whole picture to none of it.
    The less area under the curve, the better the map.
    MeasureError for a map or scores that are not finite, and for a map that is not as large as x.
    """
    x, map = _one_size(x, map)
    return curve(net, x, np.zeros_like(x), c, map, steps)


def insertion(net: Network, x: np.ndarray, c: int, map: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """A blurred picture becomes sharp, the most important pixels first: the probability of c after each step.

    net, x, c, map: as in `deletion` -> (steps + 1,).  The more area under the curve, the better the map.
    """
    x, map = _one_size(x, map)
    return curve(net, blurred(x), x, c, map, steps)


def curve(
    net: Network, before: np.ndarray, after: np.ndarray, c: int, map: np.ndarray, steps: int
) -> np.ndarray:
    """The probabilities of c while pixels of `before` give way to those of `after`, in the map's order.

    In each step equally many pixels, to rounding -> (steps + 1,)
    """
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
    """How many pictures a pass takes: as many as have a megabyte between them, and two at least.

    More is slower, for they leave the processor's cache; one alone, for weights are read once for both.
    """
    return max(2, 2**20 // x[0].nbytes)


def probability(net: Network, x: np.ndarray, c: int) -> np.ndarray:
    """(N, C, H, W) -> the probability of class c (N,)"""
    scores = checked_scores(net(x), c)
    multi_label = getattr(getattr(net, "card", None), "multi_label", False)
    return (Sigmoid() if multi_label else Softmax())(scores)[:, c]


def scores_of(net: Network, x: np.ndarray, c: int) -> np.ndarray:
    """(N, C, H, W) -> the score of class c (N,), in float64; a few pictures at a time."""
    batch = few(x)
    found = [checked_scores(net(x[k : k + batch]), c)[:, c] for k in range(0, len(x), batch)]
    return np.concatenate(found).astype(float)


def checked_scores(scores: np.ndarray, c: int) -> np.ndarray:
    """Scores (N, classes), all finite, with a class c.  MeasureError otherwise."""
    if not 0 <= c < scores.shape[1]:
        raise MeasureError(f"there is no class {c}: this network has {scores.shape[1]}, from 0")
    if not np.isfinite(scores).all():
        raise MeasureError("the network's scores are not finite (NaN or infinite): they give no probability")
    return scores


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


def _one_size(x, map):
    x, map = np.asarray(x), checked_map(map)
    if x.ndim != 4 or x.shape[0] != 1 or x.shape[-2:] != map.shape:
        raise MeasureError(
            f"x is one picture (1, C, H, W) and the map (H, W) as large; these are {x.shape} and {map.shape}"
        )
    if x.dtype.kind != "f":
        raise MeasureError(
            f"x is the network's input, floats, not {x.dtype}: gradcam.image.prepare makes it of a picture"
        )
    return x, map


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
