"""joblib's backends do the work: the same bytes."""

import pytest

import weights
from gradcam.runs import Manner, RunError, Task, explain_into
from gradcam.runs.backends import by_joblib
from gradcam.runs.photos import find
from tests.gradcam.runs.conftest import METHODS, contents

joblib = pytest.importorskip("joblib", reason="pip install 'minicnn-gradcam[distributed]'")


class Wrong:
    """A task that fails otherwise than by an error of ours."""

    def __call__(self, number, photo):
        raise EOFError("gone")


def test_photos_on_a_backend_of_joblib(photos, whole, tmp_path):
    with joblib.parallel_config(backend="threading", n_jobs=2):  # other ones cost seconds: see runs/README.md
        explain_into(tmp_path, Task(weights.load("shapes"), METHODS), find([photos]), Manner(by=by_joblib))
    assert contents(tmp_path) == contents(whole)


def test_what_ends_a_backend_is_one_sentence():
    with pytest.raises(RunError, match=r"a worker of joblib was lost \(EOFError: gone\)"):
        list(by_joblib(Wrong(), [(0, "a.png")]))
