"""What a verdict says: number and place belong together, nothing is taken back, the member is named and not
its family, and nothing is said twice.
"""

import re

import numpy as np
import pytest

from gradcam import verify
from gradcam.verify.hypotheses.catalogue import HYPOTHESES
from gradcam.verify.hypotheses.hypothesis import DOES_NOT_APPLY
from gradcam.verify.reference.run import Run
from gradcam.verify.report.text import headline
from tests.gradcam.verify.test_judge import X, net

METHODS = ("grad_cam", "saliency", "guided_backprop", "eigen_cam", "grad_cam++")


def asked(method, **theirs):
    return verify.Question(net(), X, 1, method, "relu1", theirs)


def forms(method):
    q = asked(method, result=asked(method).reference["result"])
    return [form for h in HYPOTHESES for form in h.forms(q)]


def made_wrong(form, method, **more):
    """The verdict on the map of a form of a mistake; None if that changes nothing here, or cannot be."""
    q = asked(method, result=asked(method).reference["result"])
    try:
        with np.errstate(all="ignore"):
            result = Run(q, form.changes)["result"]
    except DOES_NOT_APPLY:
        return None
    right = q.reference["result"]
    if not np.isfinite(result).all() or not result.any() or result.shape != right.shape:
        return None
    if abs(result - right).max() < 1e-3 * abs(right).max():
        return None
    return verify.judge(asked(method, result=result, **more), pairs=False)


@pytest.fixture(scope="module")
def verdicts():
    """Of every ninth form of each method."""
    found = [(form, made_wrong(form, m)) for n, m in enumerate(METHODS) for form in forms(m)[n::9]]
    found = [(form, verdict) for form, verdict in found if verdict is not None]
    assert len(found) > 30 and {"differs", "convention"} <= {v.kind for _, v in found}
    return found


def test_a_number_stands_beside_the_step_that_it_was_measured_at(verdicts):
    inferred = 0
    for _, verdict in verdicts:
        said = next((line for line in str(verdict).splitlines() if line.startswith("  differs ")), "")
        measured = {c.stage: c.difference.said(".2g") for c in verdict.compared}
        stage = re.sub(r"^  differs [a-z ]*: |,.*", "", said)
        if stage in measured:
            assert measured[stage] in said, said
        elif said:
            assert not re.search(r"\d", said), said
            inferred += 1
    assert inferred > 5


def test_a_map_that_is_right_in_another_scale_differs_nowhere(verdicts):
    rights = [str(v) for _, v in verdicts if v.kind == "convention"]
    assert len(rights) > 2
    for said in rights:
        assert "DIFFERS" not in said and "differs" not in said and "rescaled" in said, said


def test_the_first_line_names_the_member_and_not_its_family():
    for method in METHODS:
        for form in forms(method):
            words = form.of.headline_of(form.detail)
            assert form.detail in words, words
    told = {form.of.headline_of(form.detail) for form in forms("grad_cam")}
    assert "the picture is normalised twice (ImageNet's mean and deviation)" in told
    assert any(t.startswith("/255 forgotten") for t in told)
    assert any(t.startswith("softmax instead of scores") and "keras.io" in t for t in told)
    assert any("HiResCAM" in t and "not of the method that you name" in t for t in told)
    assert any("a BGR picture, normalised by RGB's mean and deviation" in t for t in told)


def test_nothing_is_said_twice(verdicts):
    for _, verdict in verdicts:
        first, *others = str(verdict).splitlines()
        said = first.rpartition(": ")[2]
        assert len(said) < 12 or not any(line.strip() == f"cause: {said}" for line in others), str(verdict)
        labels = [line.partition(":")[0] for line in others if re.match("  (fix|or fix|theory|cause):", line)]
        assert len(labels) == len(set(labels)) or labels.count("  or fix") > 1, str(verdict)


def test_the_next_best_change_is_another_change(verdicts):
    known = {form.name: form.fix for method in METHODS for form in forms(method)}
    seen = 0
    for _, verdict in verdicts:
        other = re.search(r"next best change [^(]*\((.*)\)$", verdict.confidence)
        if other and other[1] in known:
            assert known[other[1]] not in {fix for c in verdict.causes for fix in c.fixes}, str(verdict)
            seen += 1
    assert seen > 15


def test_what_is_located_is_not_taken_back():
    q = asked("grad_cam")
    w = q.reference["weights"]
    other = w * (1 + np.random.default_rng(0).random(w.shape))
    summed = np.maximum((other * q.reference["activation"]).sum(axis=1), 0)
    for theirs in ({"result": summed, "weights": other}, {"result": 0 * q.reference["result"]}):
        verdict = verify.judge(asked("grad_cam", **theirs), pairs=False)
        assert verdict.kind == "located"
        assert not re.search("none|tried", headline(verdict)), headline(verdict)
        assert "what made it so is not named: none of " in str(verdict)


def test_who_resizes_by_pil_is_told_the_filter():
    fixes = [form.fix for method in METHODS for form in forms(method)]
    fixes += [h.fix for h in HYPOTHESES if isinstance(h.fix, str)]
    told = [fix for fix in fixes if "Image.resize(" in fix]
    assert told and all("Image.BILINEAR" in fix for fix in told)


def test_what_is_enlarged_to_the_wrong_sides_is_told_which_order_is_wanted():
    said = next(h for h in HYPOTHESES if h.name.startswith("enlarged to W rows and H columns"))
    assert "cv2.resize(cam, (W, H))" in said.fix and "F.interpolate(cam, (H, W))" in said.fix
