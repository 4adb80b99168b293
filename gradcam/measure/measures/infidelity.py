"""Infidelity (Yeh et al. 2019, definition 2.1): does the map foretell what a change of the picture does?"""

from __future__ import annotations

import numpy as np

from gradcam.measure.errors import MeasureError
from gradcam.measure.measure import Figure, Measure
from gradcam.measure.measures.deletion_insertion import Network, scores_of

SAMPLES, SHARE = 50, 7  # squares that are taken away; their side is a seventh of the picture's


def infidelity(
    net: Network, x: np.ndarray, c: int, map: np.ndarray, removed: np.ndarray, scaled: bool = True
) -> float:
    """The mean squared error of a map as a linear forecast of the score's fall.

        E_I [ (beta I . Phi  -  (f(x) - f(x - I)))^2 ],   beta = E[I . Phi (f(x) - f(x - I))] / E[(I . Phi)^2]

    net: arrays (N, C, H, W) -> scores (N, classes), of which f is that of class c; x (1, C, H, W);
    map Phi (C, H, W), or (1, H, W) or (H, W), for all channels alike, with its signs; removed I (n, C, H, W).
    scaled: a map is known but for its scale, so it is given the best one, beta, as in the paper's
    experiments; if not, beta = 1.  MeasureError for a map of another size, or scores that are not finite.
    """
    map = np.asarray(map, float)
    if map.shape not in (x.shape[1:], (1, *x.shape[2:]), x.shape[2:]):
        raise MeasureError(f"the map is {map.shape}, and the picture {x.shape[1:]}: give them one size")
    foretold = (removed * map).sum(axis=(1, 2, 3))
    fell = scores_of(net, x, c)[0] - scores_of(net, x - removed, c)
    if scaled:
        square = (foretold**2).mean()
        foretold = foretold * ((foretold * fell).mean() / square if square > 0 else 0)
    return float(((foretold - fell) ** 2).mean())


def squares(x: np.ndarray, seed: int, samples: int = SAMPLES) -> np.ndarray:
    """I (samples, C, H, W): what x has in a square at a random place, and 0 elsewhere: x - I has the mean
    colour there.
    """
    random, (H, W) = np.random.default_rng(seed), x.shape[2:]
    side, removed = max(min(H, W) // SHARE, 1), np.zeros((samples, *x.shape[1:]), x.dtype)
    for one in removed:
        top, left = random.integers(H - side + 1), random.integers(W - side + 1)
        at = (slice(None), slice(top, top + side), slice(left, left + side))
        one[at] = x[0][at]
    return removed


MEASURE = Measure(
    "infidelity", "Infidelity", "Yeh et al. 2019", "does it foretell what a change of the picture does?",
    lambda map, case, method: infidelity(
        case.net, case.x, case.c, method.on_pixels, squares(case.x, case.number)
    ),
    (Figure("infidelity", "infidelity", better=-1),), asks=True, many_passes=True,
)  # fmt: skip
