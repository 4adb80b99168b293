"""The committed notebooks are what the sources give now: words, numbers, and the engine's own lines."""

import ast
import contextlib
import io
import os
import re
import subprocess
import sys

import matplotlib
import pytest

from lessons.course import lessons
from lessons.exercises import exercises
from lessons.notebook import cells, complete
from lessons.run import LIMIT, run

NUMBER = re.compile(r"[-+−]?\d+(?:,\d{3})*\.?\d*(?:e[-+]?\d+)?")
TIMED = re.compile(r"\bms\b|times as (?:fast|long)")  # lines that say how long something took
each_lesson = pytest.mark.parametrize("lesson", lessons(), ids=lambda each: each.source.stem)


def streams(lesson):
    """What each code cell printed when the committed notebook was made, withheld or not."""
    return [
        "".join("".join(out["text"]) for out in cell["outputs"] if out["output_type"] == "stream")
        for cell in complete(lesson)["cells"]
        if cell["cell_type"] == "code"
    ]


def processor_seconds():
    """Of the processes that were started here."""
    used = os.times()
    return used.children_user + used.children_system


def words(line):
    return " ".join(NUMBER.sub("#", line).split())


def numbers(line):
    return [float(found.replace(",", "").replace("−", "-")) for found in NUMBER.findall(line)]


def alike(a, b, percent):
    """Two numbers that two machines may print for the same thing."""
    both_rounding = max(abs(a), abs(b)) < 1e-5
    return both_rounding or abs(a - b) <= 0.1 * max(abs(a), abs(b)) + (5 if percent else 0.06)


@each_lesson
def test_runs_offline_in_time_and_prints_what_its_notebook_shows(lesson):
    if lesson.number == 18:
        pytest.importorskip("torch", reason="lesson 18 says less where PyTorch is not installed")
    before = processor_seconds()
    seconds, ended_well, printed = run(lesson.source)
    assert ended_well, printed
    assert min(seconds, processor_seconds() - before) < LIMIT  # a busy machine makes it wait
    for number in exercises(lesson.number):
        assert f"{number} not written yet" in printed
    now, then = printed.split("\n"), "".join(streams(lesson)).split("\n")
    assert [words(line) for line in now] == [words(line) for line in then], (
        f"stale: python -m lessons build {lesson.number}"
    )
    for here, there in zip(now, then):
        if not TIMED.search(here):
            pairs = zip(numbers(here), numbers(there), strict=True)
            assert all(alike(a, b, "%" in here) for a, b in pairs), f"{here}\n{there}"


@each_lesson
def test_the_printed_source_is_the_engines_own(lesson):
    code = [text for kind, text in cells(lesson.source) if kind == "code"]
    space, shown = {}, 0
    with matplotlib.rc_context():
        exec(code[0], space)  # the imports
    for text, printed in zip(code, streams(lesson), strict=True):
        calls = [
            node.args[0]
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "inspect.getsource"
        ]
        try:
            sources = [space["inspect"].getsource(eval(ast.unparse(call), space)) for call in calls]
        except NameError:  # of a loop's variable: the cell has nothing else to do
            with contextlib.redirect_stdout(io.StringIO()) as said:
                exec(text, space)
            sources = [said.getvalue()]
        for source in sources:
            assert source in printed, f"stale: python -m lessons build {lesson.number}"
            shown += 1
    assert shown


@pytest.mark.parametrize(
    ("now", "then", "same"),
    [
        ("off by 3e-16", "off by 7e-17", True),
        ("right: 97% of 300", "right: 95% of 300", True),
        ("right: 97% of 300", "right: 42% of 300", False),
        ("score 22.9, mean -1.31", "score 22.9, mean 1.31", False),
    ],
)
def test_numbers_are_compared(now, then, same):
    assert words(now) == words(then)
    assert all(alike(a, b, "%" in now) for a, b in zip(numbers(now), numbers(then))) == same


def test_the_courses_style_is_set_when_asked_for_and_not_by_an_import():
    told = (
        "import matplotlib; matplotlib.use('Agg'); import matplotlib.pyplot\n"
        "before = dict(matplotlib.rcParams)\n"
        "import lessons.plots, lessons.drawings.lesson_01, lessons.scenes, lessons.tiny, lessons.words\n"
        "assert dict(matplotlib.rcParams) == before\n"
        "lessons.plots.style()\n"
        "assert matplotlib.rcParams['axes.spines.top'] is False\n"
    )
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
