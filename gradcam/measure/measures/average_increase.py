"""Average increase, or increase in confidence (Chattopadhay et al. 2018, sec. 4.1.2)."""

from __future__ import annotations

import numpy as np

from gradcam.measure.measure import Figure, Measure
from gradcam.measure.measures.average_drop import confidences
from gradcam.measure.measures.deletion_insertion import Network


def average_increase(net: Network, x: np.ndarray, c: int, map: np.ndarray) -> bool:
    """Whether the class is more probable where only what the map shows is left of the picture: O > Y.

    net, x, c, map, O, Y: as in `average_drop`.  Over many pictures: the share of those for which it is.
    """
    whole, left = confidences(net, x, c, map)
    return left > whole


MEASURE = Measure(
    "average_increase", "Average increase", "Chattopadhay et al. 2018",
    "how often is the class more probable where only that is left?",
    lambda map, case: average_increase(case.net, case.x, case.c, map),
    (Figure("average_increase", "average increase", percent=True),),
)  # fmt: skip
