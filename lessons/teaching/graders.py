"""A lesson for the graders of others: nbgrader's source notebook, otter-grader's tests.

Both run a student's notebook where the checks are, and believe it; `python -m lessons check`
does not.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from lessons.course import Lesson
from lessons.files import staged
from lessons.notebook import read, without_outputs

ASKED = re.compile(r'^check\("([\d.]+)", (\w+)\)\n?', re.M)
EXAMINED = 'assert examine("{number}", {function}).state == "right"'
OTTER = """OK_FORMAT = False

from otter.test_files import test_case

name = "{number}"
points = 1


@test_case()
def test_{function}(env):
    from lessons.exercises import examine

    assert examine("{number}", env["{function}"]).state == "right"
"""


def nbgrader(lesson: Lesson, out: Path) -> Path:
    """Write out/NN_slug/NN_slug.ipynb, for nbgrader's folder `source` -> the file.

    The cell with the student's functions is their answer; each exercise is a test of one point.
    """
    made = []
    for cell in _notebook(lesson)["cells"]:
        code = "".join(cell["source"])
        asked = ASKED.findall(code) if cell["cell_type"] == "code" else []
        if not asked:
            made.append(cell)
            continue
        answer = _region(ASKED.sub("", code).rstrip())
        made.append(
            cell | {"source": answer, "metadata": _about(f"answer-{_name(asked[0][0])}", solution=True)}
        )
        made += [_test(cell, number, function) for number, function in asked]
    name = lesson.source.stem
    return _written(json.dumps(_notebook(lesson) | {"cells": made}, indent=1), out / name, f"{name}.ipynb")


def otter(lesson: Lesson, out: Path) -> list[Path]:
    """Write out/tests/q1_1.py and so on, a test of one point for each exercise -> the files."""
    code = "\n".join("".join(c["source"]) for c in _notebook(lesson)["cells"] if c["cell_type"] == "code")
    return [
        _written(OTTER.format(number=n, function=f), out / "tests", f"q{n.replace('.', '_')}.py")
        for n, f in ASKED.findall(code)
    ]


def _notebook(lesson):
    return without_outputs(read(lesson.notebook.read_text("utf-8"), lesson.notebook.name))


def _region(code):
    """After each function's words, where nbgrader puts a line that says that it is not written yet."""
    region = "    ### BEGIN SOLUTION\n    ### END SOLUTION"
    return re.sub(r'^(def (?:.|\n)+?"""(?:.|\n)+?""")', rf"\1\n{region}", code, flags=re.M)


def _test(cell, number, function):
    name = f"test-{_name(number)}"
    lines = f"from lessons.exercises import examine\n{EXAMINED.format(number=number, function=function)}"
    about = _about(name, points=1)
    return {**cell, "id": name, "source": lines, "metadata": about}


def _about(name, solution=False, points=None):
    """nbgrader's own metadata, schema 3."""
    held = {"grade_id": name, "grade": points is not None, "locked": points is not None, "solution": solution}
    held |= {"schema_version": 3, "task": False} | ({} if points is None else {"points": points})
    return {"nbgrader": held}


def _name(number):
    return number.replace(".", "-")


def _written(text, folder, name):
    with staged(folder) as stage:
        (stage / name).write_text(text + "\n" * (not text.endswith("\n")), "utf-8")
    return folder / name
