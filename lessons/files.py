"""Files written whole or not at all, and what stands in the way said in the reader's
terms.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from lessons.course import LessonError
from lessons.texts import said


def write(text: str, path: Path) -> Path:
    """Write a text file: beside its place first, and moved there when complete.  ->
    path; LessonError if it cannot be
    """
    beside = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.tmp")
    with _said(path):
        try:
            beside.write_text(text, "utf-8")
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    return path


def write_new(text: str, path: Path) -> Path:
    """The same, and its folder if need be, but never over a file that is there: then
    FileExistsError.
    """
    folder(path.parent)
    with _said(path, but=FileExistsError), path.open("x", encoding="utf-8") as file:
        try:
            file.write(text)
            file.flush()
        except BaseException:
            path.unlink()
            raise
    return path


def folder(path: Path) -> Path:
    """Make a folder, and those around it, if need be.  -> path; LessonError if it
    cannot be
    """
    with _said(path):
        if path.exists() and not path.is_dir():
            raise LessonError(said("files.is_file", path=path))
        path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def staged(path: Path) -> Iterator[Path]:
    """A folder to write in, as a context: what it holds at the end is moved to the
    folder `path`, and after an error nothing is.
    """
    folder(path)
    with _said(path), TemporaryDirectory(prefix=".writing-", dir=path) as stage:
        yield Path(stage)
        for each in sorted(Path(stage).rglob("*")):
            place = path / each.relative_to(stage)
            if each.is_dir():
                place.mkdir(exist_ok=True)
            else:
                os.replace(each, place)


@contextlib.contextmanager
def _said(path, but=()):
    """An OSError becomes a LessonError about `path`."""
    try:
        yield
    except but:
        raise
    except OSError as error:
        told = said("files.not_written", path=path, error=error.strerror or error)
        raise LessonError(told) from None
