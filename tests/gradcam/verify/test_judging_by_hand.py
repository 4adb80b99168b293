"""From a comparison to a verdict, branch by branch, with a search that finds what the test says."""

from types import SimpleNamespace

import numpy as np
import pytest

from gradcam import verify
from gradcam.verify import VerifyError, judging
from gradcam.verify.judging import ZERO_REFERENCE, ZEROS, judge
from gradcam.verify.locate import SAID
from gradcam.verify.report.verdict import Verdict
from minicnn import GraphError
from tests.gradcam.verify.test_by_hand import cause
from tests.gradcam.verify.test_judge import X, net, question

RIGHT = question("grad_cam").reference["result"]
WRONG = RIGHT + np.random.default_rng(0).uniform(0.1, 0.5, RIGHT.shape) * RIGHT.max()
MISTAKE, SCALE = cause(["a"], ["x"], ["mistake"]), cause(["s"], [""], ["scale"])
CHOICE, TIE = cause(["c"], [""], ["convention"]), cause(["t"], [""], ["tie"])


@pytest.fixture
def finds(monkeypatch):
    """What each part of the search answers, and which parts were asked."""
    answers = SimpleNamespace(
        singles=[], completed=[], near_singles=[], rescaled=[], within=[], pairs=[], nearly_right=False,
        asked=[], rounded=False, undecidable="", located="", left_out=0,
    )  # fmt: skip

    class Search:
        scales, tried = ["scales"], 7

        def __init__(self, q, limits, hypotheses, progress, seconds):
            answers.begun, self.left_out = (limits, hypotheses, progress, seconds), answers.left_out

        def __getattr__(self, name):
            def answer(*given):
                answers.asked.append((name, *given))
                return getattr(answers, name)

            return answer

        def left_by_right(self):
            return 1.0

        def ruled_out(self):
            return ["ruled out"]

        def confidence(self, found):
            return f"sure of {len(found)}"

    monkeypatch.setattr(judging, "Search", Search)

    def rounded(q, verdict, compared, kinds):
        assert q.theirs and verdict.question and [*compared] == [*kinds]
        answers.asked.append("rounded")
        return answers.rounded

    monkeypatch.setattr(judging, "rounded", rounded)
    monkeypatch.setattr(judging, "undecidable", lambda *given: answers.undecidable)
    monkeypatch.setattr(judging, "located", lambda *given: answers.asked.append(given[1:]) or answers.located)
    return answers


def parts(finds):
    return [
        a if isinstance(a, str) else a[0] for a in finds.asked if isinstance(a, str) or isinstance(a[0], str)
    ]


def test_what_is_asked_after_what(finds):
    verdict = judge(question("grad_cam", result=WRONG), pairs=False, seconds=3.0)
    assert parts(finds) == ["singles", "rounded", "near_singles", "rescaled", "within"]
    assert verdict.kind == "unknown"
    limits, hypotheses, progress, seconds = finds.begun
    assert (
        list(limits) == ["result"]
        and hypotheses is judging.HYPOTHESES
        and (progress, seconds) == (False, 3.0)
    )
    assert verdict.reason == "none of 7 tried causes gives your numbers" and verdict.stage == "result"
    assert verdict.measured == "result" and verdict.difference.relative > 0.1 and verdict.located == ""
    assert np.array_equal(verdict.maps["theirs"], WRONG) and np.array_equal(verdict.maps["ours"], RIGHT)
    finds.asked.clear()
    judge(question("grad_cam", result=WRONG), ["mine"], progress=True)
    assert parts(finds)[-2:] == ["within", "pairs"] and finds.begun[1:] == (["mine"], True, None)
    finds.asked.clear()
    finds.near_singles = [MISTAKE]
    assert judge(question("grad_cam", result=WRONG)).causes == [MISTAKE]
    assert parts(finds) == ["singles", "rounded", "near_singles"]
    finds.asked.clear()
    finds.singles, finds.completed = [MISTAKE], [MISTAKE, CHOICE]
    assert judge(question("grad_cam", result=WRONG)).confidence == "sure of 2"
    assert finds.asked == [("singles",), ("completed", [MISTAKE])]
    finds.asked.clear()
    finds.singles, finds.rounded = [], True
    assert judge(question("grad_cam", result=WRONG)).causes == [] and parts(finds) == ["singles", "rounded"]


def test_what_is_located_needs_no_pairs(finds):
    y = question("grad_cam").reference["y"]
    q = question("grad_cam", result=WRONG, scores=y)
    finds.located = SAID[("weights",)] + " (halved)"
    verdict = judge(q)
    assert verdict.kind == "located" and verdict.located == finds.located and "pairs" not in parts(finds)
    (where,) = (a for a in finds.asked if isinstance(a[0], dict))
    assert where[1:] == (["scales"], ["y"]) and list(where[0]) == ["y", "result"]
    finds.asked.clear()
    finds.located = "somewhere"
    judge(q)
    assert "pairs" in parts(finds)
    finds.asked.clear()
    judge(question("grad_cam", result=WRONG))
    assert not [a for a in finds.asked if isinstance(a[0], dict)], "one step tells no place"


def test_what_is_found_and_what_it_is_called(finds):
    def verdict(*found, result=WRONG, **theirs):
        finds.singles = finds.completed = list(found)
        return judge(question("grad_cam", result=result, **theirs))

    assert (
        verdict(MISTAKE).kind == "differs"
        and verdict(TIE).kind == "tie"
        and verdict(TIE, MISTAKE).kind == "differs"
    )
    assert [c.mark for c in verdict(TIE).compared] == ["tie"] and verdict(TIE).compared[0].moves > 0
    assert verdict(MISTAKE).compared[0].mark == "DIFFERS"
    both = verdict(MISTAKE, SCALE, CHOICE)
    assert both.kind == "convention" and both.causes == [SCALE] and both.compared[0].mark == "rescaled"
    assert both.notes == ["these give the same numbers, and cannot be told from it: a (x); c"]
    assert verdict(SCALE).notes == [] and both.stage == SCALE.stage == "the map" and both.measured == "result"
    y = question("grad_cam").reference["y"]
    scores = verdict(SCALE, scores=2 * y)
    assert scores.kind == "differs" and scores.stage == scores.measured == "scores"
    assert [c.mark for c in scores.compared] == ["DIFFERS", "DIFFERS"] and scores.causes == [SCALE]
    assert verdict(MISTAKE).confidence == "sure of 1" and verdict(MISTAKE).ruled_out == ["ruled out"]


def test_zeros_accuse_nobody(finds):
    finds.singles = [cause([n], [""], ["mistake"]) for n in "abcdefg"]
    verdict = judge(question("grad_cam", result=0 * WRONG))
    assert verdict.kind == "located" and verdict.located == ZEROS and verdict.causes == []
    assert (
        verdict.notes[0] == "these would give zeros, too, and cannot be told apart by them: a; b; c; d; e; f"
    )
    assert (
        parts(finds) == ["singles"] and "makes zeros of a map" in verdict.notes[1] and len(verdict.notes) == 2
    )
    some = WRONG * (np.arange(24).reshape(1, 6, 4) > 3)
    assert judge(question("grad_cam", result=some)).causes == finds.completed == []
    assert "completed" in parts(finds), "some zeros are no map of zeros"
    finds.singles = []
    assert len(judge(question("grad_cam", result=0 * WRONG)).notes) == 1
    finds.located = "there"
    y = question("grad_cam").reference["y"]
    assert judge(question("grad_cam", result=0 * WRONG, scores=y)).located == "there"


def test_what_cannot_be_told(finds, monkeypatch):
    finds.undecidable = "too near"
    verdict = judge(question("grad_cam", result=WRONG))
    assert (verdict.kind, verdict.reason, verdict.ruled_out) == ("refused", "too near", ["ruled out"])
    finds.undecidable, finds.nearly_right = "", True
    assert judge(question("grad_cam", result=WRONG)).kind == "unknown", "it was kept in full"
    whole = np.round(WRONG / WRONG.max() * 255)
    verdict = judge(question("grad_cam", result=whole))
    assert verdict.kind == "imprecise" and verdict.reason.startswith(
        "kept in 8 bits, it is nearly the reference's"
    )
    assert finds.asked[-1] == ("nearly_right", 1 / 255)
    finds.nearly_right = False
    assert judge(question("grad_cam", result=whole)).kind == "unknown"
    finds.singles = finds.completed = [MISTAKE]
    verdict = judge(question("grad_cam", result=whole))
    assert verdict.notes == ["compared as it was kept: in 8 bits, in steps of 3.9e-03 of its largest value"]
    with pytest.raises(VerifyError, match="there is no result to compare: give their map"):
        judge(question("grad_cam"))
    monkeypatch.setattr(judging, "refusal", lambda q: "nothing to see")
    verdict = judge(question("grad_cam", result=RIGHT))
    assert (verdict.kind, verdict.reason, verdict.status) == ("refused", "nothing to see", 2)

    def fails(q):
        raise GraphError("no such layer")

    monkeypatch.setattr(judging, "refusal", fails)
    said = judge(question("grad_cam", result=RIGHT)).reason
    assert said == "the method is not defined on this network: no such layer"


def test_how_much_rounding_and_keeping_excuse(finds, monkeypatch):
    model = net()
    model["fc"].W.data *= 200 / RIGHT.max()
    right = question("grad_cam", model).reference["result"]
    kept = judge(question("grad_cam", model, result=np.uint8(np.round(right))))
    assert kept.kind == "equal" and kept.reason == (
        "equal as far as it was kept, in 8 bits, in steps of 5.0e-03 of its largest value"
    )
    assert 1 / 200 < kept.compared[0].tolerance < 1.1 / 200
    monkeypatch.setattr(judging, "amplification", lambda q, steps: dict.fromkeys(steps, 1e13))
    spread = np.random.default_rng(0).choice([-1, 1], RIGHT.shape) * RIGHT.max()
    moved = 32e13 / 2**53  # of the largest value
    verdict = judge(question("grad_cam", result=RIGHT + 0.9 * moved * spread))
    assert verdict.kind == "imprecise" and f"moves this by up to {moved:.2%} of" in verdict.reason
    assert verdict.compared[0].tolerance == 0.01
    verdict = judge(question("grad_cam", result=RIGHT + 1.1 * moved * spread))
    assert verdict.kind == "unknown"
    verdict = judge(
        question(
            "grad_cam",
            result=RIGHT + 0.9 * moved * spread,
            scores=100 + np.random.default_rng(0).random((1, 4)),
        )
    )
    assert verdict.kind == "unknown" and verdict.stage == "scores"
    monkeypatch.setattr(judging, "amplification", lambda q, steps: {})
    nearly = RIGHT * (1 + 0.9e-11)
    verdict = judge(question("grad_cam", result=nearly))
    assert verdict.kind == "equal" and np.array_equal(verdict.maps["theirs"], nearly)
    assert np.array_equal(verdict.maps["ours"], RIGHT)


def test_a_reference_of_zeros_is_said_to_be(finds):
    negative = net()
    negative["fc"].W.data[:] = -abs(negative["fc"].W.data)
    finds.singles = finds.completed = [MISTAKE]
    assert ZERO_REFERENCE in judge(question("grad_cam", negative, result=WRONG)).notes
    assert ZERO_REFERENCE not in judge(question("grad_cam", result=WRONG)).notes
    other = np.random.default_rng(0).random((1, 5, 4))
    assert ZERO_REFERENCE not in judge(question("grad_cam", negative, result=other)).notes


def test_colours_and_other_shapes_are_said(finds):
    from matplotlib import colormaps

    steps = np.random.default_rng(0).permutation(24).reshape(6, 4) * 10
    for exchanged in (False, True):
        picture = colormaps["viridis"](np.arange(256), bytes=True)[:, :3][steps]
        q = question("grad_cam", result=picture[..., ::-1] if exchanged else picture)
        note = judge(q).notes[0]
        assert note.startswith("your map came as a picture: it was read back from its colours, viridis")
        assert note.endswith("(cv2.applyColorMap gives BGR: what is red there is low)") == exchanged
    other = np.random.default_rng(0).random((1, 5, 4))
    verdict = judge(question("grad_cam", result=other))
    assert verdict.kind == "refused" and verdict.difference is None and verdict.compared == []
    assert verdict.reason == (
        "their result is (1, 5, 4); the reference's is (1, 6, 4) or (1, 12, 8), and none of 7 tried causes "
        "gives your shape and numbers"
    )
    verdict = judge(question("grad_cam", result=WRONG, activations=np.zeros((1, 2, 6, 4))))
    assert verdict.notes[0].endswith("the reference's is (1, 6, 6, 4), so it was not compared")
    y = question("grad_cam").reference["y"]
    finds.located = "before that"
    verdict = judge(question("grad_cam", result=other, scores=y))
    assert verdict.kind == "located" and verdict.reason.startswith("their result is (1, 5, 4)")
    assert "rounded" not in parts(finds)[-4:]


# --- what is not known


def test_what_can_be_said_where_no_cause_is_found():
    def unknown(q, located="", left_out=0, left=0.03):
        search = SimpleNamespace(tried=9, left_out=left_out, left_by_right=lambda: left)
        return judging.unknown(q, Verdict("differs", "asked", located=located), search)

    right = question("grad_cam").reference
    verdict = unknown(question("grad_cam", result=2.5 * right["result"]), left_out=3)
    assert verdict.reason == (
        "none of 9 tried causes gives your numbers (3 rare ones were left out for time: give it more seconds)"
    )
    narrow = "give more of yours to narrow it down: "
    assert verdict.notes == [
        "your result is 2.5 times the reference", narrow + "scores, layer activation, layer gradient"
    ]  # fmt: skip
    more = {"activations": right["activation"], "gradient": right["gradient"], "scores": right["y"]}
    located = SAID[("activation",)]
    verdict = unknown(question("grad_cam", result=WRONG, **more), located)
    assert verdict.kind == "located" and verdict.notes == [
        "are they of another forward pass: kept in a list, or of an earlier picture?"
    ]
    assert unknown(question("grad_cam", result=WRONG, **more), SAID[("weights",)]).notes == []
    del more["gradient"]
    assert unknown(question("grad_cam", result=WRONG, **more), located).notes == [
        "give more of yours to narrow it down: layer gradient"
    ]
    settings = {"steps": 3, "rule": "right", "baseline": np.ones((3, 1, 1))}
    wrong = np.random.default_rng(0).random(X.shape)
    q = verify.Question(net(), X, 1, "integrated_gradients", theirs={"result": wrong}, settings=settings)
    (chosen, more) = unknown(q).notes
    assert "the reference chose: steps 3, rule right, baseline of shape (3, 1, 1).  Where" in chosen
    assert more == "give more of yours to narrow it down: scores"
    assert unknown(question("gradient", result=wrong)).notes == [
        "give more of yours to narrow it down: scores, signal at the input"
    ]
    given = {"result": wrong, "gradient": wrong, "scores": right["y"]}
    assert unknown(question("gradient", **given)).notes == []
    (near,) = unknown(question("gradient", **given), left=0.0123).notes
    assert near.startswith("but for a scale it is near the reference (relative L2 0.012)") and "TF32" in near
    (zeros,) = unknown(question("grad_cam", result=0 * WRONG)).notes
    assert zeros.startswith("what often makes zeros of a map")
