"""The capstone: the solution passes, planted mistakes are named, and nothing but NumPy is to be had."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

import minicnn
from lessons.__main__ import main
from lessons.capstone.checking import check
from lessons.capstone.given import photo, shipped
from lessons.capstone.milestones import STEPS, hint, milestone, milestones
from lessons.course import LessonError
from tests.lessons.test_exercises import SOLUTIONS

SOLUTION = (SOLUTIONS / "capstone" / "mycnn.py").read_text("utf-8")
MISTAKES = runpy.run_path(str(SOLUTIONS / "capstone" / "mistakes.py"))["MISTAKES"]
PLANTED = [(number, name) for number in MISTAKES for name in MISTAKES[number]]


def checked(folder, number, program, **options):
    folder.mkdir(exist_ok=True)
    (folder / "mycnn.py").write_text(program, "utf-8")
    return check(milestone(number), folder, **options)


def told(result):
    return "\n".join(result.results[-1].problem)


@pytest.mark.parametrize("number", [1, 2, 3, 4])  # the fifth: below, by the command
def test_the_solution_passes(tmp_path, number):
    result = checked(tmp_path, number, SOLUTION)
    assert result.done, told(result)


@pytest.mark.parametrize(("number", "name"), PLANTED)
def test_a_planted_mistake_is_found_and_named(tmp_path, number, name):
    lines, instead, words = MISTAKES[number][name]
    assert SOLUTION.count(lines) == 1
    endless = {"seconds": 3} if "while True: pass" in instead or "arrive(" in instead else {}
    result = checked(tmp_path, number, SOLUTION.replace(lines, instead), **endless)
    assert not result.done and words in told(result), told(result)
    assert not re.search(r"-0\.?[\s\],;]", told(result)), told(result)


@pytest.mark.parametrize(
    ("number", "lines", "instead", "hint"),
    [
        (1, "def backward(", "def walk(", (1, "backward")),
        (3, "def conv(", "def convolved(", (2, "conv")),
        (1, "signals = {y: gy}", "signals = {y: gy", None),
        (1, "import numpy as np", "import torch, numpy as np", None),
        (3, 'wrt, rule="backprop"):', 'wrt):\n    rule = "backprop"', (3, "backward")),
        (2, "pieces.max(axis=0), (x,)", "pieces.max(axis=0) * (2 if x.parents else 1), (x,)", (2, "maxpool")),
    ],
)
def test_the_hint_is_about_what_is_wrong(tmp_path, number, lines, instead, hint):
    assert SOLUTION.count(lines) == 1
    result = checked(tmp_path, number, SOLUTION.replace(lines, instead)).results[-1]
    assert result.hint == hint and result.problem
    assert result.ran == ("def " not in lines and hint is not None)


def test_what_a_student_is_told_of_a_difference(tmp_path):
    result = checked(tmp_path, 1, SOLUTION.replace("gy * b.data, lambda", "gy * b.data * 3, lambda"))
    said = told(result)
    for words in (
        "first difference: gx[0, 0] is",
        "3 times the expected",
        "y = mul(x, w)",
        "given      x0 = [[",
    ):
        assert words in said, said
    assert re.search(r"^expected   gx = \[\[", said, re.M) and re.search(r"^yours      gx = \[\[", said, re.M)


@pytest.mark.parametrize(
    "way",
    [
        "import importlib; importlib.import_module('gradcam')",
        "import sys; sys.path.append({root!r}); import minicnn",
        "import importlib.util as u; s = u.spec_from_file_location('e', {root!r} + '/minicnn/walk.py'); "
        "m = u.module_from_spec(s); s.loader.exec_module(m)",
        "open({root!r} + '/minicnn/walk.py').read()",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import minicnn'], check=True)",
        "import os; os.fork()",
    ],
)
def test_nothing_but_numpy_is_to_be_had(tmp_path, way):
    root = str(Path(minicnn.__file__).parents[1])
    result = checked(tmp_path, 1, f"exec({way.format(root=root)!r})\n{SOLUTION}")
    assert not result.done
    assert re.search("NumPy alone|starts no other program|No module named", told(result)), told(result)


def test_a_file_of_ones_own_beside_it_and_numpys_parts_are_welcome(tmp_path):
    (tmp_path / "graph.py").write_text(SOLUTION, "utf-8")
    (tmp_path / "drawing.py").write_text("import matplotlib\n", "utf-8")  # the program does not use it
    program = "from graph import *\nimport numpy.linalg, math\nnp.random.default_rng(1)\nprint('hello')\n"
    result = checked(tmp_path, 1, program)
    assert result.done and result.printed == "hello", told(result)


def test_answers_that_a_program_writes_itself_are_not_believed(tmp_path):
    forged = "\n".join(
        [
            "import json, sys, os, numpy as np",
            "told = json.loads(sys.argv[1])",
            "with open(os.path.join(told[0], '0.json'), 'w') as f: json.dump({}, f)",
            "np.savez(os.path.join(told[0], '0.npz'), s=np.array([{}], object))",
            "os._exit(0)",
        ]
    )
    result = checked(tmp_path, 1, forged)
    assert not result.done and result.right == 0 and "no answer" in told(result)


def test_start_writes_what_is_needed_and_never_over_anything(tmp_path, capsys):
    folder = tmp_path / "mine"
    assert main(["capstone", "start", str(folder)]) == 0
    texts = [each.file for each in milestones()]
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["README.md", "photo.npz", "squeezenet.npz", *texts]
    )
    with np.load(folder / "squeezenet.npz") as weights, np.load(folder / "photo.npz") as given:
        assert weights["fire2.squeeze1x1.W"].shape == (16, 96, 1, 1) and len(weights.files) == len(shipped())
        assert given["picture"].shape == (227, 227, 3) and given["x"].shape == (1, 3, 227, 227)
        assert int(given["c"]) == int(photo()["c"])
    for name in texts:
        assert "## Hints" not in (folder / name).read_text("utf-8")
    assert main(["capstone", "start", str(folder)]) == 2
    assert "is there already" in capsys.readouterr().err


def test_the_command_checks_in_order_hints_and_draws(tmp_path, capsys):
    assert main(["capstone", "check", "--in", str(tmp_path)]) == 2
    assert "there is no mycnn.py" in capsys.readouterr().err
    (tmp_path / "mycnn.py").write_text(SOLUTION.replace("def relu(", "def rectify("), "utf-8")
    assert main(["capstone", "check", "--in", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "milestone 1 is done, 11 of 11. Next: 2_layers.md" in said
    assert "mycnn.py has no relu yet" in said and "capstone hint 2 relu" in said
    assert not (tmp_path / "failed.npz").exists()
    (tmp_path / "mycnn.py").write_text(SOLUTION.replace("gy * b.data, lambda", "gy, lambda"), "utf-8")
    assert main(["capstone", "check", "1", "--in", str(tmp_path)]) == 1
    assert 'np.load("failed.npz")' in capsys.readouterr().out
    assert np.load(tmp_path / "failed.npz")["x0"].shape == (2, 3)
    (tmp_path / "mycnn.py").write_text(SOLUTION, "utf-8")
    assert main(["capstone", "check", "5", "--in", str(tmp_path)]) == 0
    assert (tmp_path / "my_panel.png").stat().st_size > 50_000
    assert not (tmp_path / "failed.npz").exists()
    assert main(["capstone", "hint", "2", "conv"]) == 0
    assert "conv, nudge: " in capsys.readouterr().out
    assert main(["capstone", "hint", "2", "nothing"]) == 2
    assert "there are hints about relu, conv" in capsys.readouterr().err


def test_every_function_has_three_hints_and_every_hint_is_asked_for():
    for each in milestones():
        assert all(list(steps) == list(STEPS) for steps in each.hints.values()), each.file
        assert {case.part for case in each.cases()} <= each.hints.keys()
        for part in each.hints:
            assert re.search(rf"`{part}|def {part}|class {part}|ReLU", each.text), f"{each.file} names {part}"
            assert hint(each.number, part, "recipe") != hint(each.number, part)
    with pytest.raises(LessonError, match="1 to 5"):
        milestone(6)


def test_no_case_is_true_of_zeros_or_of_one_rule_alone():
    for each in milestones()[:4]:
        for case in each.cases():
            truth = case.truth()
            named = [name for name in case.asked if name != "nothing"]
            assert all(truth[name].any() for name in named), case.teaches
            assert each.number < 4 or all(part.any() for name in named for part in truth[name]), case.teaches
            for words, functions in case.mistakes.items():
                theirs = case.truth(functions)
                assert all(value.dtype.kind == "f" for value in theirs.values()), words


def test_every_mistake_that_is_named_differs_from_the_truth_somewhere():
    for each in milestones()[:4]:
        seen = {}
        for case in each.cases():
            for words, functions in case.mistakes.items():
                theirs, truth = case.truth(functions), case.truth()
                seen[words] = seen.get(words, False) or any(
                    theirs[n].shape != truth[n].shape or not np.allclose(theirs[n], truth[n])
                    for n in case.asked
                )
        assert all(seen.values()), [words for words, differs in seen.items() if not differs]


def test_the_panel_is_of_a_photo_without_ties():
    """Where two values of a window are equal but for rounding, two right programs would differ."""
    from lessons.capstone import engine
    from minicnn import MaxPool, Tensor, find, history

    y = engine.squeezenet(Tensor(photo()["x"].astype(np.float64), "x"), {})["scores"]
    for t in history(y):
        if isinstance(t.op, MaxPool):
            above = t.op.inputs[0].data
            windows = np.lib.stride_tricks.sliding_window_view(above, (3, 3), axis=(2, 3))[:, :, ::2, ::2]
            largest = np.sort(windows.reshape(*t.shape, 9))[..., -2:]
            positive = largest[..., 1] > 0
            gap = (largest[..., 1] - largest[..., 0])[positive] / largest[..., 1][positive]
            assert gap.min() > 1e-12
    assert find(y, "fire9").shape == (1, 512, 13, 13)
