"""The list of lessons, read from the lessons themselves.

A lesson is lessons/NN_slug.py.  Its first cell holds its title and its time and
prerequisites:

    # # 2. Convolution and its two gradients
    #
    # *Runs in about 3 seconds. Before this: lesson 1.*
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from minicnn import Error

HERE = Path(__file__).parent
CHECKOUT = (
    HERE.parent / "pyproject.toml"
).is_file()  # or is the course installed, and its files nobody's to change?
TITLE = re.compile(r"^# # (\d+)\. (.+)$", re.M)
ABOUT = re.compile(r"^# \*Runs in about (\d+) seconds?\. Before this: (.+)\.\*$", re.M)


class LessonError(Error, ValueError):
    """Something about a lesson that cannot be done, in the reader's terms."""


@dataclass(frozen=True)
class Lesson:
    """One lesson.  source: its .py; notebook: the executed twin; seconds: what it says
    it takes; needs: numbers of earlier lessons.
    """

    source: Path

    @cached_property
    def text(self) -> str:
        return self.source.read_text("utf-8")

    @property
    def number(self) -> int:
        return int(self.source.name[:2])

    @property
    def notebook(self) -> Path:
        return self.source.with_suffix(".ipynb")

    @property
    def title(self) -> str:
        return self._said(TITLE, "# # 2. Title").group(2)

    @property
    def seconds(self) -> int:
        return int(
            self._said(
                ABOUT, "# *Runs in about 3 seconds. Before this: lesson 1.*"
            ).group(1)
        )

    @property
    def needs(self) -> list[int]:
        return [
            int(n)
            for n in re.findall(
                r"\d+",
                self._said(
                    ABOUT, "# *Runs in about 3 seconds. Before this: lesson 1.*"
                ).group(2),
            )
        ]

    def _said(self, pattern, example):
        found = pattern.search(self.text)
        if not found:
            raise LessonError(
                f"{self.source.name} must say in its first cell: {example}"
            )
        return found


def lessons() -> list[Lesson]:
    """Every lesson, in order."""
    return [Lesson(source) for source in sorted(HERE.glob("[0-9][0-9]_*.py"))]


def lesson(number: int | str) -> Lesson:
    """The lesson with this number, given as a number or as text.  LessonError if there
    is none.
    """
    for each in lessons():
        if str(number).lstrip("0") == str(each.number):
            return each
    raise LessonError(
        f"there is no lesson {number}; there is "
        f"{', '.join(str(each.number) for each in lessons())}"
    )
