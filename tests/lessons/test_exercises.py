"""Every check accepts right solutions and rejects planted wrong ones, of the right shape and type, for their
numbers alone.
"""

import os
import runpy
from pathlib import Path

import numpy as np
import pytest

from lessons.course import HERE, lessons
from lessons.exercises import Exercise, check, compared, examine, exercise, exercises, watched

SOLUTIONS = Path(os.environ.get("MINICNN_SOLUTIONS", HERE / "instructor" / "solutions"))
LESSONS = [each.number for each in lessons() if exercises(each.number)]
if not SOLUTIONS.is_dir():
    pytest.skip(f"no solutions at {SOLUTIONS}: set MINICNN_SOLUTIONS", allow_module_level=True)


def solutions(number):
    return runpy.run_path(str(SOLUTIONS / f"{number:02d}.py"))["SOLUTIONS"]


@pytest.mark.parametrize("number", LESSONS)
def test_right_solutions_are_accepted(number):
    for task, given in solutions(number).items():
        assert len(given["right"]) >= 2, f"{task}: a right solution written differently is missing"
        for f in given["right"]:
            outcome = examine(task, f)
            assert outcome.state == "right", outcome.message


@pytest.mark.parametrize("number", LESSONS)
def test_wrong_solutions_are_rejected(number):
    for task, given in solutions(number).items():
        assert len(given["wrong"]) >= 5, f"{task} has {len(given['wrong'])} wrong solutions"
        for mistake, f in given["wrong"].items():
            outcome = examine(task, f)
            assert outcome.state == "wrong", f"{task}, {mistake}: {outcome}"
            assert exercises(number)[task].hint in outcome.message


@pytest.mark.parametrize("number", LESSONS)
def test_any_seed_tells_right_from_wrong(number):
    for task, given in solutions(number).items():
        for seed in np.random.default_rng(number).integers(2**32, size=5):
            for f in given["right"]:
                outcome = compared(exercises(number)[task], watched(f), int(seed))
                assert outcome.state == "right", f"seed {seed}: {outcome.message}"
            for mistake, f in given["wrong"].items():
                outcome = compared(exercises(number)[task], watched(f), int(seed))
                assert outcome.state == "wrong", f"{task}, seed {seed}, {mistake}: {outcome}"


@pytest.mark.parametrize("number", LESSONS)
def test_a_result_that_is_missing_is_asked_for(number):
    for task, given in solutions(number).items():
        several = []

        def without_the_last(*inputs, f=given["right"][0], several=several):
            answer = f(*inputs)
            several.append(isinstance(answer, tuple))
            return answer[:-1] if several[-1] else answer

        outcome = examine(task, without_the_last)
        assert outcome.state == ("shape" if any(several) else "right"), f"{task}: {outcome}"
        assert not any(several) or "results are expected" in outcome.message


def test_every_exercise_has_solutions_and_is_asked(capsys):
    asked = right = wrong = 0
    for each in lessons():
        tasks = exercises(each.number)
        assert tasks.keys() == (solutions(each.number).keys() if tasks else set())
        for number in tasks:
            assert f'check("{number}"' in each.text, f"{each.source.name} never asks exercise {number}"
            asked += 1
            right += len(solutions(each.number)[number]["right"])
            wrong += len(solutions(each.number)[number]["wrong"])
    assert asked
    with capsys.disabled():
        print(f"\n{asked} exercises: {right} right solutions accepted, {wrong} planted wrong ones rejected")


@pytest.mark.parametrize(
    ("f", "state", "words"),
    [
        (lambda *_: None, "not written yet", "not written yet"),
        (lambda *_: ..., "not written yet", "not written yet"),
        (lambda *_: np.zeros(9), "shape", "(9,); expected (4,)"),
        (lambda *_: 1 / 0, "raised", "ZeroDivisionError"),
        (lambda *_: "four", "raised", "numbers are expected, not str"),
        (lambda x, w, b, gy: np.full(4, np.nan), "wrong", "inf"),
        (lambda x, w, b, gy: -gy * w, "wrong", "The sign is turned"),
        (lambda x, w, b, gy: 3 * gy * w, "wrong", "3 times what it should be"),
        (7, "raised", "needs a function, not int"),
    ],
)
def test_what_a_student_is_told(f, state, words):
    outcome = examine("1.1", f)
    assert outcome.state == state
    assert words in outcome.message


def test_a_function_that_changes_its_inputs_is_told_so():
    def f(x, w, b, gy):
        w *= gy
        return w

    assert examine("1.1", f).state == "changed its inputs"


def test_an_error_is_placed_in_the_students_own_line_or_nowhere():
    def deep(x, w, b, gy):
        return np.stack([])

    assert f"ValueError in line {deep.__code__.co_firstlineno + 1}: " in examine("1.1", deep).message
    assert "TypeError: " in examine("1.1", lambda x: x).message


def test_no_factor_is_told_where_a_closed_gate_lets_nothing_through():
    def without_gate(x, w, v, gy):
        return gy * v * (1 - np.tanh(w * x) ** 2) * x

    outcome = examine("1.3", without_gate)
    assert outcome.state == "wrong"
    assert "closed gate" in outcome.message
    assert "times what it should be" not in outcome.message


def test_an_unknown_exercise_is_an_error():
    with pytest.raises(ValueError, match=r"there is no exercise 1\.9; there is 1\.1"):
        check("1.9", len)


def test_a_check_against_zero_is_refused():
    @exercise("0.0", "nothing", "none")
    def nothing(f, random):
        yield "nothing", f(), np.zeros(3)

    assert isinstance(nothing, Exercise)
    from lessons import exercises as module

    with pytest.MonkeyPatch.context() as patch, pytest.raises(ValueError, match="tests nothing"):
        patch.setattr(module, "exercises", lambda lesson: {"0.0": nothing})
        examine("0.0", lambda: np.zeros(3))
