"""Cells of a lesson, from its source (py:percent) or a notebook, without Jupyter."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from lessons.course import HERE, Lesson, LessonError
from lessons.texts import said

MARKER = re.compile(r"^# %%(.*)$", re.M)
DESCRIBED = Path("figures") / "alternatives.toml"


def cells(path: Path) -> list[tuple[str, str]]:
    """The cells of a .py or .ipynb file -> [("markdown" or "code", text), ...]"""
    if path.suffix not in (".py", ".ipynb"):
        raise LessonError(said("files.neither", file=path.name))
    if not path.is_file():
        raise LessonError(said("files.no_file", path=path))
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        told = said("files.not_read", file=path.name, error=why)
        raise LessonError(told) from None
    return (
        of_source(text) if path.suffix == ".py" else of_notebook(read(text, path.name))
    )


def of_source(text: str) -> list[tuple[str, str]]:
    """Cells of a py:percent source; markdown loses its comment signs."""
    _, *parts = MARKER.split(text)
    found = []
    for about, body in zip(parts[::2], parts[1::2], strict=True):
        body = body.strip("\n")
        if "[markdown]" in about:
            found.append(
                (
                    "markdown",
                    "\n".join(re.sub("^# ?", "", line) for line in body.split("\n")),
                )
            )
        else:
            found.append(("code", body))
    return found


def of_notebook(notebook: dict) -> list[tuple[str, str]]:
    """Cells of a notebook's JSON."""
    return [
        (cell["cell_type"], "".join(cell["source"]))
        for cell in notebook["cells"]
        if cell["cell_type"] in ("markdown", "code")
    ]


def read(text: str, name: str) -> dict:
    """A notebook's JSON.  LessonError if it is none."""
    try:
        notebook = json.loads(text)
        notebook["nbformat"]
        for cell in notebook["cells"]:
            "".join(cell["source"]), cell["cell_type"].strip()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        told = said("files.no_json", file=name, error=error)
        raise LessonError(told) from None
    return notebook


def without_outputs(notebook: dict) -> dict:
    """The same notebook as if it had never been run."""
    clean = [
        cell | {"outputs": [], "execution_count": None}
        if cell["cell_type"] == "code"
        else cell
        for cell in notebook["cells"]
    ]
    return notebook | {"cells": clean}


def predicted(given: list[tuple[str, str]]) -> set[int]:
    """Cells -> the numbers of those whose output answers a question: code between a
    heading "Predict" and the folded explanation.
    """
    found, asked = set(), False
    for number, (kind, text) in enumerate(given):
        if kind == "code" and asked:
            found.add(number)
        elif kind == "markdown":
            question, answer = text.rfind("## Predict"), text.rfind("<details")
            asked = question > answer if max(question, answer) >= 0 else asked
    return found


def withhold(notebook: dict) -> tuple[dict, dict]:
    """A notebook that was run -> (the same without what a reader is asked to predict,
    what was taken out: {a cell's id: its outputs and metadata})
    """
    cells, taken = [dict(cell) for cell in notebook["cells"]], {}
    for number in sorted(predicted(of_notebook(notebook))):
        cell = cells[number]
        if cell["outputs"]:
            taken[cell["id"]] = {key: cell[key] for key in ("outputs", "metadata")}
            cell |= {"outputs": [], "metadata": {"withheld": True}}
    return notebook | {"cells": cells}, taken


def complete(lesson: Lesson) -> dict:
    """The lesson's notebook as it was run, with what is withheld from its readers; a
    cell of which something was says so in its metadata.
    """
    notebook = read(lesson.notebook.read_text("utf-8"), lesson.notebook.name)
    path = lesson.withheld
    taken = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    for cell in notebook["cells"]:
        if cell.get("id") in taken:
            kept = taken[cell["id"]]
            cell["outputs"] = kept["outputs"]
            cell["metadata"] = cell["metadata"] | kept["metadata"]
    return notebook


def alternatives(lesson: Lesson) -> list[str]:
    """What each figure of a lesson shows, in words, in the order of the figures."""
    for folder in (lesson.source.parent, HERE):
        if (path := folder / DESCRIBED).is_file():
            words = tomllib.loads(path.read_text("utf-8")).get(lesson.source.stem)
            if words is not None:
                return words
    return []


def figures(notebook: dict) -> list[dict]:
    """The cells of a notebook's JSON that have drawn something."""
    return [
        cell
        for cell in notebook["cells"]
        if any("image/png" in each.get("data", {}) for each in cell.get("outputs", []))
    ]
