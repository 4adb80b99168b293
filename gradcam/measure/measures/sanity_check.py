"""Sanity check (Adebayo et al. 2018, sec. 3): does a map change when weights are replaced by random ones?

Layers get random weights, from the scores downwards ("cascading") or one at a time ("independent"); the map
of the class that the intact network saw is compared with what it was.  A method whose maps stay as they are
does not explain the network.

Lesson 15.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcam.measure.errors import MeasureError
from gradcam.measure.measure import RANDOM_WEIGHTS, Figure, Measure
from gradcam.measure.statistics.spearman import spearman
from gradcam.measure.statistics.ssim import ssim
from minicnn.layer import Layer

ORDERS = ("cascading", "independent")


def layers_with_weights(net: Layer) -> list[str]:
    """The names of a network's layers with weights W, from the scores down; a module counts as one.

    Batch normalisations have none: theirs stay as they were trained, and one on its own is no layer here.
    """
    weighed = (part for part in net.parts() if any(hasattr(inner, "W") for inner in part.layers()))
    return [part.name for part in weighed][::-1]


def randomised(net: Layer, order: str, seed: int = 0) -> list[Layer]:
    """A network with random weights for each of `layers_with_weights`.

    order: "cascading", that layer and all above it are random; "independent", that layer only.  Weights are
    as before training (He et al. 2015), biases zero.  `net` is not changed.  MeasureError for another order.
    """
    if order not in ORDERS:
        raise MeasureError(f"layers are randomised in the order {' or '.join(ORDERS)}, not {order!r}")
    names = layers_with_weights(net)
    return [
        drawn_anew(net, names[: k + 1] if order == "cascading" else [names[k]], seed)
        for k in range(len(names))
    ]


def drawn_anew(net: Layer, names: Sequence[str], seed: int) -> Layer:
    """A copy of the network in which the layers of these names have random weights, each its own."""
    copy, every = net.map(np.copy), layers_with_weights(net)
    for part in copy.parts():
        if part.name in names:
            for k, inner in enumerate(part.layers()):
                if hasattr(inner, "W"):
                    inner.initialise([seed, every.index(part.name), k])
    return copy


def similarity(
    before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray]
) -> tuple[float, float, float]:
    """How alike two maps are, each number at most 1.

    before, after: pairs of the map as the method gave it, any shape, and its magnitudes (H, W) >= 0
    -> Spearman of the values, Spearman of the magnitudes, SSIM of the magnitudes as shares of the largest.
    A map of zeros is like nothing: 0.
    """
    (raw, drawn), (other_raw, other_drawn) = before, after
    if not (np.any(drawn) and np.any(other_drawn)):
        return 0.0, 0.0, 0.0
    shares = (drawn / drawn.max(), other_drawn / other_drawn.max())
    return spearman(raw, other_raw), spearman(drawn, other_drawn), ssim(*shares)


MEASURE = Measure(
    "sanity_check", "Sanity check", "Adebayo et al. 2018, sec. 3",
    "does the map change when weights are drawn anew?",
    similarity, (
        Figure("signed", "Spearman, signed values", better=-1),
        Figure("magnitude", "Spearman, magnitudes", better=-1),
        Figure("ssim", "SSIM, magnitudes", better=-1),
    ),
    needs=RANDOM_WEIGHTS, many_passes=True,
)  # fmt: skip
