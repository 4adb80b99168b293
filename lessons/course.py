"""The list of lessons, read from the lessons themselves.

A lesson is lessons/NN_slug.py.  Its first cell holds its title and its time and
prerequisites:

    # # 2. Convolution and its two gradients
    #
    # *Runs in about 3 seconds. Before this: lesson 1.*

Lessons of another folder, `python -m lessons --lessons DIR` or MINICNN_LESSONS=DIR:
what stands beside them there is used in place of the course's own: notebooks,
glossary.md, checks/lesson_NN.py, figures/alternatives.toml, instructor/NN_slug.md.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from minicnn import Error

HERE = Path(__file__).parent
CHOSEN = "MINICNN_LESSONS"  # the folder of lessons, where it is another one
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
    def withheld(self) -> Path:
        """What its questions ask one to predict: outputs that are not in the notebook,
        and stand on the site behind a click.
        """
        return self.source.parent / "withheld" / f"{self.source.stem}.json"

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


@contextlib.contextmanager
def looking_in(folder: Path | None) -> Iterator[None]:
    """While it lasts, lessons are those of `folder` (None: as before), here and in what
    is started from here.  LessonError if it holds none.
    """
    before = os.environ.get(CHOSEN)
    try:
        if folder is not None:
            os.environ[CHOSEN] = str(folder.resolve())
        if not lessons():
            raise LessonError(
                f"there are no lessons in {chosen_folder()}: they are called "
                "NN_slug.py, such as 01_one_neuron.py"
            )
        yield
    finally:
        os.environ.pop(CHOSEN, None)
        os.environ.update({CHOSEN: before} if before is not None else {})


def chosen_folder() -> Path:
    """Where the lessons are: the course's own folder, unless another one was chosen."""
    return Path(os.environ.get(CHOSEN) or HERE)


def beside(name: str) -> Path:
    """A file of the chosen folder, or the course's own where it has none."""
    there = chosen_folder() / name
    return there if there.exists() else HERE / name


def lessons() -> list[Lesson]:
    """Every lesson, in order."""
    found = chosen_folder().glob("[0-9][0-9]_*.py")
    return [Lesson(source) for source in sorted(found)]


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
