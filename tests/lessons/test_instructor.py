"""The instructor's guides: one for each lesson, each with its goals, 90 minutes, misconceptions and
exercises, and no solutions.
"""

import re

import pytest

from lessons.course import HERE, lessons
from lessons.exercises import exercises
from lessons.site.teaching import guide

GUIDE = HERE / "instructor"
SOLUTIONS = GUIDE / "solutions"
each_lesson = pytest.mark.parametrize("lesson", lessons(), ids=lambda each: each.source.stem)


def part(lesson, heading):
    """The text under one heading of a lesson's guide."""
    parts = re.split(r"^### (.+)$", guide(lesson).read_text("utf-8"), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))[heading]


@each_lesson
def test_a_guide_belongs_to_its_lesson(lesson):
    assert guide(lesson).read_text("utf-8").startswith(f"## {lesson.number}. {lesson.title}\n")


@each_lesson
def test_it_says_what_one_can_do_afterwards_and_what_goes_wrong(lesson):
    assert len(re.findall(r"^- ", part(lesson, "Goals"), re.M)) >= 3
    assert len(re.findall(r'^- "', part(lesson, "Misconceptions"), re.M)) >= 3


@each_lesson
def test_a_class_has_ninety_minutes_and_every_prediction_is_in_it(lesson):
    plan = part(lesson, "90 minutes")
    assert sum(map(int, re.findall(r"^\| (\d+) \|", plan, re.M))) == 90
    predictions = len(re.findall(r"^# ## Predict$", lesson.text, re.M))
    assert {int(n) for n in re.findall(r"[Pp]redict (\d)", plan)} == set(range(1, predictions + 1))


@each_lesson
def test_every_exercise_is_in_class_or_at_home(lesson):
    text = part(lesson, "Exercises")
    assert sorted(re.findall(r"\b\d+\.\d\b", text)) == sorted(exercises(lesson.number))
    assert all(
        number in exercises(lesson.number)
        for number in re.findall(r"\b\d+\.\d\b", part(lesson, "90 minutes"))
    )
    assert (
        SOLUTIONS / f"{lesson.number:02d}.py"
    ).is_file() and f"lessons/instructor/solutions/{lesson.number:02d}.py" in text


def test_no_guide_is_left_over_and_none_holds_code():
    assert {path.name for path in GUIDE.glob("*.md")} == {
        "README.md",
        *(guide(each).name for each in lessons()),
    }
    for path in GUIDE.glob("*.md"):
        assert "def " not in path.read_text("utf-8")
