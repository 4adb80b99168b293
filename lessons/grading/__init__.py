"""`python -m lessons check`: students' files, run and graded, sent nowhere.

A file's code runs in a Jupyter kernel of its own, with limits of time and memory.  The
truths stay here: the kernel is sent the numbers that a function shall be called with,
and sends back what the function returned.  Nothing else that it says is believed.
"""

from lessons.grading.moodle import filled_in
from lessons.grading.submissions import Submission, find
from lessons.grading.submitted import Graded, grade, grade_all
from lessons.grading.tables import as_csv, summary, table

__all__ = [
    "Graded",
    "Submission",
    "as_csv",
    "filled_in",
    "find",
    "grade",
    "grade_all",
    "summary",
    "table",
]
