"""A small draw of the museum: every mistake once, outsiders, correct results.  `python -m
tests.gradcam.verify.museum` draws many.
"""

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
from gradcam.verify.hypotheses.catalogue import HYPOTHESES  # noqa: E402
from tests.gradcam.verify.museum import framework, mistakes, run  # noqa: E402

SEED = 11
SAME_NUMBERS = {
    "map stretched to 0..1 before the ReLU"
}  # of a map that is nowhere negative: stretched after it
pytestmark = pytest.mark.filterwarnings("ignore:Setting backward hooks")


def test_every_mistake_has_its_name_in_the_catalogue():
    names = {h.name for h in HYPOTHESES}
    assert {part for m in mistakes.TABLE if not m.refused for part in m.truth.split(" AND ")} <= names


@pytest.mark.parametrize("part", range(3))
def test_the_true_cause_is_named(part):
    outcomes = list(run.from_catalogue(SEED + part, mistakes.TABLE[part::3]))
    missed = [f"{o.truth}: {o.verdict}" for o in outcomes if not o.named and o.truth not in SAME_NUMBERS]
    assert len(outcomes) > 20 and not missed, "\n".join(missed)


def test_what_is_not_in_the_catalogue_is_unknown(monkeypatch):
    monkeypatch.setattr(run, "SECONDS", 3)  # the museum itself gives pairs of causes thirty
    outcomes = list(run.from_outside(SEED))
    wrong = [f"{o.truth}: {o.verdict}" for o in outcomes if o.verdict.causes or o.verdict.status == 0]
    assert len(outcomes) > 15 and not wrong, "\n".join(wrong)


def test_correct_results_raise_no_alarm():
    outcomes = list(run.correct(SEED))
    assert len(outcomes) > 30 and sum("float32" in o.where for o in outcomes) > 10
    alarms = [f"{o.where}: {o.verdict}" for o in outcomes if o.verdict.status]
    assert not alarms, "\n".join(alarms)


def test_a_frameworks_wrong_gradient_is_nobodys_mistake():
    outcomes = list(framework.framework(SEED))
    if not outcomes:
        pytest.skip("this version of PyTorch has no such mistake")
    assert len(outcomes) >= 4
    blamed = [f"{o.where}: {o.verdict}" for o in outcomes if not o.named]
    assert not blamed, "\n".join(blamed)
