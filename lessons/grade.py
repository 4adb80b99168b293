"""`python -m lessons check`: a student's file, run cell by cell, and a table of its
exercises.  Nothing is sent anywhere.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import matplotlib

from lessons import exercises
from lessons.course import LessonError
from lessons.exercises import Outcome
from lessons.notebook import cells

MAGIC = re.compile(r"^[%!].*$", re.M)  # Jupyter's own commands
CHECK = re.compile(r"""check\(\s*["'](\d+)\.\d+["']""")


def grade(path: Path) -> tuple[list[Outcome], list[str]]:
    """path: a student's .ipynb or .py.  -> ([Outcome, one per exercise of its lesson],
    [what was wrong with other cells])

    A cell that fails does not keep the others from running.
    """
    code = [text for kind, text in cells(path) if kind == "code"]
    numbers = {int(n) for n in CHECK.findall("\n".join(code))}
    if len(numbers) != 1:
        raise LessonError(
            f'{path.name} must hold the exercises of one lesson, check("2.1", ...); '
            f"it holds those of {len(numbers)}"
        )
    known, problems = exercises.exercises(numbers.pop()), []
    matplotlib.use("Agg")
    space = {"__name__": "__main__"}
    with (
        exercises.listening() as heard,
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        for n, text in enumerate(code, start=1):
            try:
                exec(compile(MAGIC.sub("", text), f"code cell {n}", "exec"), space)
            except Exception as error:
                problems.append(f"code cell {n}: {type(error).__name__}: {error}")
    missing = "{} is not checked in this file: its check cell is missing, or failed"
    return [
        heard.get(n, exercises.Outcome(n, "missing", missing.format(n))) for n in known
    ], problems


def table(outcomes: Sequence[Outcome], problems: Sequence[str]) -> list[str]:
    """Lines for the student: every exercise, its title, its state, and what to do."""
    titles = {
        o.number: exercises.exercises(int(o.number.partition(".")[0]))[o.number].title
        for o in outcomes
    }
    width = max(map(len, titles.values()), default=0)
    lines = [f"{o.number:5}{titles[o.number]:{width}}  {o.state}" for o in outcomes]
    lines += [
        "",
        *(
            f"  {o.message}"
            for o in outcomes
            if o.state not in ("right", "not written yet")
        ),
    ]
    lines += [f"  {problem}" for problem in problems]
    return [*lines, f"{_right(outcomes)} of {len(outcomes)} exercises are right"]


def summary(graded: Mapping[Path, Sequence[Outcome]]) -> list[str]:
    """Lines about several files, {path: outcomes}: how many exercises are right in
    each, and in all.
    """
    width, everything = (
        max(len(path.name) for path in graded),
        [o for outcomes in graded.values() for o in outcomes],
    )
    lines = [
        f"{path.name:{width}}  {_right(outcomes)} of {len(outcomes)}"
        for path, outcomes in graded.items()
    ]
    return [
        *lines,
        f"{'all':{width}}  {_right(everything)} of {len(everything)} exercises are "
        "right",
    ]


def _right(outcomes):
    return sum(o.state == "right" for o in outcomes)
