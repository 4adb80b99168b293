"""Copies to work in, with the glossary that they link to.

What a student wrote is never overwritten; the course's own notebooks are never edited.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from lessons.course import Lesson, LessonError, beside
from lessons.files import write_new
from lessons.notebook import read, without_outputs
from lessons.texts import said

GLOSSARY = "glossary.md"


def new(lesson: Lesson, folder: str | Path = ".") -> Path:
    """Write a copy of the lesson's notebook, without outputs, and return its path.

    LessonError if there is such a file already.
    """
    source = _built(lesson)
    clean = without_outputs(read(source.read_text("utf-8"), source.name))
    return _write(
        json.dumps(clean, indent=1, ensure_ascii=False) + "\n",
        Path(folder) / source.name,
    )


def open_in_jupyter(lesson: Lesson, folder: str | Path = ".") -> int:
    """Open the copy in `folder`, and return Jupyter's exit status.

    If there is no copy, one is made first: with its outputs, but for those that a
    question asks one to predict.  LessonError without Jupyter.
    """
    program = shutil.which("jupyter-lab") or shutil.which("jupyter-notebook")
    if program is None:
        raise LessonError(said("files.no_jupyter"))
    source = _built(lesson)
    copy = Path(folder) / source.name
    if not copy.exists():
        _write(source.read_text("utf-8"), copy)
    return subprocess.run([program, str(copy)]).returncode


def _built(lesson):
    if not lesson.notebook.is_file():
        raise LessonError(said("files.no_notebook", number=lesson.number))
    return lesson.notebook


def _write(text, path):
    try:
        write_new(text, path)
    except FileExistsError:
        raise LessonError(said("files.there", path=path)) from None
    glossary = path.with_name(GLOSSARY)
    if not glossary.exists():
        write_new(beside(GLOSSARY).read_text("utf-8"), glossary)
    return path
