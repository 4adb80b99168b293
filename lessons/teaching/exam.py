"""Exam questions with marks and keys.  They lie with the solutions, where an instructor can keep them
private.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lessons.course import HERE, Lesson, LessonError
from lessons.texts import said

VARIABLE = "MINICNN_SOLUTIONS"


class Question(NamedTuple):
    """lesson: its number; marks; text and key: Markdown; verify: lines of Python that fail if a number in
    the key is wrong, or "".
    """

    lesson: int
    marks: int
    text: str
    key: str
    verify: str = ""


def solutions() -> Path:
    """The folder of the solutions: MINICNN_SOLUTIONS, or in a checkout lessons/instructor/solutions."""
    return Path(os.environ.get(VARIABLE) or HERE / "instructor" / "solutions")


def questions() -> list[Question]:
    """All of them, in the order of the lessons.  LessonError where the file is not."""
    path = solutions() / "exam.toml"
    if not path.is_file():
        raise LessonError(said("teaching.no_exam", path=path, variable=VARIABLE))
    return [Question(**each) for each in tomllib.loads(path.read_text("utf-8"))["question"]]


def exam(chosen: Sequence[Lesson], key: bool = False) -> str:
    """A paper with the questions about these lessons; key: with the keys, for who marks it."""
    numbers = [each.number for each in chosen]
    asked = [each for each in questions() if each.lesson in numbers]
    total = sum(each.marks for each in asked)
    lines = [f"# {said('teaching.exam')}", "", said("teaching.marks", total=total, minutes=total * 3 // 2)]
    for n, each in enumerate(asked, 1):
        lines += ["", f"**{n}.** ({said('teaching.worth', marks=each.marks)}) {each.text}"]
        lines += ["", f"> {each.key}"] if key else []
    return "\n".join([*lines, ""])
