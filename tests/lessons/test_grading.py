"""python -m lessons check: what students hand in, friendly or not, ends in a row each."""

import csv
import importlib.util
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from lessons.__main__ import main
from lessons.course import HERE, LessonError, lesson
from lessons.exercises import exercises
from lessons.grading import Submission, find, grade, grade_all, table
from lessons.grading.wire import Other, WireError, packed, unpacked

REASON = "grading needs Jupyter: pip install 'minicnn-gradcam[lessons]'"
jupyter = pytest.mark.skipif(not all(map(importlib.util.find_spec, ("nbclient", "ipykernel"))), reason=REASON)
GX = "def neuron_gx(x, w, b, gy):\n    return gy * (w @ x + b > 0) * w\n"
GB = "def neuron_gw_gb(x, w, b, gy):\n    g = gy * (w @ x + b > 0)\n    return g * x, g\n"
CENTRAL = """def my_central(f, v):
    return np.array([(f(v + e) - f(v - e)) / 2e-5 for e in 1e-5 * np.eye(len(v))])
"""
FIRST = "import numpy as np\nfrom lessons.exercises import check"
RIGHT = [
    f'{GX}check("1.1", neuron_gx)',
    f'{GB}check("1.2", neuron_gw_gb)',
    f'{CENTRAL}check("1.4", my_central)',
]
SOLVED = ["right", "right", "missing", "right"]
NONE = 'check("1.1", lambda *a: None)'
LISTENER = "from lessons import exercises as E\nE.check = print\nE.examine = lambda n, f: 1 / 0"
CASES = "from lessons import exercises as E\nE.CASES = 0\nE.BELOW = np.inf"
PEEK = """import sys
def neuron_gx(x, w, b, gy):
    frame = sys._getframe()
    while frame and "open_neuron" not in frame.f_globals:
        frame = frame.f_back
    return gy * frame.f_globals["central"](lambda x: frame.f_globals["neuron"](x, w, b), x)
check("1.1", neuron_gx)"""
TRUTHS = """from lessons.checks import lesson_01 as truths
check("1.1", lambda x, w, b, gy: gy * truths.central(lambda x: truths.neuron(x, w, b), x))"""
CLAIMS = """import gc
from multiprocessing.connection import Connection
(channel,) = [each for each in gc.get_objects() if type(each) is Connection]
channel.send_bytes(b'{"answer": {"function": 0}, "state": "right"}')
channel.send_bytes(b"[" * 100000)"""
BIG = "held = np.ones((30000, 30000))\nheld += 1"
HOSTILE = {  # first cell -> the states of 1.1, 1.2, 1.3, 1.4, and words of what is said
    "exit": ("import sys; sys.exit(0)", SOLVED, "SystemExit"),
    "end": ("import os; os._exit(0)", ["missing"] * 4, "the process ended"),
    "loop": ("while True:\n    pass", SOLVED, "more than 4 s"),
    "deaf": (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass",
        ["missing"] * 4,
        "more than 4 s",
    ),
    "fork": ("import os\nfor _ in range(4): os.fork()", SOLVED, None),
    "input": ("name = input()", SOLVED, "input"),
    "memory": (BIG, SOLVED, "MemoryError"),
    "poison": ("np.maximum = np.abs = None", SOLVED, None),
    "check replaced": (LISTENER, ["right", "right", "missing", "right"], None),
    "cases": (f"{CASES}\n{NONE}", SOLVED, None),
    "claims": (CLAIMS, ["missing"] * 4, None),
    "another lesson's": ('check("2.1", len)', SOLVED, "2.1 is not an exercise of this file's lesson"),
}


def notebook(folder, cells, name="01_one_neuron.ipynb"):
    """A student's notebook."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": c}
        for c in cells
    ]
    (folder / name).write_text(
        json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    )
    return folder / name


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """{what it does: Graded}"""
    folder = tmp_path_factory.mktemp("hostile")
    for name, (first, *_) in HOSTILE.items():
        notebook(folder / name, [FIRST, first, *RIGHT])
    notebook(folder / "peek", [FIRST, PEEK])
    notebook(folder / "truths", [FIRST, TRUTHS])
    found = find(folder)
    graded = grade_all(found, workers=3, seconds=4, memory=3 << 30)
    return {each.submission.student: each for each in graded}


@jupyter
@pytest.mark.skipif(os.name == "nt", reason="limits and forks of POSIX")
@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_file_does_costs_its_own_points_and_nothing_else(hostile, name):
    _, states, words = HOSTILE[name]
    outcomes, problems = hostile[name].outcomes, hostile[name].problems
    assert [o.state for o in outcomes] == states, problems
    assert words is None or any(words in problem for problem in problems), problems


@jupyter
def test_the_truths_are_nowhere_to_be_found(hostile):
    for name in ("peek", "truths"):
        assert hostile[name].outcomes[0].state in ("raised", "missing"), hostile[name]
    assert any("cannot be imported" in problem for problem in hostile["truths"].problems)


@jupyter
def test_an_untouched_copy_is_not_written(tmp_path):
    main(["new", "1", "--to", str(tmp_path)])
    graded = grade(Submission(tmp_path / lesson(1).notebook.name, ""))
    assert [o.number for o in graded.outcomes] == list(exercises(1))
    assert {o.state for o in graded.outcomes} == {"not written yet"} and graded.problems == []


@jupyter
def test_a_script_is_graded_and_one_cell_does_not_hide_the_others(tmp_path):
    student = tmp_path / "mine.py"
    wrong = 'check("1.3", lambda x, w, v, gy: gy * w)'
    cells = [FIRST, "%matplotlib inline\n!ls", f"boom\n{RIGHT[0]}", *RIGHT[1:], wrong]
    student.write_text("".join(f"# %%\n{cell}\n" for cell in cells), "utf-8")
    graded = grade(Submission(student, ""))
    assert [o.state for o in graded.outcomes] == ["missing", "right", "wrong", "right"]
    assert "code cell 3: NameError: name 'boom' is not defined" in graded.problems[0]
    lines = table(graded)
    assert any("NameError" in line for line in lines) and lines[-1] == "2 of 4 exercises are right"
    assert any(exercises(1)["1.3"].hint in line for line in lines)


@jupyter
def test_a_class_ends_in_one_table(tmp_path, capsys):
    notebook(tmp_path / "flat", [FIRST, *RIGHT], "anna_01_one_neuron.ipynb")
    notebook(tmp_path / "week 1" / "ben", [FIRST, RIGHT[0]], "01_one_neuron (1).ipynb")
    notebook(tmp_path / "week 1" / "=cora", [FIRST, NONE], "homework.ipynb")
    (tmp_path / "flat" / "dan.ipynb").write_text("{")
    (tmp_path / "notes.py").write_text("raise RuntimeError('not a lesson')")
    at = tmp_path / "points.csv"
    assert main(["check", str(tmp_path), "--csv", str(at), "--seed", "3"]) == 1
    printed = capsys.readouterr().out
    assert re.search(r"^anna  anna_01_one_neuron\.ipynb +3 of 4$", printed, re.M)
    assert re.search(r"^flat  dan\.ipynb +not graded: .*not a notebook", printed, re.M)
    assert re.search(r"^all +4 of 12 exercises are right$", printed, re.M)
    with open(at, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    points = {row["student"]: 0 for row in rows}
    for row in rows:
        points[row["student"]] += int(row["points"])
    assert points == {"anna": 3, "week 1/ben": 1, "week 1/=cora": 0, "flat": 0}
    assert [row["of"] for row in rows].count("1") == 12 and rows[0]["title"] == exercises(1)["1.1"].title


@jupyter
def test_check_takes_a_number(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["check", "1"]) == 2
    assert "python -m lessons new 1" in capsys.readouterr().err
    Path("01_one_neuron.py").write_text(f"# %%\n{FIRST}\n{RIGHT[0]}\n", "utf-8")
    assert main(["check", "1"]) == 1
    assert "1 of 4 exercises are right" in capsys.readouterr().out
    assert main(["check", "77"]) == 2
    assert "there is no lesson 77" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("mine.txt", "", "neither a notebook"),
        ("mine.ipynb", "{", "not a notebook that can be read"),
        ("mine.py", "# %%\nx = 1\n", "must hold the exercises of a lesson"),
        ("mine.py", None, "there is no file"),
    ],
)
def test_files_that_cannot_be_graded(tmp_path, name, text, words):
    if text is not None:
        (tmp_path / name).write_text(text)
    graded = grade(Submission(tmp_path / name, ""))
    assert graded.outcomes == [] and words in graded.problems[0]


def test_an_empty_folder(tmp_path):
    with pytest.raises(LessonError, match="no notebook"):
        find(tmp_path)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "words",
        3,
        -0.5,
        1 + 2j,
        [1, (2.0, None)],
        {"a": 1, 2: [3]},
        np.float32(0.1),
        np.arange(6).reshape(2, 3),
    ],
    ids=str,
)
def test_the_wire_carries_numbers_as_they_are(value):
    there = unpacked(json.loads(json.dumps(packed(value))))
    assert type(there) is type(value)
    np.testing.assert_equal(there, value)
    assert getattr(there, "dtype", None) == getattr(value, "dtype", None)


def test_the_wire_carries_nothing_else():
    assert unpacked(packed(object())).kind == "object" and isinstance(unpacked(packed(len)), Other)
    for message in (
        3,
        {},
        {"plain": [1]},
        {"function": 0},
        {"array": "00", "dtype": "O", "shape": [1], "python": False},
        {"array": "00", "dtype": "<f8", "shape": [10**12], "python": False},
        {"other": 1, "plain": 2},
    ):
        with pytest.raises(WireError):
            unpacked(message)


def test_solutions_are_not_in_the_package():
    project = (HERE.parent / "pyproject.toml").read_text("utf-8")
    assert '\nexclude = ["lessons/instructor/solutions", ' in project
