"""The list of lessons, read from the lessons themselves.

A lesson is lessons/NN_slug.py.  Its first cell holds its title and its time and
prerequisites:

    # # 2. Convolution and its two gradients
    #
    # *Runs in about 3 seconds. Before this: lesson 1.*

Lessons of another folder, `python -m lessons --lessons DIR` or MINICNN_LESSONS=DIR:
what stands beside them there is used in place of the course's own: notebooks,
glossary.md, checks/lesson_NN.py, figures/alternatives.toml, instructor/NN_slug.md.

In another language, `python -m lessons --lang zh` or MINICNN_LANG=zh: what stands in
the folder zh/ there is used in place of the English.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lessons.texts import ENGLISH, language, languages, said
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
    def original(self) -> Path:
        """The source in English: of a translation, that which it translates."""
        folder = self.source.parent
        translated = folder.name in languages() and folder.name != ENGLISH
        return folder.parent / self.source.name if translated else self.source

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
        return self.original.parent / "withheld" / f"{self.source.stem}.json"

    @property
    def title(self) -> str:
        return self._said(TITLE, "# # 2. Title").group(2)

    @property
    def seconds(self) -> int:
        return int(self._about().group(1))

    @property
    def needs(self) -> list[int]:
        return [int(n) for n in re.findall(r"\d+", self._about().group(2))]

    def _about(self):
        if self.original != self.source:
            return Lesson(self.original)._about()
        return self._said(ABOUT, "# *Runs in about 3 seconds. Before this: lesson 1.*")

    def _said(self, pattern, example):
        found = pattern.search(self.text)
        if not found:
            told = said("course.first_cell", file=self.source.name, example=example)
            raise LessonError(told)
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
            raise LessonError(said("course.no_lessons", folder=chosen_folder()))
        yield
    finally:
        os.environ.pop(CHOSEN, None)
        os.environ.update({CHOSEN: before} if before is not None else {})


def chosen_folder() -> Path:
    """Where the lessons are: the course's own folder, unless another one was chosen."""
    return Path(os.environ.get(CHOSEN) or HERE)


def beside(name: str) -> Path:
    """A file of the chosen folder, or the course's own where it has none; in the
    language that is spoken now, where it stands in that.
    """
    folders = (chosen_folder(), HERE)
    places = [*(each / language() for each in folders), *folders]
    found = (each / name for each in places if (each / name).exists())
    return next(found, HERE / name)


def lessons() -> list[Lesson]:
    """Every lesson, in order; in the language that is spoken now, where there is such a
    translation.
    """
    found = sorted(chosen_folder().glob("[0-9][0-9]_*.py"))
    spoken = [each.parent / language() / each.name for each in found]
    return [Lesson(b if b.is_file() else a) for a, b in zip(found, spoken)]


def lesson(number: int | str) -> Lesson:
    """The lesson with this number, given as a number or as text.  LessonError if there
    is none.
    """
    for each in lessons():
        if str(number).lstrip("0") == str(each.number):
            return each
    numbers = ", ".join(str(each.number) for each in lessons())
    raise LessonError(said("course.no_lesson", number=number, numbers=numbers))
