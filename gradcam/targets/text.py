"""Targets as people write them: "dog - cat", "-dog", "probability of dog", "dog in mask:FILE", "box:3"."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcam.asking import AskError
from gradcam.target import Target
from gradcam.targets.box import Box
from gradcam.targets.finer import Finer
from gradcam.targets.number import Number
from gradcam.targets.region import Region
from gradcam.targets.step import Step

FORMS = (
    "CLASS, 'minus CLASS', CLASS - CLASS, 'probability of CLASS', 'CLASS from others' (what tells it from "
    "those that look like it, Finer-CAM), 'CLASS in mask:FILE', "
    "'CLASS in box:LEFT,TOP,RIGHT,BOTTOM' (shares), 'CLASS in box:ROW' (of a detector), 'CLASS at step T', "
    "number:I, unit:K,I,J or unit:LAYER:K,I,J"
)


def is_text(text: str) -> bool:
    """Whether a text is more than a class: one of `FORMS`."""
    return bool(re.search(r"\s[-+]\s|^\s*minus\s|^\s*-|:|\bof\b|\bat step\b|\bfrom others$", text))


def target(
    text: str,
    class_of: Callable[[str], Any],
    mask: Callable[[str], np.ndarray] | None = None,
    axis: int = 1,
) -> Target:
    """The target that a text means.

    class_of(word): the class of this name or number, AskError if there is none; mask(file): the mask in a
    file, (H, W), default: `mask_in`; axis: of a detector's rows, see `Box`.  AskError lists the forms.
    """
    text = re.sub(r"^\s*minus\s+", "-", text)  # on a command line, -dog would be an option
    if _negated(text):
        return -target(text.lstrip()[1:], class_of, mask, axis)
    try:
        return _score(class_of(text))  # the whole may be a class: "salt - and - pepper"
    except AskError as error:
        if not is_text(text):
            raise
        whole = error
    signs, words = ["+"], [""]
    for piece in re.split(r"(\s[-+]\s)", text):  # a hyphen inside a name has no spaces around it
        if piece.strip() in ("+", "-"):
            signs, words = [*signs, piece.strip()], [*words, ""]
        else:
            words[-1] += piece
    parts = [_term(word.strip(), class_of, mask or mask_in, axis, whole) for word in words]
    total = parts[0]
    for sign, part in zip(signs[1:], parts[1:]):
        total = total - part if sign == "-" else total + part
    return total


def _score(c):
    """Of a class; a word may stand for a target already, as the 'no' of a yes-or-no network does."""
    return c if isinstance(c, Target) else Target.score(c)


def _negated(text):
    """-dog, and nothing more."""
    return text.lstrip().startswith("-") and not re.search(r"\s[-+]\s", text.lstrip()[1:])


def _term(word, class_or_no, mask, axis, whole):
    def class_of(name):
        if isinstance(c := class_or_no(name), Target):
            raise AskError(
                f"'{name}' is no output of its own, but what speaks against the only one: give 'minus 0'"
            )
        return c

    if word.startswith("-"):
        return -_term(word[1:].strip(), class_or_no, mask, axis, whole)
    if found := re.fullmatch(r"(score|probability|value) of (.+)", word):
        return getattr(Target, found[1])(class_of(found[2]))
    if found := re.fullmatch(r"unit:(?:(.+):)?(\d+),(\d+),(\d+)", word):
        return Target.unit(*map(int, found.groups()[1:]), layer=found[1])
    if found := re.fullmatch(r"number:(\d+)", word):
        return Number(int(found[1]))
    if found := re.fullmatch(r"(.+) from others", word):
        return Finer(class_of(found[1]))
    if found := re.fullmatch(r"(.+) at step (-?\d+)", word):
        return Step(int(found[2]), class_of(found[1]))
    if found := re.fullmatch(r"(?:(.+) in )?mask:(.+)", word):
        return Region(None if found[1] is None else class_of(found[1]), mask(found[2]))
    if found := re.fullmatch(r"(?:(.+) in )?box:([\d.,\s]+)", word):
        c, numbers = None if found[1] is None else class_of(found[1]), found[2].split(",")
        if len(numbers) == 1 and numbers[0].strip().isdecimal():
            return Box(int(numbers[0]), c, axis=axis)
        try:
            return Region(c, box=tuple(float(v) for v in numbers))
        except ValueError as error:
            raise AskError(f"'{word}': {error}") from None
    if re.match(r"(unit|number|mask|box):", word):
        raise AskError(f"'{word}' is no target; there is {FORMS}")
    try:
        return _score(class_or_no(word))
    except AskError as error:
        raise error from whole


def mask_in(file: str) -> np.ndarray:
    """The mask in a picture: True where it is brighter than half -> (H, W)"""
    from gradcam.image import read  # Pillow is slow to import

    return np.asarray(read(file)).max(axis=-1) >= 128
