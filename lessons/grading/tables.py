"""What a student, and what an instructor, is shown of graded files."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from lessons import exercises
from lessons.exercises import Outcome
from lessons.grading.submitted import Graded
from lessons.texts import said

COLUMNS = ["student", "file", "lesson", "exercise", "title", "points", "of", "state"]
PLAIN = ("right", "not written yet")


def table(graded: Graded) -> list[str]:
    """Lines for the student: every exercise, its title, its state, and what to do."""
    outcomes = graded.outcomes
    width = max((len(_title(o)) for o in outcomes), default=0)
    lines = [f"{o.number:5}{_title(o):{width}}  {_state(o)}" for o in outcomes]
    told = [o.message for o in outcomes if o.state not in PLAIN] + graded.problems
    if told:
        lines += ["", *(f"  {each}" for each in told)]
    return [*lines, _counted(outcomes)]


def summary(graded: Sequence[Graded]) -> list[str]:
    """Lines about several files: how many exercises are right in each, and in all."""
    names = [_name(each) for each in graded]
    width = max(map(len, names))
    lines = [_line(f"{name:{width}}", each) for name, each in zip(names, graded)]
    everything = [o for each in graded for o in each.outcomes]
    everyone = said("grading.everyone")
    return [*lines, f"{everyone:{width}}  {_counted(everything)}"]


def _line(name, graded):
    outcomes = graded.outcomes
    if not outcomes:
        return said("grading.not_graded", name=name, problem=graded.problems[0])
    return said("grading.of", name=name, right=_right(outcomes), all=len(outcomes))


def _counted(outcomes):
    return said("grading.right", right=_right(outcomes), all=len(outcomes))


def _state(outcome):
    return said(f"state.{outcome.state.replace(' ', '_')}")


def as_csv(graded: Sequence[Graded]) -> str:
    """A row for each exercise of each file, points (0 or 1) and state; a row without an
    exercise for a file that could not be graded.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for each in graded:
        who = [_plain(each.submission.student), _plain(str(each.submission.path))]
        for o in each.outcomes:
            number = o.number.partition(".")[0]
            points = int(o.state == "right")
            rows.writerow([*who, number, o.number, _title(o), points, 1, o.state])
        if not each.outcomes:
            rows.writerow([*who, "", "", "", 0, "", _plain(each.problems[0])])
    return text.getvalue()


def _title(outcome: Outcome) -> str:
    lesson = int(outcome.number.partition(".")[0])
    return exercises.exercises(lesson)[outcome.number].title


def _name(graded):
    path, student = graded.submission
    return f"{student}  {path.name}" if student else path.name


def _plain(text):
    """No formula for a spreadsheet, whatever a file is called."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def _right(outcomes):
    return sum(o.state == "right" for o in outcomes)
