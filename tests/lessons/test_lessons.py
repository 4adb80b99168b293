"""Every lesson: its source and its notebook agree, it runs offline, and it keeps the course's conventions."""

import io
import json
import re
import sys
import tokenize

import pytest

from lessons.course import lessons
from lessons.exercises import exercises
from lessons.notebook import alternatives, cells, complete, figures, predicted
from lessons.run import run

GET = (
    "To work in it, get the package: in a copy of its repository, `pip install -e '.[lessons]'`, then "
    "`python -m lessons open {number}`."
)
each_lesson = pytest.mark.parametrize("lesson", lessons(), ids=lambda each: each.source.stem)


def statements(code):
    """Lines of code as they were before the formatter broke the long ones."""
    tokens = tokenize.generate_tokens(io.StringIO(code + "\n").readline)
    return sum(token.type == tokenize.NEWLINE for token in tokens)


@each_lesson
def test_source_and_notebook_agree(lesson):
    assert cells(lesson.source) == cells(lesson.notebook)


@each_lesson
def test_notebook_was_executed_and_is_small(lesson):
    code = [cell for cell in complete(lesson)["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert not [o for o in outputs if o["output_type"] == "error"]
    assert not [o for o in outputs if o.get("name") == "stderr"]
    assert any("image/png" in o.get("data", {}) for o in outputs), "a lesson has a figure"
    assert lesson.notebook.stat().st_size + lesson.withheld.stat().st_size <= 300_000


@each_lesson
def test_what_a_question_asks_is_not_given_away(lesson):
    committed = json.loads(lesson.notebook.read_text("utf-8"))["cells"]
    asked = [committed[number] for number in sorted(predicted(cells(lesson.source)))]
    assert len(asked) >= 2
    assert all(cell["outputs"] == [] and "alt" not in cell["metadata"] for cell in asked)
    taken = json.loads(lesson.withheld.read_text("utf-8"))
    assert taken and set(taken) <= {cell["id"] for cell in asked}
    before, answer = None, re.compile(r"<details><summary>Explain")
    for kind, text in cells(lesson.source):  # a question stands above its code, its answer below
        if kind == "markdown":
            for said in re.findall(r"## Predict|<details>", text):
                assert said != before, "each question has one explanation, after the code that answers it"
                before = said
            assert text.count("<details>") == len(answer.findall(text))


@each_lesson
def test_options_stand_one_per_line(lesson):
    words = [text for kind, text in cells(lesson.source) if kind == "markdown"]
    lines = [line for text in words for line in text.splitlines()]
    assert not [line for line in lines if re.match(r"\s*[a-f]\) ", line)], "an option begins with '- a) '"
    letters = "".join(found[0] for line in lines if (found := re.findall(r"^- ([a-f])\) ", line)))
    assert re.fullmatch(r"(abc?d?e?f?)*", letters)


@each_lesson
def test_the_first_cell_says_how_to_get_the_package(lesson):
    kind, first = cells(lesson.source)[0]
    assert kind == "markdown"
    assert GET.format(number=lesson.number) in " ".join(first.split())


@each_lesson
def test_every_figure_has_a_text_alternative(lesson):
    said = [cell["metadata"].get("alt") for cell in figures(complete(lesson))]
    assert said == alternatives(lesson) and said
    assert all(40 <= len(words) <= 130 for words in said)


@each_lesson
def test_conventions(lesson):
    code = [text for kind, text in cells(lesson.source) if kind == "code"]
    words = "\n".join(text for kind, text in cells(lesson.source) if kind == "markdown")
    assert max(map(len, lesson.text.splitlines())) <= 88
    assert len(code) <= 12
    assert max(map(statements, code)) <= 12
    assert max(sum(bool(line.strip()) for line in text.splitlines()) for text in code) <= 24
    assert 2 <= words.count("## Predict") <= 3 and words.count("<details>") == words.count(
        "</details>"
    ) >= words.count("## Predict")
    for part in (
        "What you will do",
        "What you will learn",
        "What you will need",
        "## On your own",
        "## Papers",
    ):
        assert part in words, f"no '{part}'"
    assert "getsource" in "\n".join(code), "a lesson shows the engine's own lines"
    assert 2 <= len(exercises(lesson.number)) <= 5
    assert all(needed < lesson.number for needed in lesson.needs)


def test_the_network_is_blocked(tmp_path):
    script = tmp_path / "calls_home.py"
    script.write_text("import urllib.request\nurllib.request.urlopen('http://example.org')\n")
    _, ended_well, printed = run(script)
    assert not ended_well
    assert "must run offline" in printed


def test_a_failing_lesson_fails(tmp_path):
    script = tmp_path / "fails.py"
    script.write_text("raise SystemExit(3)\n")
    assert not run(script)[1]
    assert sys.executable
