"""Every error of the four packages is a minicnn.Error."""

import ast
from pathlib import Path

import pytest

import minicnn
from minicnn.training import CheckpointError, TrainingError
from weights import WeightsError

ROOT = Path(minicnn.__file__).parent.parent
ALONE = {  # signals that are caught where they were meant for, and never reach a user
    "Refused",  # in a child process that imports nothing of ours
    "Stop",  # within lessons/exercises.py
    "Lacking",  # PyTorch's own operator is taken instead
    "_Unfit",  # a node is left as it is, and named
}


def exceptions():
    """(file, name, bases) of every class that is raised: it has an exception of Python's among its bases, or
    is called Error."""
    for package in ("minicnn", "weights", "gradcam", "lessons"):
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    bases = [ast.unparse(b) for b in node.bases]
                    if node.name.endswith("Error") or any(b.endswith(("Error", "Exception")) for b in bases):
                        yield file.relative_to(ROOT).as_posix(), node.name, bases


def test_every_error_derives_from_one():
    found = [e for e in exceptions() if e[1] != "Error" and e[1] not in ALONE]
    assert len(found) >= 10
    strangers = [e for e in found if not any(b.endswith("Error") and b not in PYTHONS for b in e[2])]
    assert not strangers


PYTHONS = {"ValueError", "RuntimeError", "TypeError", "KeyError", "AssertionError", "OSError", "ImportError"}


@pytest.mark.parametrize(
    "error, also",
    [
        (minicnn.GraphError, ValueError), (minicnn.RuleError, ValueError), (minicnn.LoadError, ValueError),
        (minicnn.DeviceError, RuntimeError), (TrainingError, RuntimeError), (CheckpointError, ValueError),
        (WeightsError, Exception),
    ],
)  # fmt: skip
def test_one_except_catches_it(error, also):
    with pytest.raises(minicnn.Error, match="too wide"):
        raise error("too wide")
    assert issubclass(error, also)


def test_the_version_is_a_name():
    assert minicnn.__version__.split(".")[0].isdigit()


def test_a_name_from_a_file_never_ends_a_line_of_a_message():
    from weights import WeightsError

    assert str(WeightsError("takes 'W2\n\x02b2\u2028', é")) == "takes 'W2\\n\\x02b2\\u2028', é"
