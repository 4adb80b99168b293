"""What is said of a scene: "a red star", or "a red star left of a blue ring".  One rule, so that exactly
one sentence is right.

- A shape is called by its colour and its kind.  Of two, the kind that comes first in KINDS is named first.
- Between them stands where the first is, seen from the second: left of, right of, above, below.  That is
  said only where it is clear: the centres are at least APART pixels apart along that axis, and CLEAR times
  as far as along the other.

Words are numbered as in WORDS; the full stop ends a sentence and, as nothing else comes before the next
one, begins it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from weights.recipes.shapes_world.composing import Scene

from .colours import COLOURS
from .composing import scene
from .kinds import KINDS
from .shape import Shape

WORDS = (".", "a", "an", *COLOURS, *KINDS, "left", "right", "of", "above", "below")
STOP = WORDS.index(".")
LONGEST = 9  # "a red star left of a blue ring ."
PLACES = ("left of", "right of", "above", "below")
APART, CLEAR = 14, 1.5
SIZE = (24, 44)  # pixels across: no shape is too small to be called by its name


def place(s: Shape, other: Shape) -> str | None:
    """Where shape s is, seen from another one: one of PLACES, or None where that is not clear."""
    dx, dy = np.subtract(s.centre, other.centre)
    far, near = max(abs(dx), abs(dy)), min(abs(dx), abs(dy))
    if far < APART or far < CLEAR * near:
        return None
    return {-dx: "left of", dx: "right of", -dy: "above", dy: "below"}[far]


def in_order(shapes: Sequence[Shape]) -> list[Shape]:
    """Shapes in the order of their kinds."""
    return sorted(shapes, key=lambda s: list(KINDS).index(s.kind))


def name(s: Shape) -> list[tuple[str, Shape | None]]:
    """[(word, the shape that it speaks of)]: an article speaks of none."""
    return [("an" if s.colour[0] in "aeiou" else "a", None), (s.colour, s), (s.kind, s)]


def sentence(shapes: Sequence[Shape]) -> list[tuple[str, Shape | None]] | None:
    """[(word, the shape that it speaks of, or None), ...], without the full stop, of one or two shapes;
    None if no place is clear.
    """
    first, *second = in_order(shapes)
    if not second:
        return name(first)
    where = place(first, second[0])
    return where and [*name(first), *((word, None) for word in where.split()), *name(second[0])]


def told(
    numbers: Iterable[int], split: str = "train", seed: int = 0
) -> Iterator[tuple[Scene, list[tuple[str, Shape | None]]]]:
    """Yield (scene, its sentence) for those of the scenes with these numbers that have one, each of one or
    two shapes.
    """
    for number in numbers:
        s = scene(number, split, seed, count=(1, 2), size=SIZE)
        said = sentence(s.shapes)
        if said:
            yield s, said


def numbered(words: str | Sequence[str], length: int = LONGEST) -> np.ndarray:
    """Words, as text or as a list, -> their numbers (length,), filled up with full stops.

    KeyError for a word that is none of WORDS.
    """
    words = words.split() if isinstance(words, str) else words
    known = {word: i for i, word in enumerate(WORDS)}
    numbers = np.full(length, STOP)
    numbers[: len(words)] = [known[word] for word in words]
    return numbers


def in_words(numbers: Sequence[int] | np.ndarray) -> str:
    """The numbers of words -> the text in front of the first full stop."""
    numbers = list(numbers)
    end = numbers.index(STOP) if STOP in numbers else len(numbers)
    return " ".join(WORDS[i] for i in numbers[:end])


def batch(numbers: Iterable[int], split: str = "train", seed: int = 0) -> tuple[np.ndarray, ...]:
    """The scenes with these numbers that have a sentence -> pictures (n, SIDE, SIDE, 3) uint8, sentences
    (n, LONGEST) int64.
    """
    pairs = [(s.picture, numbered([word for word, _ in said])) for s, said in told(numbers, split, seed)]
    return np.stack([p for p, _ in pairs]), np.stack([w for _, w in pairs])
