"""What lesson 22 looks at: scenes of which a sentence is true, and the networks that
say sentences and answer questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gradcam import upsample
from gradcam.image import prepare
from minicnn.layer import Layer
from minicnn.nets.language.captioner import captioner
from weights import card, load
from weights.recipes.shapes_world import SIDE, questions, sentences
from weights.recipes.shapes_world.sentences import in_words

__all__ = [
    "Told",
    "answer",
    "colour_question",
    "in_words",
    "inside",
    "large",
    "networks",
    "told",
    "untrained",
]


class Told(NamedTuple):
    """scene: its picture and its shapes; x (1, 3, 96, 96): what the networks take;
    text: the true words; words (9,): their numbers, filled up with full stops; about:
    for each word of the text the shape that it speaks of, or None.
    """

    scene: object
    x: np.ndarray
    text: list
    words: np.ndarray
    about: list

    @property
    def order(self) -> list:
        """The two shapes, in the order in which the sentence names them."""
        return list(dict.fromkeys(shape for shape in self.about if shape is not None))


def told(numbers: Iterable[int], *colours: str) -> list[Told]:
    """Scenes of two shapes with these numbers in the stream "test", which training
    never saw, and with these colours in them.  -> [Told]
    """
    every = []
    for scene, said in sentences.told(numbers, "test"):
        text, about = (list(each) for each in zip(*said))
        if len(scene.shapes) == 2 and set(colours) <= set(text):
            x = prepare(scene.picture, card("shapes").preprocessing)
            every.append(Told(scene, x, text, sentences.numbered(text), about))
    return every


def networks() -> tuple[Layer, Layer, Layer]:
    """The three that ship -> the one that says a sentence, the one that answers, the
    one that says a sentence for each region.
    """
    return load("captioner"), load("vqa"), load("dense_captioner")


def untrained(seed: int = 1) -> Layer:
    """The first of them, with random weights."""
    return captioner().initialise(seed)


def colour_question(shape: Any) -> np.ndarray:
    """What colour is it? -> the numbers of the words (7,)"""
    return questions.numbered(f"what colour is the {shape.kind}")


def answer(word: str) -> int:
    """The number of an answer."""
    return questions.ANSWERS.index(word)


def inside(box: Sequence[float]) -> np.ndarray:
    """The pixels of a box x0, y0, x1, y1 -> (96, 96) bool"""
    at = np.arange(SIDE) + 0.5
    x0, y0, x1, y1 = box
    return ((y0 <= at) & (at <= y1))[:, None] & ((x0 <= at) & (at <= x1))


def large(map: ArrayLike) -> np.ndarray:
    """A coarse map (..., h, w) at the picture's size (..., 96, 96)."""
    return upsample(np.asarray(map, np.float64), (SIDE, SIDE))
