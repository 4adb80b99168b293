"""Questions about a scene, each with one right answer.

    what colour is the star ?    red            a shape is there once, and is asked for by what it is
    what shape is red ?          star           ... or by how it looks
    is there a ring ?            yes, no        as often the one as the other
    how many shapes are there ?  one, two, three
    what is left of the star ?   ring           if exactly one is clearly there (sentences.place)

A question mark ends a question; in front of it stand as many full stops as are needed to make all
questions equally long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from weights.recipes.shapes_world.composing import Scene
from weights.recipes.shapes_world.shape import Shape

from .asked import stream
from .colours import COLOURS
from .composing import scene
from .kinds import KINDS
from .sentences import PLACES, SIZE, place

WORDS = (
    ".", "?", "what", "colour", "shape", "is", "the", "there", "a", "how", "many", "shapes", "are",
    "left", "right", "of", "above", "below", *COLOURS, *KINDS,
)  # fmt: skip
NUMBERS = ("one", "two", "three")
ANSWERS = (*COLOURS, *KINDS, "yes", "no", *NUMBERS)
TYPES = ("colour", "shape", "is there", "how many", "where")
LONGEST = 7  # "what is left of the star ?"
PER_SCENE = 8
HARD = 4  # times as often as the others it is asked what is left of something
ASKED = 2**40  # random numbers for questions are those of scenes that nobody draws


class Question(NamedTuple):
    """words, without the question mark; the answer; one of TYPES; and the shape that the answer is about,
    None for no and for numbers.
    """

    words: str
    answer: str
    type: str
    about: object = None


def questions(shapes: Sequence[Shape]) -> dict[str, list[Question]]:
    """{type: every question of that type that a scene with these shapes answers}"""
    there = {s.kind: s for s in shapes}
    return {
        "colour": [Question(f"what colour is the {s.kind}", s.colour, "colour", s) for s in shapes],
        "shape": [Question(f"what shape is {s.colour}", s.kind, "shape", s) for s in shapes],
        "is there": [
            Question(f"is there a {kind}", "yes" if kind in there else "no", "is there", there.get(kind))
            for kind in KINDS
        ],
        "how many": [Question("how many shapes are there", NUMBERS[len(shapes) - 1], "how many")],
        "where": [q for s in shapes for q in _around(s, [other for other in shapes if other is not s])],
    }


def _around(s, others):
    """The questions what is left of, right of, above and below shape s."""
    places = [place(other, s) for other in others]
    if None in places:
        return []
    alone = [(where, others[places.index(where)]) for where in PLACES if places.count(where) == 1]
    return [Question(f"what is {where} the {s.kind}", other.kind, "where", other) for where, other in alone]


def ask(random: np.random.Generator, shapes: Sequence[Shape], n: int = PER_SCENE) -> list[Question]:
    """n questions about these shapes: a type by chance, the hardest more often, then one of its questions;
    yes is as likely as no.
    """
    possible = {type: asked for type, asked in questions(shapes).items() if asked}
    types = [type for type in possible for _ in range(HARD if type == "where" else 1)]
    asked = []
    for type in random.choice(types, n):
        choice = possible[type]
        if type == "is there":
            wanted = ("yes", "no")[random.integers(2)]
            choice = [q for q in choice if q.answer == wanted]
        asked.append(choice[random.integers(len(choice))])
    return asked


def asked_of(
    numbers: Iterable[int], split: str = "train", seed: int = 0, n: int = PER_SCENE
) -> Iterator[tuple[Scene, list[Question]]]:
    """Yield (scene, n questions) for the scenes with these numbers, each of one to three shapes."""
    for number in numbers:
        s = scene(number, split, seed, size=SIZE)
        yield s, ask(stream(ASKED + number, split, seed), s.shapes, n)


def one_of_each(numbers: Iterable[int], split: str) -> Iterator[tuple[np.ndarray, Question]]:
    """Yield (picture, question): one question of each type about every scene that answers one; yes is as
    likely as no.
    """
    for number in numbers:
        s, random = scene(number, split, size=SIZE), stream(ASKED + number, split, 1)
        possible = questions(s.shapes)
        wanted = ("yes", "no")[random.integers(2)]
        possible["is there"] = [q for q in possible["is there"] if q.answer == wanted]
        for some in filter(None, possible.values()):
            yield s.picture, some[random.integers(len(some))]


def numbered(words: str | Sequence[str]) -> np.ndarray:
    """A question, as text or as a list of words, with or without its question mark -> the numbers of its
    words (LONGEST,).

    ValueError for a word that is none of WORDS, or for too many words.
    """
    words = (
        words.replace("?", " ").lower().split() if isinstance(words, str) else [w for w in words if w != "?"]
    )
    unknown = [word for word in words if word not in WORDS[2:]]
    if unknown:
        raise ValueError(f"the word '{unknown[0]}' is unknown; known are {', '.join(WORDS[2:])}")
    if not 0 < len(words) < LONGEST:
        raise ValueError(f"a question has 1 to {LONGEST - 1} words, not {len(words)}")
    numbers = [WORDS.index(word) for word in [*words, "?"]]
    return np.array([0] * (LONGEST - len(numbers)) + numbers)


def batch(numbers: Iterable[int], split: str = "train", seed: int = 0) -> tuple[np.ndarray, ...]:
    """The scenes with these numbers, and what is asked of them.

    -> pictures (n, SIDE, SIDE, 3) uint8, questions (n, PER_SCENE, LONGEST), answers and types (n, PER_SCENE)
    """
    pictures, words, answers, types = [], [], [], []
    for s, asked in asked_of(numbers, split, seed):
        pictures.append(s.picture)
        words.append([numbered(q.words) for q in asked])
        answers.append([ANSWERS.index(q.answer) for q in asked])
        types.append([TYPES.index(q.type) for q in asked])
    return np.stack(pictures), np.array(words), np.array(answers), np.array(types)
