"""What the verdict says where nothing can be said, where rounding says it, and stage by stage."""

import json

import numpy as np
import pytest

from gradcam import verify
from gradcam.verify.hypotheses.catalogue import HYPOTHESES
from gradcam.verify.hypotheses.hypothesis import Hypothesis
from gradcam.verify.reference.resizing import spline
from minicnn import AvgPool, Flatten, GlobalAvgPool, LeakyReLU, MaxPool, ReLU, Softmax
from minicnn.layer import Apply, ConvLayer, LinearLayer, Sequential


def net(*, activation=ReLU, head=(), seed=3):
    made = Sequential(
        ConvLayer("conv1", 3, 6, 3, pad=1),
        Apply("relu1", activation),
        Apply("pool1", MaxPool, kernel=2),
        ConvLayer("conv2", 6, 6, 3, pad=1),
        Apply("relu2", activation),
        Apply("pool", GlobalAvgPool),
        LinearLayer("fc", 6, 4),
        *head,
    )
    return made.initialise(seed).astype(np.float64)


X = np.random.default_rng(5).standard_normal((1, 3, 12, 8))


def question(method, model=None, x=X, c=1, **theirs):
    return verify.Question(model or net(), x, c, method, "relu2" if "cam" in method else None, theirs)


def test_a_reference_of_zeros_is_refused():
    dead = net()
    dead["conv2"].b.data -= 100
    for method in ("grad_cam", "gradient"):
        verdict = verify.judge(
            question(method, dead, result=np.zeros((1, 6, 4) if method == "grad_cam" else X.shape))
        )
        assert verdict.kind == "refused" and verdict.status == 2 and "zero" in verdict.reason


def test_a_rule_that_changes_nothing_is_refused():
    model = Sequential(
        ConvLayer("conv", 3, 6, 3),
        Apply("relu", ReLU),
        Apply("flat", Flatten),
        LinearLayer("fc", 6 * 10 * 6, 4),
    )
    model.initialise(0)
    model["fc"].W.data[:] = abs(model["fc"].W.data)
    q = verify.Question(model, X, 1, "guided_backprop", theirs={"result": X})
    assert verify.judge(q).reason.startswith("the rule of guided_backprop changes nothing")


def test_an_activation_without_a_rule_is_refused_by_name():
    verdict = verify.judge(question("guided_backprop", net(activation=LeakyReLU), result=X))
    assert verdict.status == 2 and "LeakyReLU at 'relu1'" in verdict.reason
    q = question("gradient", net(activation=LeakyReLU))
    assert (
        verify.judge(question("gradient", net(activation=LeakyReLU), result=q.reference["result"])).kind
        == "equal"
    )


def test_a_saturated_softmax_is_refused():
    sure = net(head=(Apply("prob", Softmax),))
    sure["fc"].b.data[1] = 60
    verdict = verify.judge(question("grad_cam", sure, result=np.zeros((6, 4))))
    assert verdict.status == 2 and "saturated softmax" in verdict.reason


def test_scores_before_softmax_are_explained_where_a_network_ends_in_one():
    q = question("gradient", net(head=(Apply("prob", Softmax),)))
    np.testing.assert_array_equal(q.reference["y"], question("gradient").reference["y"])


def test_two_maps_that_are_rightly_zero_are_compared_before_the_relu_or_not_at_all():
    negative = net()
    negative["fc"].W.data[:] = -abs(negative["fc"].W.data)
    q = question("grad_cam", negative)
    assert not q.reference["map"].any() and q.reference["signed"].any()
    assert verify.judge(question("grad_cam", negative, result=np.zeros((6, 4)))).status == 2
    missing = verify.judge(question("grad_cam", negative, result=q.reference["signed"]))
    assert missing.names("the final ReLU is missing")


def test_the_first_stage_that_differs_is_measured_when_more_is_given():
    q = question("grad_cam")
    A, dA, y = (q.reference[s] for s in ("activation", "gradient", "y"))
    wrong = np.maximum((np.maximum(dA, 0).mean((2, 3), keepdims=True) * A).sum(1), 0)
    verdict = verify.judge(
        question("grad_cam", result=wrong, scores=y, activations=A, gradient=np.maximum(dA, 0))
    )
    assert (
        verdict.stage == "layer gradient" and verdict.causes[0].name == "ReLU on the gradient before its mean"
    )
    assert [c.mark for c in verdict.compared] == ["same", "same", "DIFFERS", "DIFFERS"]


def test_a_cause_that_would_change_what_is_equal_is_not_named():
    """BGR changes scores too: with equal scores it is ruled out."""
    q = question("gradient", x=X)
    wrong = question("gradient", x=X[:, ::-1].copy()).reference["result"]
    assert verify.judge(question("gradient", result=wrong)).names("colour channels in the other order")
    assert not verify.judge(question("gradient", result=wrong, scores=q.reference["y"])).names(
        "colour channels"
    )


def test_another_layer_is_named_even_where_its_maps_have_another_size():
    other = verify.Question(net(), X, 1, "grad_cam", "relu1").reference["result"]
    assert other.shape != question("grad_cam").reference["result"].shape
    verdict = verify.judge(question("grad_cam", result=other))
    assert verdict.status == 1 and "another layer" in str(verdict) and "relu1" in str(verdict)
    unnamed = verify.judge(question("grad_cam", result=other[:, 1:]), pairs=False)
    assert unnamed.kind == "refused" and unnamed.status == 2 and "the reference's is" in str(unnamed)
    fitting = question("grad_cam").reference["gradient"]
    located = verify.judge(question("grad_cam", result=other[:, 1:], gradient=2 * fitting[:1]), pairs=False)
    assert located.kind in ("refused", "located") and not located.causes
    elsewhere = question("grad_cam", result=question("grad_cam").reference["result"], gradient=fitting[:, 1:])
    assert verify.judge(elsewhere).kind == "equal" and "not compared" in verify.judge(elsewhere).notes[0]


def test_a_batch_is_compared_picture_by_picture():
    x = np.concatenate([X, X[..., ::-1]])
    q = verify.Question(net(), x, [1, 2], "grad_cam", "relu2")
    right = q.reference["result"]
    assert (
        verify.judge(verify.Question(net(), x, [1, 2], "grad_cam", "relu2", {"result": right})).kind
        == "equal"
    )
    coupled = (right - right.min()) / (right.max() - right.min())
    verdict = verify.judge(verify.Question(net(), x, [1, 2], "grad_cam", "relu2", {"result": coupled}))
    assert verdict.names("normalised over the whole batch")


def test_another_ceil_mode_of_an_average_pool_is_named():
    def made(ceil):
        return (
            Sequential(
                ConvLayer("conv1", 3, 6, 3, pad=1),
                Apply("relu1", ReLU),
                Apply("pool1", AvgPool, kernel=5, stride=3, ceil=ceil),
                ConvLayer("conv2", 6, 6, 3, pad=1),
                Apply("relu2", ReLU),
                Apply("pool", GlobalAvgPool),
                LinearLayer("fc", 6, 4),
            )
            .initialise(3)
            .astype(np.float64)
        )

    wrong = question("gradient", made(True)).reference["result"]
    assert verify.judge(question("gradient", made(False), result=wrong)).names(
        "another ceil mode of the average pools"
    )


def test_another_way_of_resizing_is_named():
    from gradcam.image import prepare
    from weights import Preprocessing

    meant = Preprocessing(size=16, crop=12)
    photo = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    x, squashed = (
        prepare(photo, p, np.float64) for p in (meant, Preprocessing(resize="squash", size=16, crop=12))
    )
    wrong = question("gradient", x=squashed).reference["result"]
    q = verify.Question(net(), x, 1, "gradient", theirs={"result": wrong}, photo=(photo, meant))
    assert verify.judge(q).names("another way of resizing the photo (squashed, then cropped)")


def test_every_hypothesis_says_its_theory_and_its_fix():
    assert len(HYPOTHESES) > 60 and all(
        h.says and h.fix and h.kind in ("mistake", "convention", "scale", "tie") for h in HYPOTHESES
    )


def test_splines_pass_through_what_they_enlarge():
    v = np.random.default_rng(1).standard_normal(5)
    np.testing.assert_allclose((spline(5, 17) @ v)[::4], v, atol=1e-12)


def test_inputs_are_not_changed():
    model, x = net(), X.copy()
    before = {k: t.data.copy() for k, t in model.arrays().items()}
    theirs = np.random.default_rng(2).standard_normal(X.shape)
    given = theirs.copy()
    verify.judge(question("guided_backprop", model, x, result=theirs), seconds=1)
    assert np.array_equal(x, X) and np.array_equal(theirs, given)
    assert all(np.array_equal(before[k], t.data) for k, t in model.arrays().items())


def test_a_result_of_zeros_is_not_explained_by_what_gives_zeros_by_chance():
    verdict = verify.judge(question("gradient", result=np.zeros_like(X)))
    assert verdict.kind == "located" and not verdict.causes and "makes zeros of a map" in verdict.notes[-1]


def test_a_verdict_is_valid_json_whatever_was_given():
    huge = question("gradient", result=np.full_like(X, 1e300))
    with np.errstate(all="raise", under="ignore"):
        verdict = verify.judge(huge, pairs=False)
    text = json.dumps(verdict.as_dict(), allow_nan=False)
    assert verdict.status == 1 and json.loads(text)["difference"]["relative"] > 1e290
    with pytest.raises(verify.VerifyError, match="their result is a single number"):
        question("gradient", result=np.float64(3))


def test_what_gives_zeros_by_chance_is_said_and_is_no_cause():
    chance = Hypothesis(
        name="nothing arrives", step="gradient", says="-", fix="-", change=lambda q, v, old: 0 * old()
    )
    verdict = verify.judge(question("grad_cam", result=np.zeros((1, 6, 4))), [chance])
    assert verdict.kind == "located" and verdict.status == 1 and not verdict.causes
    assert any("would give zeros, too" in note and chance.name in note for note in verdict.notes)


def test_a_large_network_tries_rare_causes_while_time_is_left_and_says_how_many_it_left_out(monkeypatch):
    monkeypatch.setattr(verify.Question, "large", property(lambda q: True))
    q = question("guided_backprop")
    part = next(h for h in HYPOTHESES if h.name == "only some of the ReLUs overridden")
    form = next(f for f in part.forms(q) if f.detail == "all but relu1")
    theirs = verify.reference.run.Run(q, form.changes)["result"]
    hasty, patient = (
        verify.judge(question("guided_backprop", result=theirs), pairs=False, seconds=s) for s in (0, 60)
    )
    assert patient.names("all but relu1") and "left out" not in patient.reason
    assert hasty.kind == "unknown" and "(18 rare ones were left out for time" in hasty.reason


def test_what_would_narrow_it_down_is_what_is_not_given_and_there_is():
    wrong, more = np.random.default_rng(0).random((12, 8)), "give more of yours to narrow it down: "
    scores = np.asarray(question("grad_cam").reference["y"])
    for method, given, lacks in (
        ("grad_cam", {}, "scores, layer activation, layer gradient"),
        ("grad_cam", {"y": scores}, "layer activation, layer gradient"),
        ("gradient", {}, "scores, signal at the input"),
    ):
        result = wrong if method == "grad_cam" else np.stack([wrong] * 3)[None]
        verdict = verify.judge(question(method, result=result, **given), pairs=False)
        assert f"{more}{lacks}" in verdict.notes
