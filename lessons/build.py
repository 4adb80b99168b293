"""`python -m lessons build`: notebooks from sources, executed, outputs kept."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from lessons.course import CHECKOUT, HERE, Lesson, LessonError
from lessons.files import folder, write
from lessons.notebook import alternatives, figures, withhold
from lessons.texts import said

if TYPE_CHECKING:
    from nbformat import NotebookNode

LIMIT = 300_000  # bytes of one notebook
SECONDS = 120  # that a cell may take
WIDGET = "application/vnd.jupyter.widget-view+json"  # works only while a kernel runs
QUIET = {"PYTHONWARNINGS": "ignore:IProgress"}  # tqdm, where there are no widgets
SPOKEN = ["--log-level=ERROR"]  # of the kernel, which warns of its own transport
PYTHON = {"name": "python"}  # without the version of the Python that built it
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def build(lesson: Lesson) -> int:
    """Write the lesson's notebook, and beside it what is withheld from its readers;
    return their size in bytes.

    LessonError if a cell fails, if a figure is not described in words, if the
    notebook is larger than LIMIT, or outside a checkout.
    """
    if lesson.source.parent == HERE and not CHECKOUT:
        raise LessonError(said("build.installed"))
    try:
        import nbformat
    except ModuleNotFoundError as missing:
        raise _missing(missing) from None
    notebook = executed(lesson)
    drawn, described = figures(notebook), alternatives(lesson)
    if len(drawn) != len(described):
        counts = {"drawn": len(drawn), "described": len(described)}
        named = {"number": lesson.number, "stem": lesson.source.stem}
        raise LessonError(said("build.undescribed", **named, **counts))
    for cell, words in zip(drawn, described):
        cell.metadata = {"alt": words}
    kept, taken = withhold(json.loads(nbformat.writes(notebook)))
    text, answers = (
        json.dumps(each, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        for each in (kept, taken)
    )
    size = len(text.encode()) + len(answers.encode())
    if size > LIMIT:
        sizes = {"size": size / 1000, "limit": LIMIT / 1000}
        raise LessonError(said("build.large", number=lesson.number, **sizes))
    write(text, lesson.notebook)
    folder(lesson.withheld.parent)
    write(answers, lesson.withheld)
    return size


def executed(lesson: Lesson) -> NotebookNode:
    """The lesson's cells with their outputs.  LessonError if a cell fails."""
    try:
        import jupytext
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ModuleNotFoundError as missing:
        raise _missing(missing) from None
    notebook = jupytext.reads(lesson.text, fmt="py:percent")
    notebook.metadata = {"kernelspec": KERNEL, "language_info": PYTHON}
    for n, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{n:02d}", {}
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=SECONDS,
        record_timing=False,
        store_widget_state=False,
        extra_arguments=SPOKEN,
        resources={"metadata": {"path": str(lesson.source.parent)}},
    )
    try:
        client.execute(env=os.environ | QUIET)
    except CellExecutionError as error:
        told = said("build.failed", number=lesson.number, error=error)
        raise LessonError(told) from None
    notebook.metadata["language_info"] = PYTHON
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop(WIDGET, None)
    return notebook


def _missing(error):
    return LessonError(said("build.needs", package=error.name))
