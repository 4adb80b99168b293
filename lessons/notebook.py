"""Cells of a lesson, from its source (py:percent) or from a notebook, without Jupyter."""

import json
import re

from lessons.course import LessonError

MARKER = re.compile(r"^# %%(.*)$", re.M)
ALT = re.compile(r'\balt="([^"]+)"')


def cells(path):
    """The cells of a .py or .ipynb file -> [("markdown" or "code", text), ...]"""
    if path.suffix not in (".py", ".ipynb"):
        raise LessonError(f"{path.name} is neither a notebook (.ipynb) nor a lesson's source (.py)")
    if not path.is_file():
        raise LessonError(f"there is no file {path}")
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LessonError(
            f"{path.name} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None
    return of_source(text) if path.suffix == ".py" else of_notebook(read(text, path.name))


def of_source(text):
    """Cells of a py:percent source; markdown loses its comment signs."""
    _, *parts = MARKER.split(text)
    found = []
    for about, body in zip(parts[::2], parts[1::2], strict=True):
        body = body.strip("\n")
        if "[markdown]" in about:
            found.append(("markdown", "\n".join(re.sub("^# ?", "", line) for line in body.split("\n"))))
        else:
            found.append(("code", body))
    return found


def of_notebook(notebook):
    """Cells of a notebook's JSON."""
    return [
        (cell["cell_type"], "".join(cell["source"]))
        for cell in notebook["cells"]
        if cell["cell_type"] in ("markdown", "code")
    ]


def read(text, name):
    """A notebook's JSON.  LessonError if it is none."""
    try:
        notebook = json.loads(text)
        notebook["cells"], notebook["nbformat"]
    except (ValueError, KeyError, TypeError) as error:
        raise LessonError(f"{name} is not a notebook that can be read: {error}") from None
    return notebook


def without_outputs(notebook):
    """The same notebook as if it had never been run."""
    clean = [
        cell | {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else cell
        for cell in notebook["cells"]
    ]
    return notebook | {"cells": clean}


def alternatives(text):
    """What a lesson's source says in words of its figures: {cell: text} from  # %% alt="a row of four pictures: ..." """
    return {n: found.group(1) for n, about in enumerate(MARKER.findall(text)) if (found := ALT.search(about))}
