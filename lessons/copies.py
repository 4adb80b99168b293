"""Copies to work in.  What a student has written is never overwritten, and the course's own notebooks are never edited."""

import json
import shutil
import subprocess
from pathlib import Path

from lessons.course import LessonError
from lessons.notebook import read, without_outputs


def new(lesson, folder="."):
    """A clean copy of the lesson's notebook, without outputs.  -> its path; LessonError if there is such a file already"""
    source = _built(lesson)
    clean = without_outputs(read(source.read_text("utf-8"), source.name))
    return _write(json.dumps(clean, indent=1, ensure_ascii=False) + "\n", Path(folder) / source.name)


def open_in_jupyter(lesson, folder="."):
    """Open the copy in `folder`, made first, with its outputs, if there is none.  LessonError without Jupyter."""
    program = next((p for p in (shutil.which("jupyter-lab"), shutil.which("jupyter-notebook")) if p), None)
    if program is None:
        raise LessonError("opening a notebook needs Jupyter: pip install 'minicnn-gradcam[lessons]'")
    source = _built(lesson)
    copy = Path(folder) / source.name
    if not copy.exists():
        _write(source.read_text("utf-8"), copy)
    return subprocess.run([program, str(copy)]).returncode


def _built(lesson):
    if not lesson.notebook.is_file():
        raise LessonError(f"lesson {lesson.number} has no notebook yet: python -m lessons build {lesson.number}")
    return lesson.notebook


def _write(text, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise LessonError(f"{path} is there already and may hold your work: rename it, or choose another folder with --to") from None
    return path
