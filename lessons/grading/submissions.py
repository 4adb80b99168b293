"""Which files a folder of students' work holds, and whose they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from lessons.course import LessonError, lesson, lessons
from lessons.notebook import cells
from lessons.texts import said

CHECK = re.compile(r"""\bcheck\(\s*["'](\d+)\.\d+["']""")


class Submission(NamedTuple):
    """A file, and the student whose work it is: what its name has beside the lesson's,
    or the folder in which it lies; "" for a file that was named itself.
    """

    path: Path
    student: str


def find(what: str | Path) -> list[Submission]:
    """what: a file; a folder with files of any name, and folders of folders; or a
    lesson's number, whose copy is here.  LessonError if nothing is there to be graded.
    """
    top = Path(what)
    if top.is_dir():
        paths = [
            path
            for path in sorted(top.rglob("*"))
            if path.suffix in (".ipynb", ".py")
            and path.is_file()
            and not any(part.startswith(".") for part in path.relative_to(top).parts)
            and _asks(path)
        ]
        if not paths:
            raise LessonError(said("grading.nothing", folder=top))
        return [Submission(path, _student(path, top)) for path in paths]
    if top.exists() or not str(what).isdigit():
        return [Submission(top, "")]
    stem = lesson(what).source.stem
    for path in (Path(f"{stem}.ipynb"), Path(f"{stem}.py")):
        if path.is_file():
            return [Submission(path, "")]
    raise LessonError(said("grading.not_here", stem=stem, number=what))


def lesson_of(path: Path) -> int:
    """The lesson whose exercises a file holds; where it checks those of several, the
    lesson of which it checks most.  LessonError if it checks none.
    """
    code = [text for kind, text in cells(path) if kind == "code"]
    numbers = [int(n) for n in CHECK.findall("\n".join(code))]
    if not numbers:
        raise LessonError(said("grading.holds_none", file=path.name))
    return max(numbers, key=lambda n: (numbers.count(n), -n))


def _asks(path):
    """A damaged notebook is somebody's work, and gets its row."""
    if path.suffix == ".ipynb":
        return True
    try:
        return bool(CHECK.search(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError):
        return True


def _student(path, top):
    for each in lessons():
        if each.source.stem in path.stem:
            beside = path.stem.replace(each.source.stem, "").strip(" _-.")
            if any(letter.isalpha() for letter in beside):
                return beside
    return "/".join(path.relative_to(top).parts[:-1]) or path.stem
