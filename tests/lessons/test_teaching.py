"""What an instructor prints is made from the lessons, and agrees with them."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from lessons.__main__ import main
from lessons.course import LessonError, lesson, lessons
from lessons.exercises import Outcome, exercises
from lessons.grading import Graded, Submission, filled_in
from lessons.teaching.exam import exam, questions
from lessons.teaching.graders import nbgrader, otter
from lessons.teaching.parts import parts, sentences
from lessons.teaching.parts import questions as predictions
from lessons.teaching.plans import Plan, Week, as_markdown, plans, too_early
from lessons.teaching.slides import slides, write_slides
from lessons.teaching.slips import slips
from tests.lessons.test_exercises import SOLUTIONS

each_lesson = pytest.mark.parametrize("lesson", lessons(), ids=lambda each: each.source.stem)


@each_lesson
def test_every_prediction_is_on_the_slip_and_no_answer_is(lesson):
    asked = predictions(lesson)
    assert len(asked) == len(re.findall(r"^# ## Predict$", lesson.text, re.M)) >= 2
    printed = slips([lesson])
    for each in asked:
        assert each.text in printed and all(words in printed for _, words in each.options)
        assert [letter for letter, _ in each.options] == list("abcdef"[: len(each.options)])
    assert printed.count("Because:") == len(asked) and "<details>" not in printed
    for each in parts(lesson):
        assert each.kind != "answer" or each.text not in printed


@each_lesson
def test_slides_say_one_thing_each_and_hold_every_figure(lesson, tmp_path):
    path = write_slides(lesson, tmp_path)
    text = path.read_text("utf-8")
    front, *shown = text.split("\n---\n\n")[1:]
    assert text.startswith("---\nmarp: true\n") and front.startswith(f"# {lesson.number}. {lesson.title}\n")
    drawn = re.findall(r"!\[bg fit\]\((.+?)\)", text)
    assert drawn == sorted(drawn) and all((tmp_path / name).read_bytes()[:4] == b"\x89PNG" for name in drawn)
    assert len(drawn) == len([each for each in parts(lesson) if each.kind == "figure"]) >= 1
    for slide in shown:
        visible = re.sub(r"<!--.*?-->", "", slide, flags=re.S)
        assert len(visible.splitlines()) <= 34, visible
        assert visible.count("```") % 2 == 0 and visible.count("$") % 2 == 0, visible
    asked = [slide for slide in shown if slide.startswith("## Predict") and "**a)**" in slide]
    assert len(asked) == sum(bool(each.options) for each in predictions(lesson))
    assert slides(lesson) == text


def test_sentences_end_where_they_end():
    assert sentences("One $x$. Two. Three.", 1) == "One $x$."
    assert sentences("See (fig. 1. Left) here. Then.", 1) == "See (fig. 1. Left) here."
    assert sentences("第一句。第二句。", 1) == "第一句。"
    assert sentences("At 0.5 of [it](there). End.", 1) == "At 0.5 of it."


def test_every_lesson_has_exam_questions_whose_numbers_are_right():
    asked = questions()
    assert all(sum(each.lesson == one.number for each in asked) >= 2 for one in lessons())
    assert [each.lesson for each in asked] == sorted(each.lesson for each in asked)
    assert all(each.marks > 0 and each.key and each.text not in each.key for each in asked)
    verified = [each for each in asked if each.verify]
    for each in verified:
        exec(each.verify, {"np": np})
    assert len(verified) >= 12
    assert all("assert " in each.verify for each in verified)


def test_a_paper_has_marks_and_no_key():
    paper, key = (exam([lesson(8), lesson(9)], key=key) for key in (False, True))
    chosen = [each for each in questions() if each.lesson in (8, 9)]
    assert f"{sum(each.marks for each in chosen)} marks" in paper
    assert all(each.text in paper and each.key not in paper and each.key in key for each in chosen)


def test_the_keys_may_lie_elsewhere(monkeypatch, tmp_path):
    assert SOLUTIONS
    monkeypatch.setenv("MINICNN_SOLUTIONS", str(tmp_path))
    with pytest.raises(LessonError, match="MINICNN_SOLUTIONS"):
        questions()


def test_plans_respect_what_comes_before():
    assert [list(too_early(each)) for each in plans()] == [[]] * len(plans())
    wrong = Plan("wrong", "", "week", [Week([1, 2, 3], [2], 0), Week([8], [], 0)])
    assert list(too_early(wrong)) == [
        "wrong, week 1: milestone 2 before [5]",
        "wrong, week 2: lesson 8 before [5]",
    ]
    everything = next(each for each in plans() if each.name == "two terms")
    assert [n for week in everything.weeks for n in week.lessons] == [each.number for each in lessons()]
    assert [n for week in everything.weeks for n in week.milestones] == [1, 2, 3, 4, 5]
    assert lesson(8).title in as_markdown(everything)


def test_the_commands(tmp_path, capsys):
    assert main(["teach", "slides", "3", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "03_max_pool.md").is_file()
    assert main(["teach", "slips", "3"]) == 0 == main(["teach", "exam", "3"]) == main(["teach", "plan"])
    printed = capsys.readouterr().out
    assert "Predict 1." in printed and "marks" in printed and "hours at home" in printed


def test_a_lesson_for_nbgrader_and_for_otter(tmp_path):
    made = json.loads(nbgrader(lesson(1), tmp_path).read_text("utf-8"))
    about = [cell["metadata"].get("nbgrader", {}) for cell in made["cells"]]
    tests = [cell for cell, held in zip(made["cells"], about) if held.get("grade")]
    assert [held["grade_id"] for held in about if held.get("grade")] == [
        f"test-1-{n}" for n in range(1, len(exercises(1)) + 1)
    ]
    assert all(re.fullmatch(r"[\w-]+", held["grade_id"]) for held in about if held)
    answers = ["".join(cell["source"]) for cell, held in zip(made["cells"], about) if held.get("solution")]
    assert sum(text.count("### BEGIN SOLUTION") for text in answers) == len(exercises(1))
    space = {"neuron_gx": lambda x, w, b, gy: gy * (w @ x + b > 0) * w}
    exec("".join(tests[0]["source"]), space)
    with pytest.raises(AssertionError):
        exec("".join(tests[1]["source"]), space | {"neuron_gw_gb": lambda *a: None})
    assert "check(" not in "".join(answers) and all(
        compile("".join(c["source"]), "cell", "exec") for c in made["cells"] if c["cell_type"] == "code"
    )
    written = otter(lesson(1), tmp_path)
    assert len(written) == len(exercises(1)) and all(compile(p.read_text(), p, "exec") for p in written)


def test_moodles_worksheet_is_filled_in():
    sheet = (
        '\ufeffIdentifier,"Full name",Grade,"Maximum Grade","Feedback comments"\n'
        '"Participant 77",Anna,,10.00,"well, done"\n"Participant 8",Ben,,10.00,\n'
        '"Participant 9",Eve,,10.00,\n'
    )
    right, wrong = Outcome("1.1", "right", ""), Outcome("1.2", "wrong", "")

    def graded(folder, *outcomes):
        return Graded(Submission(Path(folder) / "01.ipynb", folder), list(outcomes), [])

    text, lost = filled_in(
        sheet,
        [
            graded("Anna_77_assignsubmission_file", right, wrong),
            graded("Ben_8_assignsubmission_file_", right),
            graded("Carl_5_assignsubmission_file", right),
        ],
    )
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["Grade"] for row in rows] == ["5.00", "10.00", ""] and lost == ["5"]
    assert rows[0]["Feedback comments"] == "well, done"
    with pytest.raises(LessonError, match="Maximum Grade"):
        filled_in("a,b\n1,2\n", [])
