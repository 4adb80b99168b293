"""Slips on which each student commits to an answer before the cell is run."""

from __future__ import annotations

from collections.abc import Sequence

from lessons.course import Lesson
from lessons.teaching.parts import questions
from lessons.texts import said

LETTERS = "abcdef"


def slips(chosen: Sequence[Lesson]) -> str:
    """Markdown to print, a lesson a page: its questions, boxes to tick, a line for the reason."""
    return "\n".join(_page(each) for each in chosen)


def _page(lesson):
    lines = [f"# {lesson.number}. {lesson.title}", "", said("teaching.slip")]
    for n, part in enumerate(questions(lesson), 1):
        lines += ["", f"**{said('teaching.predict', n=n)}** {part.text}", ""]
        lines += [f"- ☐ **{letter})** {words}" for letter, words in part.options]
        lines += ["", said("teaching.because")]
    return "\n".join([*lines, "", '<div style="page-break-after: always"></div>', ""])
