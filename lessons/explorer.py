"""The Explorer (`gradcam.explore`) of the course: the tiny network and its pictures, as
one page.
"""

from __future__ import annotations

import numpy as np

from gradcam.explore import page
from lessons import tiny
from weights.cards import Card, Preprocessing

PICTURES = 8


def card() -> Card:
    """What the Explorer is told of the network of the lessons."""
    grey = Preprocessing(
        resize="squash",
        size=tiny.SIDE,
        crop=tiny.SIDE,
        channels="L",
        mean=(0.0,),
        std=(1.0,),
    )
    return Card("tiny", "tiny, the network of the lessons", grey, "relu4", tiny.CLASSES)


def as_picture(x: np.ndarray) -> np.ndarray:
    """A picture of the tiny world (1, SIDE, SIDE), 0 to 1 -> uint8 (SIDE, SIDE, 3)"""
    grey = np.clip(np.rint(x[0] * 255), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def explorer() -> str:
    """The page, HTML."""
    net = tiny.trained()
    net.card = card()
    x, classes, _ = tiny.pictures(PICTURES, seed=8, shapes=2)
    names = (" and ".join(tiny.CLASSES[c] for c in two) for two in classes)
    called = (f"{n}: {name}" for n, name in enumerate(names, 1))
    return page(net, {name: as_picture(one) for name, one in zip(called, x)})
