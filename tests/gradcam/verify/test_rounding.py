"""Rounding and ties, told from error."""

import numpy as np

from gradcam import verify
from gradcam.verify.reference.tape import relink
from gradcam.verify.report.html import as_html
from minicnn import backward, find, history, one_hot
from tests.gradcam.verify.test_judge import X, net, question


def flipped_by_hand(relu="relu1", wrt="x"):
    """-> (network, the right signal at `wrt` but for one gate that lies near a tie)"""
    model = net()
    y = verify.Question(model, X, 1, "gradient").reference.y
    t = find(y, relu)
    at = np.unravel_index(
        abs(backward(y, one_hot(y, 1), wrt=t)).argmax(), t.shape
    )  # a unit through which much of the signal passes
    model[relu.replace("relu", "conv")].b.data[at[1]] -= t.op.x[at] - 1e-9  # moved to within a billionth of 0
    y = verify.Question(model, X, 1, "gradient").reference.y
    t = find(y, relu)

    def change(s):
        if s is not t:
            return None
        other = s.op.x.copy()
        other[at] = -other[at]
        return {"x": other}

    y = relink(y, change)[y]
    source = next(s for s in history(y) if s.name == wrt)
    return model, backward(y, one_hot(y, 1), wrt=source)


def test_a_gate_that_flips_in_float32_is_rounding_and_not_an_error():
    model, result = flipped_by_hand()
    verdict = verify.judge(question("gradient", model, result=result.astype(np.float32)))
    right = question("gradient", model).reference["result"]
    assert abs(result - right).max() > 1e-3 * abs(right).max(), "the flip changed nothing: nothing was tested"
    assert verdict.kind == "rounding" and verdict.status == 0 and "relu1" in verdict.reason
    assert [c.mark for c in verdict.compared] == ["rounding"] and "DIFFERS" not in str(verdict) + as_html(
        verdict
    )
    row = verdict.compared[0]
    assert (
        row.difference.l2 <= row.moves < 2 * row.difference.l2
        and verdict.as_dict()["compared"][0]["mark"] == "rounding"
    )


def test_rounding_is_judged_at_every_stage_that_was_given():
    """A flip above the layer moves its gradient, the weights and the map; the scores and the activation it
    cannot move.
    """
    model, dA = flipped_by_hand("relu2", "relu1")
    right = verify.Question(model, X, 1, "grad_cam", "relu1").reference
    A = right["activation"]
    given = {
        "scores": right["y"],
        "activations": A,
        "gradient": dA,
        "result": np.maximum((dA.mean((2, 3), keepdims=True) * A).sum(1), 0),
    }
    given = {k: v.astype(np.float32) for k, v in given.items()}
    assert abs(dA - right["gradient"]).max() > 1e-3 * abs(dA).max(), (
        "the flip changed nothing: nothing was tested"
    )
    verdict = verify.judge(verify.Question(model, X, 1, "grad_cam", "relu1", given))
    marks = {c.stage: c.mark for c in verdict.compared}
    assert verdict.kind == "rounding" and marks["layer gradient"] == marks["result"] == "rounding", str(
        verdict
    )
    assert marks["scores"] == marks["layer activation"] == "same"
    wrong = given | {"activations": given["activations"] * np.float32(1.001)}
    assert verify.judge(verify.Question(model, X, 1, "grad_cam", "relu1", wrong), pairs=False).status == 1


def test_the_same_flip_in_float64_is_not_excused():
    model, result = flipped_by_hand()
    assert verify.judge(question("gradient", model, result=result), pairs=False).status == 1


def test_a_flat_picture_with_many_ties_is_called_a_tie():
    """Two float64 results, equal but for the last bits of the input: whole areas of windows are tied, and
    fall either way.
    """
    x = 3 * np.random.default_rng(0).standard_normal((1, 3, 48, 48))
    x[..., 38:, 38:] = 0.3
    other = x * (1 + 1e-15 * np.random.default_rng(1).standard_normal(x.shape))
    theirs, ours = (question("gradient", x=v).reference["result"] for v in (other, x))
    assert abs(theirs - ours).max() > 1e-4 * abs(ours).max(), "no tie fell the other way: nothing was tested"
    verdict = verify.judge(question("gradient", x=x, result=theirs))
    assert verdict.kind == "tie" and verdict.status == 0 and "tied" in verdict.reason
    assert [c.mark for c in verdict.compared] == ["tie"] and verdict.compared[
        0
    ].difference.l2 <= verdict.compared[0].moves
    wrong = theirs.copy()
    wrong[..., :8, :8] *= 1.01  # where nothing is tied
    assert verify.judge(question("gradient", x=x, result=wrong), pairs=False).status == 1
    flat = np.full_like(x, 0.3)
    other = question(
        "gradient", x=flat * (1 + 1e-15 * np.random.default_rng(2).standard_normal(x.shape))
    ).reference["result"]
    assert (
        "take a less flat picture"
        in verify.judge(question("gradient", x=flat, result=other), pairs=False).reason
    )


def test_numbers_that_any_type_holds_excuse_nothing():
    """A reference of small dyadic numbers fits float16: that theirs does too is no reason to forgive what
    float16 would round.
    """
    model, x = net(), np.random.default_rng(1).integers(-2, 3, (1, 3, 16, 16)) / 2
    for t in model.arrays().values():
        t.data[:] = (4 * t.data).round() / 4
    right = verify.Question(model, x, 1, "gradient").reference["result"]
    wrong = right.copy()
    wrong[np.unravel_index(abs(right).argmax(), right.shape)] += 2**-12  # one unit of their grid
    assert right.any() and all(np.array_equal(v.astype(np.float16), v) for v in (right, wrong))
    for given in (wrong, wrong.astype(np.float32)):
        assert (
            verify.judge(
                verify.Question(model, x, 1, "gradient", theirs={"result": given}), pairs=False
            ).status
            == 1
        )
    half = question("gradient").reference["result"].astype(np.float16)
    assert verify.judge(question("gradient", result=half)).kind == "equal"


def test_rounding_of_a_mean_over_many_pictures_is_measured_at_a_few_of_a_large_network(monkeypatch):
    from gradcam.verify import question as room
    from gradcam.verify.rounding.propagation import FEW, amplification

    q = question("integrated_gradients", x=X)
    every = amplification(q, ["result"])["result"]
    monkeypatch.setattr(room, "SLOW", 0)
    q = question("integrated_gradients", x=X)
    assert q.large and q.settings["steps"] > FEW
    assert every / 8 < amplification(q, ["result"])["result"] < 8 * every
