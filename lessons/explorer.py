"""The Explorer (`gradcam.explore`) of the course: the tiny network and its pictures, as
one page.
"""

from __future__ import annotations

import numpy as np

from gradcam.explore import page
from lessons import tiny
from weights.cards import Card, Preprocessing

PICTURES = 8
PAGE = "explorer.html"
# lesson: (where in the Explorer its idea can be touched, how one is led there)
PLACES = {
    4: (
        "card=sure&by=probability&sure=3",
        "Make the network surer, and watch the signal of its probability vanish",
    ),
    8: ("card=why", "Send a signal back under all three rules, and count at each gate"),
    9: ("card=signs", "Follow guided backprop to where its negative numbers come back"),
    11: ("card=cam", "Move zero, and see which map follows and which stays"),
    14: ("card=occluder", "Cover the picture with your finger, and watch the score"),
    15: ("card=random&random=2", "Make layers random, from the last one on"),
}


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
