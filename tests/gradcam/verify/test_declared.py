"""Declared objects: every method has a pipeline, every hypothesis leaves the reference alone, and a mistake
in one is not hidden.
"""

import copy

import numpy as np
import pytest

import gradcam
from gradcam import verify
from gradcam.methods import METHODS
from gradcam.verify.hypotheses.catalogue import HYPOTHESES
from gradcam.verify.hypotheses.hypothesis import DOES_NOT_APPLY, DoesNotApply, Hypothesis
from gradcam.verify.reference.pipelines import ALL
from gradcam.verify.reference.run import Run
from gradcam.verify.reference.steps import STEPS, upstream
from minicnn import history
from tests.gradcam.verify.test_judge import X, net
from tests.gradcam.verify.test_relatives import NOISE

SETTINGS = {"smoothgrad": {"noise": NOISE}, "integrated_gradients": {"steps": 4}}


def asked(method, result=None, **settings):
    theirs = None if result is None else {"result": result}
    return verify.Question(net(), X, 1, method, "relu1", theirs, settings=settings or SETTINGS.get(method))


def test_every_method_is_judged():
    assert set(ALL) == set(METHODS)
    for method in METHODS:
        right = asked(method).reference["result"]
        assert np.any(right) and verify.judge(asked(method, right)).status in (0, 2), method
        wrong = right + np.abs(right).max() * np.random.default_rng(0).random(right.shape)
        verdict = verify.judge(asked(method, wrong), pairs=False)
        assert verdict.status or "changes nothing" in verdict.reason, str(verdict)


@pytest.mark.parametrize("method", ["cam", "counterfactual", "occlusion", "input_times_gradient"])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_the_reference_is_what_explain_gives(method, kind):
    theirs = gradcam.explain(net().astype(kind), X.astype(kind), [1], [method], "relu1")[method, 1]
    assert np.any(theirs) and verify.judge(asked(method, theirs)).kind == "equal"


def test_causes_of_the_methods_that_ask_no_gradient():
    window = verify.judge(
        asked("occlusion", asked("occlusion", window=3, stride=1).reference["result"]), pairs=False
    )
    assert window.status == 1
    filled = asked("occlusion", fill=0.5).reference["result"]
    assert verify.judge(asked("occlusion", filled), pairs=False).names(
        "covered with something else (one half"
    )
    other = verify.Question(net(), X, 2, "cam").reference["result"]
    assert verify.judge(asked("cam", other), pairs=False).names("another class")
    flipped = asked("grad_cam").reference["map"]
    assert verify.judge(asked("counterfactual", flipped), pairs=False).names("sign flipped")


def kept(value):
    return value.copy() if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("method", METHODS)
def test_a_hypothesis_changes_nothing_of_the_reference(method):
    q = asked(method, asked(method).reference["result"])
    steps = {s: copy.deepcopy(q.reference[s]) for s in ("input", "y", "result")}
    remembered = [(t.op, {k: kept(v) for k, v in vars(t.op).items()}) for t in history(q.reference.y) if t.op]
    for hypothesis in HYPOTHESES:
        for form in hypothesis.forms(q):
            try:
                with np.errstate(all="ignore"):
                    Run(q, form.changes)["result"]
            except DOES_NOT_APPLY:
                continue
    for op, before in remembered:
        assert vars(op).keys() == before.keys(), op
        for name, value in before.items():
            now = getattr(op, name)
            same = np.array_equal(now, value) if isinstance(value, np.ndarray) else now is value
            assert same, (op, name)
    assert all(np.array_equal(q.reference[s], value) for s, value in steps.items())


def failing(error):
    def change(q, v, old):
        raise error

    return Hypothesis(name="one that fails", step="result", says="-", fix="-", change=change)


def test_what_does_not_apply_is_ruled_out_and_a_bug_surfaces():
    wrong = asked("gradient").reference["result"] * 3.5
    verdict = verify.judge(asked("gradient", wrong), [failing(DoesNotApply("not here"))], pairs=False)
    assert verdict.kind == "unknown"
    for bug in (ValueError("shapes"), KeyError("name"), TypeError("argument")):
        with pytest.raises(type(bug)):
            verify.judge(asked("gradient", wrong), [failing(bug)], pairs=False)


def test_steps_are_in_the_order_of_what_they_are_made_from():
    names = list(STEPS)
    assert all(names.index(need) < names.index(name) for name, step in STEPS.items() for need in step.needs)
    assert "input" in upstream("result") and upstream("input") == {"input"}
    assert len({h.name for h in HYPOTHESES}) == len(HYPOTHESES)
