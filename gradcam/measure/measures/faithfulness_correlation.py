"""Faithfulness correlation (Bhatt et al. 2020, definition 3): do pixels that the map adds up to much matter
much together?
"""

from __future__ import annotations

import numpy as np

from gradcam.measure.checked import checked_map
from gradcam.measure.measure import Figure, Measure
from gradcam.measure.measures.deletion_insertion import Network, scores_of

SAMPLES, SHARE = 50, 10  # random sets, of a tenth of the pixels each


def faithfulness_correlation(
    net: Network, x: np.ndarray, c: int, map: np.ndarray, subsets: np.ndarray
) -> float:
    """Pearson's correlation, over random sets S of pixels, of what the map says of S with the score's fall.

        corr_S ( sum_{i in S} Phi_i,  f(x) - f(x with the mean colour at S) )

    net: arrays (N, C, H, W) -> scores (N, classes), of which f is that of class c; x (1, C, H, W), in which 0
    is the mean colour; map (H, W), with its signs; subsets (n, k): pixels, counted row by row
    -> -1 to 1; 0 if the map or the score is the same for all sets.  MeasureError for a map that is not
    finite.
    """
    map = checked_map(map)
    without = np.repeat(x, len(subsets), axis=0)
    for picture, pixels in zip(without, subsets):
        picture.reshape(len(picture), -1)[:, pixels] = 0
    fell = scores_of(net, x, c)[0] - scores_of(net, without, c)
    return pearson(map.ravel()[subsets].sum(axis=1, dtype=float), fell)


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    """The correlation of equally many numbers, -1 to 1; 0 if all of one are equal."""
    a, b = (np.ravel(v).astype(float) - np.mean(v, dtype=float) for v in (a, b))
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 else 0.0


def drawn(pixels: int, seed: int, samples: int = SAMPLES) -> np.ndarray:
    """Random sets (samples, k) of pixels, k a SHARE-th of all."""
    random, k = np.random.default_rng(seed), max(pixels // SHARE, 1)
    return np.stack([random.choice(pixels, k, replace=False) for _ in range(samples)])


MEASURE = Measure(
    "faithfulness_correlation", "Faithfulness correlation", "Bhatt et al. 2020",
    "do pixels that it adds up to much matter much together?",
    lambda map, case, method: faithfulness_correlation(
        case.net, case.x, case.c, method.on_pixels.sum(axis=0), drawn(map.size, case.number)
    ),
    (Figure("faithfulness_correlation", "faithfulness correlation"),), asks=True, many_passes=True,
)  # fmt: skip
