"""150 wrong answers that nobody chose, made of right ones by one small change each: no check takes one for
right.  More, or all there are: python -m tests.lessons.mutants.
"""

import ast

import pytest

from lessons.course import lessons
from lessons.exercises import exercises
from tests.lessons import mutants
from tests.lessons.mutants import Mutant, accepted

NUMBERS = [each.number for each in lessons() if exercises(each.number)]
if not mutants.SOLUTIONS.is_dir():
    pytest.skip(f"no solutions at {mutants.SOLUTIONS}: set MINICNN_SOLUTIONS", allow_module_level=True)


@pytest.mark.parametrize("number", NUMBERS)
def test_no_wrong_answer_is_accepted(number):
    tried = list(mutants.mutants(number, each=2))
    assert len(tried) >= 2 * len(exercises(number)) - 2  # 20.1 is asked with numbers that count
    for mutant in tried:
        assert not accepted(mutant), mutant


def test_a_hole_would_be_found():
    right = Mutant("1.1", 0, "nothing", lambda x, w, b, gy: gy * ((w * x).sum() + b > 0) * w)
    assert accepted(right)
    without_gate = right._replace(f=lambda x, w, b, gy: gy * w)
    assert not accepted(without_gate)


def test_a_change_is_undone():
    source = (
        "SOLUTIONS = {'1.1': {'right': [lambda x: x[::-1].sum(axis=0) + 2], 'wrong': {'a': lambda x: x > 3}}}"
    )
    tree = ast.parse(source)
    before = ast.unparse(tree)
    seen = set()
    for change in mutants.possible(tree):
        *_, other = change
        seen.add(ast.unparse(other))
        assert mutants.solutions_after(tree, change, mutants.SOLUTIONS / "x.py") is not None
        assert ast.unparse(tree) == before
    assert {"x[::-1].sum()", "x[::-1].mean(axis=0)", "3", "1"} <= seen and "4" not in seen
