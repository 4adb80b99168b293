"""Moodle's grading worksheet, filled in.

An assignment's *Download grading worksheet* writes it, *Upload grading worksheet* takes
it back.  The work itself is *Download all submissions*: a folder for each student,
"Name_123456_assignsubmission_file", whose row is "Participant 123456".
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from lessons.course import LessonError
from lessons.grading.submitted import Graded
from lessons.texts import said

FOLDER = re.compile(r"_(\d+)_assignsubmission_")
NEEDED = ("Identifier", "Grade", "Maximum Grade")


def filled_in(worksheet: str, graded: Sequence[Graded]) -> tuple[str, list[str]]:
    """The worksheet's text -> (the same with grades, whose row was not found).

    A grade is the share of exercises that are right, of the row's maximum.  LessonError
    for a text that is no worksheet.
    """
    rows = list(csv.reader(io.StringIO(worksheet.lstrip("\ufeff"))))
    if not rows or not all(name in rows[0] for name in NEEDED):
        raise LessonError(said("grading.no_worksheet", columns=", ".join(NEEDED)))
    who, grade, most = (rows[0].index(name) for name in NEEDED)
    shares = _shares(graded)
    for row in rows[1:]:
        found = re.search(r"\d+$", row[who])
        share = shares.pop(found.group() if found else "", None)
        if share is not None:
            row[grade] = f"{share * float(row[most]):.2f}"
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue(), [name for name in shares if name]


def _shares(graded):
    """{participant's number, or the student's name: share of the exercises}"""
    right, every = {}, {}
    for each in graded:
        found = FOLDER.search(str(each.submission.path))
        who = found.group(1) if found else each.submission.student
        states = [outcome.state for outcome in each.outcomes]
        right[who] = right.get(who, 0) + states.count("right")
        every[who] = every.get(who, 0) + len(states)
    return {who: right[who] / every[who] if every[who] else 0.0 for who in right}
