"""`python -m lessons build`: notebooks from sources, executed, outputs kept."""

import os

from lessons.course import CHECKOUT, HERE, LessonError
from lessons.files import write

LIMIT = 300_000  # bytes of one notebook
KEPT = ("alt",)  # of a cell's metadata: what its figure shows, in words
QUIET = {"PYTHONWARNINGS": "ignore:IProgress"}  # tqdm, where there are no widgets
INSTALLED = (
    "notebooks are built in a checkout; the course is installed here, with its notebooks: "
    "python -m lessons new 1 copies one, python -m lessons build --only site makes the site"
)
SPOKEN = ["--log-level=ERROR"]  # of the kernel, which else warns of its own transport


def build(lesson):
    """Write the lesson's notebook.  -> its size in bytes; LessonError if a cell fails, if it grew too large, or outside a checkout"""
    if lesson.source.parent == HERE and not CHECKOUT:
        raise LessonError(INSTALLED)
    try:
        import jupytext
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ModuleNotFoundError as missing:
        raise LessonError(f"building needs {missing.name}: pip install 'minicnn-gradcam[lessons]'") from None

    notebook = jupytext.reads(lesson.text, fmt="py:percent")
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for n, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = (
            f"cell-{n:02d}",
            {key: cell.metadata[key] for key in KEPT if key in cell.metadata},
        )
    try:
        settings = {
            "kernel_name": "python3",
            "timeout": 120,
            "record_timing": False,
            "extra_arguments": SPOKEN,
        }
        where = {"metadata": {"path": str(lesson.source.parent)}}
        NotebookClient(notebook, **settings, resources=where).execute(env=os.environ | QUIET)
    except CellExecutionError as error:
        raise LessonError(f"lesson {lesson.number}: {error}") from None
    notebook.metadata["language_info"] = {"name": "python"}  # without the version of whoever built it
    text = nbformat.writes(notebook) + "\n"
    size = len(text.encode())
    if size > LIMIT:
        raise LessonError(
            f"the notebook of lesson {lesson.number} has {size / 1000:.0f} kB; at most {LIMIT / 1000:.0f} are allowed"
        )
    write(text, lesson.notebook)
    return size
