"""Verify's small parts, each with values worked out by hand: how a map is read, what is said of it, and in
which order causes are weighed."""

import base64
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gradcam import verify
from gradcam.verify import VerifyError, files, judging, modules, probe, search
from gradcam.verify.hypotheses.hypothesis import Form, Hypothesis
from gradcam.verify.hypotheses.preprocessing import FROM_CAFFE, instead_of_caffe
from gradcam.verify.layout import chosen, grids, named, skew
from gradcam.verify.locate import AFTER, SAID, located
from gradcam.verify.question import _bare, _class, _exchanged, _floats, _hashable, method_name
from gradcam.verify.report.html import as_html, figures, png
from gradcam.verify.report.text import headline, how_far, in_words, remedies
from gradcam.verify.report.text import named as blamed
from gradcam.verify.report.verdict import Cause, Compared, Verdict, finite, picture
from gradcam.verify.rounding.differences import Difference
from minicnn import Tensor
from minicnn.places import Maps
from tests.gradcam.verify.test_judge import X, net, question

# --- how a layer is read


def test_tokens_are_grids_of_the_pictures_proportions_first():
    ways = [(way.maps.before, tuple(way.grid)) for way in grids(Tensor(np.zeros((1, 13, 4))), (8, 6))]
    assert ways == [
        (0, (1, 13)), (0, (13, 1)),
        (1, (4, 3)), (1, (1, 12)), (1, (2, 6)), (1, (3, 4)), (1, (6, 2)), (1, (12, 1)),
        (2, (1, 11)), (2, (11, 1)), (5, (1, 8)), (5, (2, 4)), (5, (4, 2)), (5, (8, 1)),
    ]  # fmt: skip
    (first, *_) = grids(Tensor(np.zeros((1, 12, 4))), (8, 6))
    assert first.says == "tokens as 4 x 3 patches" and first.maps.space == (1,) and first.maps.channel == 2
    assert [w.says for w in grids(Tensor(np.zeros((1, 13, 4))), (8, 6))][2] == (
        "tokens as 4 x 3 patches, the first 1 left out"
    )
    assert named("block", first) == "block, tokens as 4 x 3 patches"


def read(shape, sides, theirs=(), maps=None):
    found = chosen(Tensor(np.zeros(shape)), sides, theirs, maps)
    return found and (found.says.split(",")[0], tuple(found.grid))


def test_what_a_layer_is_taken_for():
    last = ("read as (N", (6, 8))
    assert read((1, 5, 6, 8), (12, 16)) is None and read((1, 6, 8, 5), (12, 16)) == last
    assert read((1, 6, 8, 5), (12, 16), (1, 8, 5)) is None, "as large as theirs, as it is"
    assert read((1, 7, 7, 7), (12, 12), (1, 7, 7)) is None
    assert read((1, 7, 7, 8), (14, 14), (1, 7, 7)) == ("read as (N", (7, 7))
    assert read((1, 5, 6, 8), (12, 16), (1, 8, 6)) is None, "turned by a quarter"
    assert read((1, 5, 6, 8), (12, 16), (1, 5, 6)) == ("read as (N", (5, 6)), "theirs has that size"
    assert read((1, 5, 6, 8), (12, 16), (1, 12, 16)) is None, "their map was enlarged: it tells nothing"
    known = Maps(3, (1, 2), (5, 6), (None, None))
    assert read((1, 5, 6, 8), (12, 16), (), known) == ("read as (N", (5, 6))
    assert read((1, 5, 6, 8), (12, 16), (), Maps(1, (2, 3), (6, 8), (None, None))) is None
    assert read((1, 12, 4), (8, 6)) == ("tokens as 4 x 3 patches", (4, 3))
    assert read((1, 12, 4), (8, 6), (1, 6, 2)) == ("tokens as 6 x 2 patches", (6, 2))
    assert read((1, 4, 13), (1, 50)) == ("read as (N", (1, 13))
    with pytest.raises(LookupError):
        read((1, 11, 4), (8, 6))
    assert skew((4, 3), (8, 6)) == 0 and skew((3, 4), (8, 6)) == pytest.approx(np.log(16 / 9))


# --- what theirs is taken for


def test_maps_in_other_shapes_are_the_same_map():
    right = question("grad_cam").reference["result"]
    assert right.shape == (1, 6, 4)
    for theirs in (right, right[0], right[:, None], right[0, ..., None], right[None], right[..., None]):
        q = question("grad_cam", result=theirs)
        assert np.array_equal(q.theirs["result"], right) and q.comparable("result") and not q.misfit
    turned = question("grad_cam", result=right[0].T)
    assert turned.exchanged and np.array_equal(turned.theirs["result"], right.swapaxes(1, 2))
    enlarged = question("grad_cam", result=np.arange(96.0).reshape(12, 8))
    assert enlarged.enlarged and enlarged.reference["result"].shape == (1, 12, 8)
    other = question("grad_cam", result=np.arange(15.0).reshape(3, 5))
    assert other.misfit == "their result is (3, 5); the reference's is (1, 6, 4) or (1, 12, 8)"
    assert other.theirs["result"].shape == (1, 3, 5) and not other.comparable("result")
    gradient = question("gradient").reference["result"]
    for theirs in (gradient, gradient[0], np.moveaxis(gradient, 1, -1), np.moveaxis(gradient[0], 0, -1)):
        assert np.array_equal(question("gradient", result=theirs).theirs["result"], gradient)
    joined = question("gradient", result=gradient[:, 0])
    assert joined.theirs["result"].shape == (1, 1, 12, 8) and joined.misfit
    A = question("grad_cam").reference["activation"]
    for theirs in (A, A[0], np.moveaxis(A, 1, -1), np.moveaxis(A[0], 0, -1)):
        assert np.array_equal(question("grad_cam", result=right, activations=theirs).theirs["activation"], A)
    q = question("grad_cam", result=right, activations=A[:, :3], gradient=A[:, :, :2])
    assert list(q.theirs) == ["result"] and q.misfits == {
        "activation": "their feature maps is (1, 3, 6, 4); the reference's is (1, 6, 6, 4)",
        "gradient": "their gradient is (1, 6, 2, 4); the reference's is (1, 6, 6, 4)",
    }
    for wrong, said in (
        (np.float64(3), "their result is a single number"),
        (np.zeros(6), r"result is \(6,\)"),
    ):
        with pytest.raises(VerifyError, match=said):
            question("grad_cam", result=wrong)
    with pytest.raises(
        VerifyError, match="your scores have 3 classes, the network 4: these are two networks"
    ):
        question("grad_cam", result=right, scores=np.zeros((1, 3)))


def test_probabilities_are_not_taken_for_scores():
    right = question("grad_cam").reference
    y = right["y"]
    p = np.exp(y) / np.exp(y).sum()
    for made, theirs in (("softmax", p), ("log-softmax", np.log(p)), ("a sigmoid", 1 / (1 + np.exp(-y)))):
        q = question("grad_cam", result=right["result"], scores=theirs)
        assert list(q.theirs) == ["result"]
        assert q.misfits == {
            "y": f"your scores are what {made} makes of the reference's (give those before it)"
        }
    assert list(question("grad_cam", result=right["result"], scores=y).theirs) == ["result", "y"]


def test_what_can_be_asked():
    assert _bare((1, 3, 1, 2)) == (3, 2) and _exchanged((1, 3, 5, 7)) == (1, 3, 7, 5)
    assert _exchanged((5, 7)) is None and _exchanged((3, 5, 7)) == (3, 7, 5)
    assert _hashable(np.int64(3)) == 3 and _hashable(np.array([3, 1])) == (3, 1)
    scores = np.zeros((2, 4))
    assert _class(3, scores) == 3 and _class([2], scores) == 2 and _class([3, 0], scores).tolist() == [3, 0]
    for wrong in (4, -1, [0, 4], [0, 1, 2], 1.0):
        with pytest.raises(VerifyError, match=r"is none of the network's 4 \(0 to 3\)"):
            _class(wrong, scores)
    assert _floats("x", np.array([1, 2], np.uint8)).dtype == np.float64
    with pytest.raises(VerifyError, match="x must hold numbers, not bool"):
        _floats("x", np.array([True]))
    with pytest.raises(VerifyError, match=r"NaN or infinity at 2 of 3 places: a division by the maximum"):
        _floats("their result", np.array([1, np.nan, np.inf]))
    with pytest.raises(VerifyError, match=r"x holds NaN or infinity at 1 of 2 places$"):
        _floats("x", np.array([1, np.nan]))
    assert method_name("Grad-CAM++") == "grad_cam++"
    for wrong, said in (
        ("lrp", "'lrp' is a family of methods: say which, lrp_"),
        ("x", "no method is called"),
    ):
        with pytest.raises(VerifyError, match=said):
            method_name(wrong)
    with pytest.raises(VerifyError, match=r"the input must be \(N, C, H, W\) or \(N, C, L\), not \(3, 4\)"):
        verify.Question(net(), np.zeros((3, 4)), 1, "gradient")
    with pytest.raises(
        VerifyError, match=r"a target is a class, one per picture, or a gradcam\.Target, not 1\.5"
    ):
        verify.Question(net(), X, 1.5, "gradient")
    with pytest.raises(
        VerifyError, match=r"grad_cam needs a layer with feature maps; 'fc' is none; there is"
    ):
        verify.Question(net(), X, 1, "grad_cam", "fc")


def test_a_question_in_words():
    said = lambda q: judging.described(q)  # noqa: E731
    assert said(question("gradient")) == "gradient of class 1, input 1 x 3 x 12 x 8"
    q = question("grad_cam", x=np.concatenate([X, X]), c=[3, 0])
    assert said(q) == "grad_cam of class 3, 0 at relu2, input 2 x 3 x 12 x 8"
    q.called = "relu2"
    assert said(q).endswith("at relu2, input 2 x 3 x 12 x 8")
    q.called = "features.4"
    assert said(q).endswith("at features.4 (its output is relu2), input 2 x 3 x 12 x 8")
    assert judging.said(np.array([0.5])) == "0.5" and judging.said(np.zeros((2, 3))) == "of shape (2, 3)"
    assert judging.said(20) == "20" and judging.said("right") == "right"
    assert judging.equal("float32", "", np.ones(2)) == "equal to float32 rounding"
    eight = "in 8 bits, in steps of 3.9e-03 of its largest value"
    assert judging.as_kept("8 bits", np.ones(2)) == eight
    assert judging.equal("float32", "8 bits", np.ones(2)) == f"equal as far as it was kept, {eight}"


def test_layers_of_the_size_of_their_map_are_named():
    sized = question("grad_cam", result=np.arange(24.0).reshape(6, 4)[:5])
    sized.theirs["result"] = np.zeros((1, 12, 8))
    assert judging.of_that_size(sized) == ["layers with maps of 12 x 8: conv1, relu1; none of them gives it"]
    sized.theirs["result"] = np.zeros((1, 12, 8, 3))
    assert "is it a picture of the map, over its photo?" in judging.of_that_size(sized)[0]
    sized.theirs["result"] = np.zeros((1, 6, 4, 3))
    assert "is it a picture of the map" in judging.of_that_size(sized)[0]
    sized.theirs["result"] = np.zeros((1, 5, 4))
    assert judging.of_that_size(sized) == []


def test_what_leaves_a_right_map_right_is_blamed_first_then_what_takes_the_fewest_words():
    two = cause(["a", "b"], ["", ""], ["mistake"] * 2)
    one = cause(["a very long name of a mistake"], [""], ["mistake"])
    long, short = cause(["divided by its maximum"], [""], ["scale"]), cause(["stretched"], [""], ["scale"])
    scales = cause(["a", "b"], ["", ""], ["scale"] * 2)
    assert sorted([two, scales, long, one, short], key=judging.plainest) == [short, long, scales, one, two]


# --- what is said


def cause(names, details, kinds, residual=1e-9, kind=None, fixes=None):
    said = tuple(f"{n} [{d}]" if d else n for n, d in zip(names, details))
    fixes = tuple(fixes or (f"undo {n}" for n in names))
    return Cause(
        tuple(names), tuple(details), "the map", "as the paper has it", fixes, kind or kinds[0], residual,
        tuple(kinds), said,
    )  # fmt: skip


def test_a_cause_and_its_parts():
    both = cause(["a", "b", "c"], ["x", "", "y"], ["mistake", "scale", "convention"], fixes=["f", "g", "f"])
    assert str(both) == "a (x) AND b AND c (y)" and both.name == "a AND b AND c"
    assert both.blamed == "a [x] AND c [y]" and both.scale == "b" and both.fix == "f"
    scale = cause(["b", "d"], ["", "z"], ["scale", "scale"])
    assert scale.blamed == "b AND d [z]" and scale.scale == "" and scale.fix == "undo b; undo d"


def test_a_step_as_it_was_compared():
    far = Difference(0.5, 0.25, 0.125, (0, 3, 1))
    assert far.said(".1e") == "by 2.5e-01 of its largest value"
    assert Difference(1, 9.99, 1, (0,)).said(".2g") == "by 10 of its largest value"
    assert Difference(1, 10.0, 1, (0,)).said(".2g") == "by 10 times its largest value"
    assert Difference(1, np.inf, 1, (0,)).said(".2g") == "from a reference that is zero everywhere"
    step = Compared("map", far, 1e-6)
    assert str(step) == f"{'map':<28} DIFFERS  by 2.5e-01 of its largest value (rounding: 1.0e-06)"
    step.explained("tie", 0.0625)
    assert str(step) == (
        f"{'map':<28} tie      by 2.5e-01 of its largest value (rounding: 1.0e-06; by relative L2 1.2e-01, "
        "and near ties move it by up to 6.2e-02)"
    )
    assert step.as_dict() == {"stage": "map", "mark": "tie", "relative": 0.25, "l2": 0.125, "tolerance": 1e-6,
                              "near_ties_move_it_by": 0.0625}  # fmt: skip


def verdict(kind, **said):
    usual = {"reason": "the reason", "located": "", "stage": "the map", "measured": "the map",
             "difference": Difference(0.5, 0.25, 0.125, (0, 3, 1))}  # fmt: skip
    return Verdict(kind, "a question", **usual | said)


@pytest.mark.parametrize(
    ("kind", "causes", "located", "said", "status"),
    [
        ("equal", [], "", "your map is right: the reason", 0),
        ("rounding", [], "", "your map is right: the reason", 0),
        ("convention", [cause(["b"], ["z"], ["scale"])], "", "is right, in another convention: b (z)", 0),
        ("tie", [], "", "where the derivative is not defined: the reason", 0),
        ("tie", [cause(["t"], ["z"], ["tie"])], "", "where the derivative is not defined: t (z)", 0),
        ("differs", [cause(["a"], ["x"], ["convention"])], "",
         "your map is not the paper's, by a choice that others make, too: a [x]", 1),
        ("differs", [cause(["a"], ["x"], ["mistake"])], "", "your map has a mistake: a [x]", 1),
        ("located", [], "at the gradient", "your map is not the reference's: at the gradient", 1),
        ("unknown", [], "", "and what made it so is not known: the reason", 1),
        ("imprecise", [], "", "too imprecise to tell: the reason", 2),
        ("refused", [], "", "could not compare: the reason", 2),
    ],
)  # fmt: skip
def test_the_first_line_answers(kind, causes, located, said, status):
    v = verdict(kind, causes=causes, located=located)
    assert headline(v).endswith(said) and (v.status, bool(v)) == (status, status == 0)
    assert in_words(v).splitlines()[0] == f"{kind}: {headline(v)}" and str(v) == in_words(v)
    assert re.match(rf"\033\[1;3\dm{kind}\033\[0m: ", in_words(v, colour=True))


def test_causes_are_said_once_and_the_others_counted():
    a, b, c = (cause([n], [""], ["mistake"], fixes=[f"mend {n}"]) for n in "abc")
    with_scale = cause(["b", "s"], ["", ""], ["mistake", "scale"], fixes=["mend b", "mend s"])
    v = verdict("differs", causes=[a, b, with_scale, c])
    assert blamed(v) == "a; or, with the same numbers here, b (or one of 1 more, below)"
    assert blamed(verdict("differs", causes=[a, b])) == "a; or, with the same numbers here, b"
    assert blamed(verdict("differs", causes=[a])) == "a"
    assert remedies(v) == [
        "  fix: mend a", "  or fix: mend b", "  theory: as the paper has it",
        "  in another scale, too, which is no mistake: s", "  the same numbers would come of: b; c",
    ]  # fmt: skip
    detailed = verdict("differs", causes=[cause(["a"], ["x"], ["mistake"])])
    assert remedies(detailed)[0] == "  cause: a (x)  [mistake]"
    stretched = verdict("convention", causes=[cause(["s"], [""], ["scale"])])
    assert remedies(stretched) == ["  to compare it: undo s", "  theory: as the paper has it"]
    assert remedies(verdict("unknown")) == []


def test_how_far_and_where():
    by = "by 0.25 of its largest value (relative L2 0.12), most at (0, 3, 1)"
    for kind in ("tie", "differs"):
        assert how_far(verdict(kind)) == f"differs first at: the map, {by}"
    for kind in ("located", "unknown"):
        assert how_far(verdict(kind)) == f"differs at or before: the map, {by}"
    for kind in ("equal", "convention", "rounding", "imprecise", "refused"):
        assert how_far(verdict(kind)) == ""
    assert how_far(verdict("differs", stage="")) == ""
    follows = verdict("differs", stage="the weights")
    assert how_far(follows) == "differs first at: the weights (that follows from the cause)"
    none = verdict("differs", difference=None)
    assert how_far(none) == "differs first at: the map, which has not even the reference's shape"


def test_a_verdict_in_its_order():
    step = Compared("map", Difference(0.5, 0.25, 0.125, (0,)), 1e-6)
    ruled = [("near", 0.25), ("at", 0.49), ("far", 0.5)] + [(f"n{k}", 0.1) for k in range(5)]
    v = verdict("unknown", located="here", notes=["n1", "n2"], confidence="likely", compared=[step],
                ruled_out=ruled)  # fmt: skip
    assert in_words(v).splitlines()[1:] == [
        "  where: here", "  note: n1", "  note: n2", f"  {how_far(v)}", "  asked: a question",
        "  confidence: likely", f"  {step}",
        "  ruled out, nearest first: near (leaves 0.25); at (leaves 0.49); n0 (leaves 0.1); n1 (leaves 0.1); "
        "n2 (leaves 0.1)",
    ]  # fmt: skip
    assert "ruled out" not in in_words(verdict("differs", causes=[cause(["a"], [""], ["mistake"])],
                                               ruled_out=ruled))  # fmt: skip
    assert "what made it so is not named: the reason" in in_words(verdict("located", located="here"))
    step.explained("rescaled")
    right = verdict("convention", causes=[cause(["s"], ["x"], ["scale"], residual=2.5e-9)], compared=[step])
    assert in_words(right).splitlines()[-1] == f"  {step}: s (x); but for that, by relative L2 2.5e-09"
    found = v.as_dict()
    assert found["difference"] == {"largest": 0.5, "relative": 0.25, "l2": 0.125, "where": [0, 3, 1]}
    assert found["ruled_out"][1] == {"cause": "at", "leaves": 0.49} and found["status"] == 1
    (told,) = right.as_dict()["causes"]
    assert told == {"cause": "s (x)", "stage": "the map", "theory": "as the paper has it", "fix": "undo s",
                    "kind": "scale", "residual": 2.5e-9}  # fmt: skip
    assert v.names("a") is False and right.names("s (x") is True
    assert finite({"a": [1.5, np.inf, {"b": np.nan}], "c": "x"}) == {"a": [1.5, None, {"b": None}], "c": "x"}


def test_pictures_of_a_verdict():
    six = np.arange(2 * 5 * 3 * 4.0).reshape(2, 5, 3, 4)
    assert np.array_equal(picture(six), six[0, 0]) and np.array_equal(picture(six[0]), six[0, 0])
    rgb = six.reshape(10, 3, 4)[:3]
    assert np.array_equal(picture(rgb), rgb.sum(axis=0)) and np.array_equal(picture(six[None]), six[0, 0])
    theirs, ours = np.array([[[1.0, -4.0]]]), np.array([[[2.0, 2.0]]])
    v = verdict("differs", maps={"theirs": theirs, "ours": ours}, causes=[cause(["a"], [""], ["mistake"])])
    captions = [re.search("<figcaption>(.*?)<", figure)[1] for figure in figures(v)]
    assert captions == [
        "theirs, full colour at 4", "ours, full colour at 4", "theirs - ours, full colour at 6"
    ]  # fmt: skip
    data = [base64.b64decode(re.search("base64,(.*?)'", figure)[1]) for figure in figures(v)]
    shown = [np.asarray(Image.open(io.BytesIO(d)).convert("RGB")).astype(int) for d in data]
    assert all(s.shape == (140, 280, 3) for s in shown)  # each pixel 140 by 140
    red, blue = (lambda s: s[0, 0, 0] > s[0, 0, 2]), (lambda s: s[0, -1, 2] > s[0, -1, 0])
    assert red(shown[0]) and blue(shown[0]) and red(shown[1]) and not blue(shown[1])
    assert not red(shown[2]) and blue(shown[2])
    assert list(figures(verdict("differs"))) == []
    assert list(figures(verdict("differs", maps={"theirs": theirs, "ours": ours[..., :1]}))) == []
    assert png(np.zeros((2, 2)), 0.0).startswith("data:image/png;base64,")


def test_a_page_has_its_numbers_in_their_columns():
    step = Compared("map", Difference(1, 0.25, 0.125, (0,)), 1e-6)
    step.explained("tie", 0.0625)
    v = verdict("differs", compared=[step], ruled_out=[("near", 0.25)], confidence="likely", notes=["n1"],
                causes=[cause([n], [""], ["mistake"]) for n in "ab"], located="there")  # fmt: skip
    page = as_html(v)
    assert "<tr><td>map<td>tie<td>2.5e-01<td>1.0e-06<td>1.2e-01<td>6.2e-02" in page
    assert "<tr><th>stage<th><th>difference<th>rounding<th>L2<th>near ties" in page
    assert "<tr><td>near<td>0.25" in page and "<p>Confidence: likely</p>" in page
    order = [page.index(text) for text in ("<strong>your map", "<p>there", f"<p>{how_far(v)}", "<p>n1",
             "<p>Asked: a question", "<h2>Cause: a<", "<h2>Or, with the same numbers: b<", "<p>Confidence",
             "<h2>Compared", "<h2>Ruled out")]  # fmt: skip
    assert order == sorted(order)


# --- the search


def form(name, step="weights", kind="mistake", detail="", **more):
    said = {"says": f"theory of {name}", "fix": f"mend {name}"} | more
    h = Hypothesis(name=name, step=step, kind=kind, change=lambda q, v, old: old(), **said)
    return Form(h, detail, h.change)


def searching(left, limit=1e-6, theirs=None):
    s = object.__new__(search.Search)
    s.left, s.limits = left, {"result": limit}
    s.forms = list(dict.fromkeys(f for forms in left for f in forms))
    s.theirs = {"result": np.ones(3) if theirs is None else theirs}
    return s


def test_what_was_ruled_out_is_listed_nearest_first():
    a, b, c, at = form("a"), form("b", detail="x"), form("c"), form("at")
    s = searching({(a,): 0.5, (b,): 0.25, (c,): 1e-9, (at,): 1e-6, (a, b): 0.01})
    assert s.ruled_out() == [("b: x", 0.25), ("a", 0.5)] and s.ruled_out(1) == [("b: x", 0.25)]


def test_how_sure_a_cause_is():
    a, b, scale, same = form("a"), form("b"), form("s", kind="scale"), form("other", fix="mend a")
    fits = cause(["a"], [""], ["mistake"], residual=1e-4, fixes=["mend a"])
    left = {(a,): 1e-4, (scale,): 2e-4, (same,): 3e-4, (b,): 0.0101, (b, a): 1e-3}
    assert searching(left).confidence([fits]) == (
        "certain: with it, 0.0001 is left (relative L2), with the next best change 0.01 (b)"
    )
    assert searching(left | {(b,): 0.0099}).confidence([fits]).startswith("likely: with it, 0.0001")
    small = cause(["a"], [""], ["mistake"], residual=1e-12, fixes=["mend a"])
    assert searching(left | {(b,): 0.0099}, 1e-4).confidence([small]).startswith("likely")
    assert searching({(a,): 1e-4}).confidence([fits]) == "certain: with it, 0.0001 is left (relative L2)"
    assert searching(left, theirs=np.zeros(3)).confidence([fits]) == "weak: a result of zeros says little"


def test_causes_are_joined_by_hypothesis_and_stand_in_the_order_of_the_catalogue():
    h = form("many", detail="x").of
    many = [Form(h, d, h.change) for d in ("x", "y", "x")]
    scale, late, early = (
        form("s", "result", "scale"),
        form("late", kind="convention"),
        form("early", "gradient"),
    )
    s = searching({(early,): 0.1, (many[0],): 0.2, (many[1],): 0.3, (late,): 0.4, (scale,): 0.5,
                   (late, scale): 0.6, (late, early): 0.7})  # fmt: skip
    found = s._causes([(scale,), (late, scale), (many[0],), (many[1],), (late,), (early,), (late, early)])
    assert [str(c) for c in found] == ["early", "late AND early", "many (x or y)", "late AND s", "late", "s"]
    assert [c.kind for c in found] == ["mistake", "mistake", "mistake", "convention", "convention", "scale"]
    assert [c.residual for c in found] == [0.1, 0.7, 0.2, 0.6, 0.4, 0.5]
    assert found[1].stage == early.of.stage != late.of.stage, "the earlier step of two"
    assert found[3].theory == "theory of late" and found[5].theory == "theory of s"
    assert found[3].fixes == ("mend late", "mend s") and found[3].kinds == ("convention", "scale")


def test_shapes_that_no_scale_brings_together():
    values = np.array([[3.0, -1.0, 4.0]])
    s = searching({})
    s.theirs, s.centred = {"result": values}, {}
    run = lambda v: {"result": np.asarray(v, float)}  # noqa: E731
    assert s._affine(run(-2 * values + 7)) == pytest.approx(0, abs=1e-7)
    a, b = values[0] - 2, np.array([1.0, 0, 0]) - 1 / 3
    cosine = a @ b / np.sqrt((a @ a) * (b @ b))
    assert s._affine(run([[1, 0, 0]])) == pytest.approx(np.sqrt(1 - cosine**2))
    assert s._affine(run([[4, 3, -1]]), np.sort) == pytest.approx(0, abs=1e-7)
    assert s._affine(run([[5, 5, 5]])) == 0 and s._affine(run([[1, 2]])) == np.inf
    assert s._affine(run([[1], [2], [3]])) == np.inf != s._affine(run([[1], [2], [3]]), np.sort)
    assert search._centred(np.array([5.0, 5.0]), lambda v: v) is None
    with np.errstate(invalid="ignore"):
        assert search._centred(np.array([1.0, np.inf]), lambda v: v) is None
    assert search._centred(np.array([1.0, 5.0, 3.0]), np.sort).tolist() == [-1, 0, 1]
    assert search._rescales(form("a", "result", "scale")) and not search._rescales(form("a", "map", "scale"))
    assert search._rescales(form("sign flipped", "map")) and not search._rescales(form("a", "result"))


def test_time_for_what_is_tried_last(monkeypatch):
    s = searching({})
    monkeypatch.setattr(search.time, "monotonic", lambda: 105.0)
    for seconds, large, begun, spare in (
        (None, False, 0, 20), (3.0, False, 0, 3), (3.0, True, 0, 3), (None, True, 102.0, 5),
        (None, True, 90, 1),
    ):  # fmt: skip
        s.seconds, s.q, s.begun = seconds, SimpleNamespace(large=large), begun
        assert s._spare() == spare


def test_what_is_alone_is_many_times_nearer_than_all_others(monkeypatch):
    a, b = form("a"), form("b")
    alike = Form(a.of, "too", a.change)
    s = searching({(a,): 0.01, (alike,): 0.011, (b,): 0.0501, (a, b): 0.001})
    s.q = SimpleNamespace(reference=None)
    monkeypatch.setattr(search.Search, "_apart", lambda self, run, step: 0.9)
    assert s._alone(a) and not s._alone(a, 6)
    s.left[(b,)] = 0.05
    assert not s._alone(a)
    s.left[(b,)] = 0.5
    monkeypatch.setattr(search.Search, "_apart", lambda self, run, step: 0.04)
    assert not s._alone(a)


# --- where it is located


def test_what_is_right_says_where_the_mistake_comes():
    def where(equal, given):
        q = SimpleNamespace(theirs=dict.fromkeys([*given, "result"]), comparable=lambda step: False)
        return located(q, {}, [], equal)

    assert where(["input"], ["input"]) == AFTER["input"]
    assert where(["input", "y"], ["input", "y"]) == AFTER["y"]
    assert where(["activation", "gradient"], ["activation", "gradient"]) == AFTER["gradient"]
    assert where(["activation"], ["activation"]) == AFTER["activation"]
    assert where(["weights", "gradient"], ["weights", "gradient"]) == AFTER["weights"]
    assert where(["input"], ["input", "y"]) == "" and where([], ["input"]) == ""


@pytest.mark.parametrize("steps", [("weights",), ("gradient",), ("activation",), ("activation", "gradient")])
def test_theirs_put_into_the_reference_gives_their_result(steps):
    """Grad-CAM by its equation, of feature maps, gradient or weights that are not the reference's."""
    right = question("grad_cam").reference
    random = np.random.default_rng(1)
    parts = {"activation": right["activation"], "gradient": right["gradient"]}
    for step in steps:
        if step in parts:
            parts[step] = random.uniform(0.5, 2, parts[step].shape)
    alpha = parts["gradient"].mean((2, 3), keepdims=True)
    if "weights" in steps:
        alpha = random.uniform(0.5, 2, alpha.shape)
    result = np.maximum((alpha * parts["activation"]).sum(1), 0)
    names = {"activation": "activations", "gradient": "gradient", "weights": "weights"}
    given = {names[s]: alpha if s == "weights" else parts[s] for s in steps}
    q = question("grad_cam", result=result, **given)
    limits = dict.fromkeys(("result", *steps), 1e-9)
    assert located(q, limits, [], []) == SAID[steps]
    doubled = ("doubled", "result", lambda q, v, old: 2 * old())
    q = question("grad_cam", result=2 * result, **given)
    assert located(q, limits, [doubled], []) == f"{SAID[steps]} (doubled)"
    assert located(q, limits, [], []) == "" and located(q, limits, [doubled], steps) == AFTER[steps[-1]]


# --- files and live models


def test_arrays_in_files(tmp_path):
    (tmp_path / "a.csv").write_text("1,2\n3,4\n")
    assert files.array(tmp_path / "a.csv", "it").tolist() == [[1, 2], [3, 4]]
    (tmp_path / "b.CSV").write_text("1,2\n")
    assert files.array(tmp_path / "b.CSV", "it").shape == (1, 2)
    np.savez(tmp_path / "a.npz", one=np.arange(3.0))
    assert files.array(tmp_path / "a.npz", "it").tolist() == [0, 1, 2]
    np.savez(tmp_path / "b.npz", one=np.arange(3.0), two=np.arange(2.0))
    for name, said in (("b.npz", r"it .*b\.npz: it holds 2 arrays \(one, two\); save one"),
                       ("c.npy", r"c\.npy: No such file or directory$"), ("a\0", ": embedded null byte$"),
                       (".", "this is no ordinary file")):  # fmt: skip
        with pytest.raises(VerifyError, match=said):
            files.array(tmp_path / name, "it")
    np.savez(tmp_path / "c.npz", **dict.fromkeys("abcdefg", np.zeros(1)))
    with pytest.raises(VerifyError, match=r"it holds 7 arrays \(a, b, c, d, e, f\); save one"):
        files.array(tmp_path / "c.npz", "it")
    (tmp_path / "d.npy").write_text("text")
    with pytest.raises(VerifyError, match=r"d\.npy: this is no array saved by np\.save"):
        files.array(tmp_path / "d.npy", "it")
    for mode, shape in (("L", (2, 3)), ("RGB", (2, 3, 3)), ("RGBA", (2, 3, 3)), ("P", (2, 3, 3))):
        Image.new(mode, (3, 2)).save(tmp_path / "e.png")
        assert files.array(tmp_path / "e.png", "it").shape == shape


class Module:
    """Enough of a model for what looks at its modules' paths."""

    def __init__(self, **paths):
        self.paths = paths

    def named_modules(self, remove_duplicate=True):
        return list(self.paths.items())


def test_calls_of_a_module_are_in_their_order():
    one, other = object(), object()
    model = Module(a=one, b=one, c=other)
    calls = [f"a@{k}" for k in (10, 2)] + ["a", "b@3", "c"]
    made = SimpleNamespace(alias=dict.fromkeys(calls), name_of=lambda name: name.upper())
    assert modules.calls_of(model, made, None) == [None] and modules.calls_of(model, made, "x") == ["x"]
    assert modules.calls_of(model, made, "b") == ["A", "A@2", "B@3", "A@10"]
    assert modules.calls_of(model, made, (one, 1)) == ["A"] and modules.calls_of(model, made, (one, 4)) == [
        "A@10"
    ]
    for which in (0, 5):
        with pytest.raises(VerifyError, match=f"'a' is called 4 times: there is no call {which}"):
            modules.calls_of(model, made, (one, which))
    assert modules.path_of(model, one) == "a" and modules.path_of(model, "c") == "c"
    with pytest.raises(VerifyError, match="the layer is not a module of this model"):
        modules.path_of(model, object())
    assert modules.placed(model, made, {"layers": ["c", (one, 2)], "steps": 3}) == {
        "layers": ["C", "A@2"], "steps": 3
    }  # fmt: skip


def test_modules_are_listed_up_to_four():
    found = [(f"p{k}", k) for k in range(4)]
    four = "int at 'p0', int at 'p1', int at 'p2', int at 'p3'"
    assert probe._listed(found) == four
    assert probe._listed([*found, ("p4", 4), ("p5", 5)]) == f"{four} and 2 more"


def test_several_inputs_are_refused():
    tensor = SimpleNamespace(detach=None)
    for x, said in (
        ((tensor, 1), "takes 2 inputs, and one"),
        ({"a": 1, "b": tensor}, r"2 inputs \(a, b\), and"),
    ):
        with pytest.raises(VerifyError, match=said):
            modules.one_input(x)
    assert modules.one_input([1, 2]) == [1, 2] and modules.one_input(tensor) is tensor


def test_pictures_prepared_otherwise_for_weights_from_caffe():
    """Their picture p is BGR, 0 to 1; what each mistake feeds, at one pixel."""
    p = np.array([0.2, 0.4, 0.8]).reshape(1, 3, 1, 1)
    caffe = [103.939, 116.779, 123.68]
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    found = {
        name.removesuffix(f" ({FROM_CAFFE})"): x.ravel() for name, x in instead_of_caffe(p, "Caffe").items()
    }
    for name, expected in {
        "not normalised, 0 to 1": [0.8, 0.4, 0.2],
        "not normalised, 0 to 255": [204, 102, 51],
        "not normalised, BGR, 0 to 1": [0.2, 0.4, 0.8],
        "not normalised, BGR, 0 to 255": [51, 102, 204],
        "Caffe's means, but a picture of 0 to 1": [v - m for v, m in zip((0.2, 0.4, 0.8), caffe)],
        "Caffe's means, but RGB": [v - m for v, m in zip((204, 102, 51), caffe[::-1])],
        "Caffe's means divided by 255": [v - m / 255 for v, m in zip((0.2, 0.4, 0.8), caffe)],
        "Caffe (104, 117, 123) instead of Caffe": [51 - 104, 102 - 117, 204 - 123],
        "ImageNet instead of Caffe": [(v - m) / s for v, m, s in zip((0.8, 0.4, 0.2), mean, std)],
    }.items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-12, err_msg=name)
