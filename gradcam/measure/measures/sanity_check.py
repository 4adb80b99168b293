"""Sanity check (Adebayo et al. 2018, sec. 3): does a map change when what the network has learned is taken away?

Layers get random weights, from the scores downwards ("cascading") or one at a time ("independent"); the map of the class that the intact
network saw is compared with what it was.  A method whose maps stay as they are does not explain the network.

Lesson 15.
"""

import numpy as np

from gradcam.measure.statistics.spearman import spearman
from gradcam.measure.statistics.ssim import ssim

WAYS = ("cascading", "independent")
SIMILARITIES = (
    "signed",
    "magnitude",
    "ssim",
)  # Spearman of the values, Spearman of what is drawn, SSIM of what is drawn


def layers(net):
    """The names of the steps that have weights, the one next to the scores first."""
    return [part.name for part in net.parts() if part.arrays()][::-1]


def randomised(net, way, seed=0):
    """[a network for each of `layers`]: cascading, with that layer and all above it drawn anew; independent, with that layer only.

    Weights as before training (He et al. 2015), biases zero.  `net` is not changed.
    """
    names = layers(net)
    return [
        drawn_anew(net, names[: k + 1] if way == "cascading" else [names[k]], seed) for k in range(len(names))
    ]


def drawn_anew(net, names, seed):
    """A copy of the network in which the layers of these names have random weights, each its own."""
    copy, every = net.map(np.copy), layers(net)
    for part in copy.parts():
        if part.name in names:
            for k, inner in enumerate(part.layers()):
                if hasattr(inner, "W"):
                    inner.initialise([seed, every.index(part.name), k])
    return copy


def similarity(raw, intensity, other_raw, other_intensity):
    """How alike two maps are -> [signed, magnitude, ssim].  A map of zeros is like nothing: 0.

    raw: as the method gave them, any shape; intensity (H, W) >= 0, of which SSIM compares shares of the largest value.
    """
    if not (np.any(intensity) and np.any(other_intensity)):
        return [0.0, 0.0, 0.0]
    shares = (intensity / intensity.max(), other_intensity / other_intensity.max())
    return [spearman(raw, other_raw), spearman(intensity, other_intensity), ssim(*shares)]
