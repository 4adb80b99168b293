"""The Explorer (`gradcam.explore`) of the course: the tiny network and its pictures, as
one page, and in each lesson that it serves the part that the lesson is about.
"""

from __future__ import annotations

import html

import numpy as np

from gradcam.explore import ExploreError, page, widget
from lessons import tiny
from minicnn.layer import Sequential
from weights.cards import Card, Preprocessing

PICTURES = 8
PAGE = "explorer.html"
TALL = 860  # pixels of a slice
# what of the Explorer each lesson is about, as the page's address says it
SLICES = {
    4: "only=sure&by=probability&sure=3",
    8: "only=why",
    9: "only=signs",
    11: "only=cam",
    14: "only=occluder",
    15: "only=random&random=2",
}


class Slice:
    """What `touch` shows: in a notebook that runs, the Explorer itself; where nothing
    runs, a line that leads to the course's.
    """

    def __init__(self, place: str) -> None:
        self.place = place

    def _repr_mimebundle_(self, **_):
        address = html.escape(f"{PAGE}#{self.place}")
        lead = f'<a href="{address}">Open it in the Explorer</a>'
        shown = {
            "text/plain": f"In the Explorer: {PAGE}#{self.place}",
            "text/html": f'<p class="touch">{lead}, or run this cell.</p>',
        }
        try:
            made = widget(network(), pictures(), self.place, height=TALL)
        except ExploreError:  # no anywidget here
            return shown
        return shown | made._repr_mimebundle_()[0] | {"text/plain": shown["text/plain"]}


def touch(lesson: int) -> Slice:
    """The part of the Explorer that a lesson is about, to be shown in its notebook."""
    return Slice(SLICES[lesson])


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


def network() -> Sequential:
    """The network of the lessons, with its card."""
    net = tiny.trained()
    net.card = card()
    return net


def pictures() -> dict[str, np.ndarray]:
    """{what to call it: RGB}"""
    x, classes, _ = tiny.pictures(PICTURES, seed=8, shapes=2)
    names = (" and ".join(tiny.CLASSES[c] for c in two) for two in classes)
    called = (f"{n}: {name}" for n, name in enumerate(names, 1))
    return {name: as_picture(one) for name, one in zip(called, x)}


def explorer() -> str:
    """The page, HTML."""
    return page(network(), pictures())
