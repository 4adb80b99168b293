"""The five milestones: each a text, the hints that end it, and what its check tries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np

from lessons.capstone.case import Case
from lessons.course import LessonError
from lessons.texts import language, said

HERE = Path(__file__).parent
STEPS = ("nudge", "place", "recipe")
HINTS = re.compile(r"\n## (?:Hints|提示)\n")


@dataclass(frozen=True)
class Milestone:
    """number: 1 to 5; file: its text's name; title and text: what the student reads; hints:
    {function: {step: text}}.
    """

    number: int
    path: Path

    @property
    def file(self) -> str:
        return self.path.name

    @property
    def text(self) -> str:
        return HINTS.split(self.path.read_text("utf-8"))[0]

    @property
    def title(self) -> str:
        return self.text.partition("\n")[0].partition(". ")[2]

    @property
    def hints(self) -> dict[str, dict[str, str]]:
        parts = re.split(r"^### (\w+)$", HINTS.split(self.path.read_text("utf-8"))[1], flags=re.M)
        return {
            name: dict(re.findall(r"^- (\w+): (.+?)(?=^- |\Z)", text, re.M | re.S))
            for name, text in zip(parts[1::2], parts[2::2])
        }

    def cases(self) -> list[Case]:
        """What its check tries, in the order of the text."""
        return _cases(self.path.stem[2:])

    def truths(self) -> list[dict[str, np.ndarray]]:
        """What these must give, each as Case.truth."""
        return _truths(self.path.stem[2:])


@cache
def _cases(name):
    return import_module(f"lessons.capstone.cases.{name}").cases()


@cache
def _truths(name):
    return [case.truth() for case in _cases(name)]


def milestones() -> list[Milestone]:
    """All of them, in order; in the language that is spoken now, where there is such a text."""
    spoken = HERE.parent / language() / HERE.name
    found = (
        spoken / path.name if (spoken / path.name).is_file() else path for path in HERE.glob("[1-9]_*.md")
    )
    return sorted((Milestone(int(path.name[0]), path) for path in found), key=lambda each: each.number)


def milestone(number: int | str) -> Milestone:
    """LessonError if there is none of this number."""
    for each in milestones():
        if str(number) == str(each.number):
            return each
    raise LessonError(said("capstone.no_milestone", number=number, last=len(milestones())))


def hint(number: int | str, part: str | None = None, step: str = "nudge") -> str:
    """A hint about one function of a milestone; without `part`, which there are."""
    of = milestone(number)
    if part is None:
        return said("capstone.hints", number=number, parts=", ".join(of.hints))
    if part not in of.hints:
        raise LessonError(said("capstone.no_hint", number=number, part=part, parts=", ".join(of.hints)))
    if step not in STEPS:
        raise LessonError(said("capstone.no_step", step=step, steps=", ".join(STEPS)))
    text = " ".join(of.hints[part][step].split())
    after = STEPS[STEPS.index(step) + 1 :][:1]
    more = [said("capstone.more", number=number, part=part, step=each) for each in after]
    return "\n".join([f"{part}, {step}: {text}", *more])
