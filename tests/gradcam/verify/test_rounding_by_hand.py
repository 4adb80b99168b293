"""What rounding may do, and where nothing can be said, branch by branch; which methods belong together."""

from types import SimpleNamespace

import numpy as np
import pytest

from gradcam import verify
from gradcam.method import Method
from gradcam.methods import METHODS
from gradcam.verify import refusal
from gradcam.verify.reference import pipelines
from gradcam.verify.report.verdict import Compared, Verdict
from gradcam.verify.rounding import propagation, storage, ties
from gradcam.verify.rounding.differences import Difference, difference
from minicnn import LeakyReLU, MaxPool, ReLU, Sigmoid, Tensor, find
from minicnn.layer import Apply
from tests.gradcam.verify.test_judge import X, net, question

# --- flips


def flipping(monkeypatch, values, theirs):
    """Near ties n that add values[n] to the result, greedily searched; every call of `flipped` is noted."""
    near = [(SimpleNamespace(name=f"t{n}"), (n, np.int64(1)), 0) for n in range(len(values))]
    asked = []

    def flipped(q, run, chosen):
        asked.append([near.index(f) for f in chosen])
        moved = run["result"] + sum(values[near.index(f)] for f in chosen)
        return {"result": moved, "weights": moved}

    def near_ties(y, share, exact=False, behind=None):
        asked.append((share, behind))
        return near

    monkeypatch.setattr(propagation, "flipped", flipped)
    monkeypatch.setattr(propagation, "near_ties", near_ties)
    q = SimpleNamespace(theirs={"result": theirs, "weights": theirs}, method="gradient", layer="relu1")
    return q, near, asked


class Found(dict):
    y = "tape"


def test_flips_are_chosen_greedily(monkeypatch):
    e = np.eye(4)
    run = Found(result=np.array([0.0, 0, 0, 10]))
    q, _, asked = flipping(monkeypatch, [e[0], 3 * e[1], 2 * e[2]], np.array([0.0, 3, 2, 10]))
    names, now = propagation.flips(q, run, {"result": 1e-9}, "float32")
    assert names == ["t1[1, 1]", "t2[2, 1]"] and now["result"].tolist() == [0, 3, 2, 10]
    assert asked[0] == (4e-6, None) and asked[1:4] == [[0], [1], [2]] and asked[4] == [1]
    assert asked[5:7] == [[1, 0], [1, 2]] and len(asked) == 8
    q.method = "grad_cam"
    propagation.flips(q, run, {"result": 1e-9}, "float64")
    assert asked[8] == (1e-13, "relu1")
    q.theirs["weights"] = 2 * q.theirs["result"]
    assert propagation.flips(q, run, {"result": 1e-9, "weights": 1e-9}, "float32") is None
    assert propagation.flips(q, run, {"result": 1e-9, "weights": 1.0}, "float32") is not None
    for near_by, found in ((0.11, True), (0.09, False)):
        q, _, _ = flipping(monkeypatch, [near_by * e[0]], np.array([1.0, 0, 0, 10]))
        assert bool(propagation.flips(q, run, {"result": 0.0895}, "float32")) == found, (
            "a tenth each, or none"
        )
    q, _, asked = flipping(monkeypatch, [], run["result"] + 1)
    assert propagation.flips(q, run, {"result": 1e-9}, "float32") is None and len(asked) == 1
    q, _, asked = flipping(monkeypatch, [e[0]] * 49, run["result"] + 1)
    assert propagation.flips(q, run, {"result": 1e-9}, "float32") is None and len(asked) == 1
    seven = np.eye(8)
    for count, found in ((6, True), (7, False)):
        theirs = np.zeros(8)
        theirs[:count] = 1
        q, _, _ = flipping(monkeypatch, list(seven[:count]), theirs + 5 * seven[7])
        made = propagation.flips(q, Found(result=5 * seven[7]), {"result": 1e-9}, "float32")
        assert bool(made) == found


def test_a_flip_puts_a_gate_or_a_switch_on_the_other_side():
    q = question("gradient")
    y = q.reference.y
    relu, pool = find(y, "relu1"), find(y, "pool1")
    gate, switch = (0, 1, 2, 3), (0, 2, 1, 1)
    other = (int(pool.op.switches[switch]) + 1) % 4
    run = propagation.flipped(q, q.reference, [(relu, gate, -5.0), (pool, switch, other)])
    new = {t.name: t for t in (find(run.y, "relu1"), find(run.y, "pool1"), find(run.y, "relu2"))}
    assert new["relu1"].op.x[gate] == -5 and new["pool1"].op.switches[switch] == other
    assert (new["relu1"].op.x != relu.op.x).sum() == (new["pool1"].op.switches != pool.op.switches).sum() == 1
    assert np.array_equal(run["y"], y.data) and find(y, "relu1").op.x[gate] != -5
    again = propagation.flipped(q, run, [(find(run.y, "relu2"), (0, 0, 0, 0), 1.0)])
    assert find(again.y, "relu1").op.x[gate] == -5 and len(again.changes) == 2


def test_what_the_backward_pass_looks_at():
    x = Tensor(np.array([[[[2.0, -3.0], [0.0, 1.0]]]]), "x")
    leaky, relu, pool, sigmoid = (op(x).op for op in (LeakyReLU(0.1), ReLU(), MaxPool(2), Sigmoid()))
    assert propagation.replayed(leaky)["x"] is leaky.x and propagation.replayed(sigmoid) is None
    assert propagation.replayed(relu)["x"].tolist() == [[[[1, -1], [-1, 1]]]]
    assert propagation.replayed(pool)["switches"] is pool.switches


def test_how_many_units_of_roundoff_float32_is_away():
    q = question("gradient")
    found = propagation.amplification(q, ["input", "y", "result"])
    single = net().astype(np.float32)(X.astype(np.float32)).astype(float)
    assert list(found) == ["y", "result"]
    right = q.reference["y"]
    assert found["y"] == max(1, abs(single - right).max() / abs(right).max() * 2**24) and found["result"] >= 1
    other = net(head=(Apply("more", ReLU),))
    q.low.net = other.astype(np.float32)
    q.low.values.clear()
    assert propagation.amplification(q, ["y"]) == {"y": 1.0}


def test_how_far_roundoff_at_the_input_moves_a_map():
    q = question("input_times_gradient", result=X)
    moved = propagation.band(q, q.reference, "float32", ["result"], tries=2)
    right = q.reference["result"]
    drawn = []
    for seed in (0, 1):
        noise = np.random.default_rng(seed).standard_normal(X.shape)
        other = question("input_times_gradient", x=X * (1 + 4 * 2.0**-24 * noise))
        drawn.append(other.reference["result"])
    assert moved["result"][0] == max(difference(d, right).l2 for d in drawn) > 0
    np.testing.assert_array_equal(moved["result"][1], np.maximum(*(abs(d - right) for d in drawn)))
    assert {key[1] for key in q.values} == {()}


def test_too_many_ties_to_be_tried(monkeypatch):
    count, asked = [48], []

    def near_ties(y, share, exact=False, behind=None):
        asked.append((share, exact, behind))
        return [None] * count[0]

    monkeypatch.setattr(propagation, "near_ties", near_ties)
    q = question("grad_cam")
    assert not propagation.crowded(q, "float32") and asked == [(4e-6, True, "relu2")]
    count[0] = 49
    assert propagation.crowded(question("gradient"), "float64") and asked[1] == (1e-13, True, None)


# --- ties


def differing(**relative):
    return {s: Compared(s, Difference(1, r, r, (0,)), 0.01) for s, r in relative.items()}


def test_whether_near_ties_explain_all(monkeypatch):
    answers = {"flips": None, "crowded": False, "tied": "tied"}
    asked = []
    monkeypatch.setattr(ties, "crowded", lambda q, kind: asked.append(kind) or answers["crowded"])
    monkeypatch.setattr(ties, "tied", lambda q, verdict, compared, kind: [*compared])
    monkeypatch.setattr(
        ties, "flips", lambda q, run, limits, kind: asked.append((limits, kind)) or answers["flips"]
    )
    kinds = {"gradient": "float64", "result": "float32", "y": "float32"}
    theirs = {"result": np.array([0.0, 3.0]), "gradient": np.array([0.0, 3.0])}

    def rounded(method="grad_cam", **relative):
        q = SimpleNamespace(method=method, reference={s: np.array([0.0, 4.0]) for s in theirs}, theirs=theirs)
        verdict, compared = Verdict("differs", "asked"), differing(**relative)
        return ties.rounded(q, verdict, compared, kinds), verdict, compared

    assert rounded(y=0.0, result=0.005)[0] is False, "nothing differs"
    assert rounded(y=0.02, result=0.02)[0] is False, "no flip moves scores"
    assert rounded("eigen_cam", result=0.02)[0] is False and asked == []
    assert rounded(gradient=0.02, result=0.03)[0] is False and asked == [
        "float64", ({"gradient": 0.01, "result": 0.01}, "float64")
    ]  # fmt: skip
    asked.clear()
    assert rounded(y=0.0, gradient=0.2, result=0.02)[0] is False and asked == ["float64"], (
        "too far for a flip"
    )
    assert rounded("smoothgrad", y=0.0, gradient=0.005, result=0.02)[0] == ["result"] and len(asked) == 1
    answers["crowded"] = True
    assert rounded(gradient=0.02)[0] == ["gradient"]
    answers |= {
        "crowded": False,
        "flips": (["relu1[0]", "relu2[1]"], {s: np.array([0.0, 2.0]) for s in theirs}),
    }
    found, verdict, compared = rounded(y=0.0, gradient=0.02, result=0.03)
    assert (
        found is True
        and verdict.kind == "rounding"
        and verdict.reason == ("equal once these near ties fall to the other side: relu1[0], relu2[1]")
    )
    assert [c.mark for c in compared.values()] == ["same", "rounding", "rounding"]
    assert compared["result"].moves == pytest.approx(2 / 4 + 1 / 2)


def test_with_many_ties_a_band_is_measured(monkeypatch):
    answers = {}
    monkeypatch.setattr(ties, "within_band", lambda q, run, limits, kind: answers.get("far") and (
        answers.update(limits=limits, kind=kind) or answers["far"]))  # fmt: skip
    q = SimpleNamespace(method="grad_cam", reference="reference")

    def tied(kind="float64", **relative):
        verdict, compared = Verdict("differs", "asked"), differing(**relative)
        return ties.tied(q, verdict, compared, kind), verdict, compared

    assert tied(result=0.1)[0] is False
    answers["far"] = {"result": 0.05, "gradient": 0.15}
    found, verdict, compared = tied(result=0.1, gradient=0.1)
    assert found is True and verdict.kind == "tie" and answers["limits"] == {"result": 0.01, "gradient": 0.01}
    assert verdict.reason == (
        "so many gates and switches are tied that float64's roundoff at the input moves the reference by "
        "1.5e-01 (relative L2); theirs lies within that"
    )
    assert compared["result"].moves == 0.1 and compared["gradient"].moves == 0.3
    q.method = "smoothgrad"
    _, verdict, compared = tied("float32", result=0.1, gradient=0.1)
    assert verdict.kind == compared["result"].mark == "rounding"
    assert verdict.reason.startswith("on the path there are near ties, and float32's roundoff")
    answers["far"] = {"result": 0.201}
    found, verdict, _ = tied(result=0.1)
    assert (
        found is True
        and verdict.kind == "refused"
        and verdict.reason.endswith("(relative L2): nothing can be said; take a less flat picture")
    )
    answers["far"] = {"result": 0.2}
    assert tied(result=0.1)[1].kind == "tie"


def test_whether_theirs_lies_within_the_band(monkeypatch):
    band, asked = {}, []

    def measured(q, run, kind, steps, tries=8):
        asked.append((kind, list(steps), tries))
        return {s: band[tries] for s in steps}

    monkeypatch.setattr(ties, "band", measured)
    ours = np.zeros(200)
    ours[0] = 1.0

    def within(theirs, limit=0.0):
        return ties.within_band(
            SimpleNamespace(theirs={"result": theirs}), {"result": ours}, {"result": limit}, "k"
        )

    width = np.full(200, 0.01)
    band |= {2: (0.1, width), 8: (0.2, width)}
    assert within(ours + 0.02) == {"result": 0.2} and asked[-2:] == [
        ("k", ["result"], 2),
        ("k", ["result"], 8),
    ]
    assert within(ours + 0.031) is None, "beyond three times the width everywhere"
    some = ours.copy()
    some[1:3] += 0.04
    assert within(some) == {"result": 0.2}, "a hundredth of the places may lie outside"
    some[3] += 0.04
    assert within(some) is None and within(some, 0.011) == {"result": 0.2}
    band[8] = (0.02, np.full(200, 1.0))
    assert within(ours * 1.041) is None and within(ours * 1.039) == {"result": 0.02}, "twice as far in all"
    asked.clear()
    band[2] = (0.1, width)
    band[8] = (9.0, np.full(200, 9.0))
    assert within(2.001 * ours) is None and len(asked) == 1, "hopeless: ten times the first tries"
    assert within(1.999 * ours) == {"result": 9.0}


def test_maps_along_a_path_of_which_nothing_can_be_said(monkeypatch):
    far = [0.201]
    monkeypatch.setattr(ties, "band", lambda q, run, kind, steps: {"result": (far[0], None)})
    q = SimpleNamespace(method="smoothgrad", comparable=lambda step: step == "result", reference="reference")
    said = ties.undecidable(q, 1e-6, "float32")
    assert said.startswith("on the path there are near ties, and float32's roundoff at the input moves the")
    assert "2.0e-01" in said and ties.undecidable(q, 1e-6, "float64") == ""
    far[0] = 0.2
    assert ties.undecidable(q, 1e-6, "float32") == ""
    far[0] = 0.9
    q.method = "gradient"
    assert ties.undecidable(q, 1e-6, "float32") == ""
    q.method, q.comparable = "smoothgrad", lambda step: False
    assert ties.undecidable(q, 1e-6, "float32") == ""


# --- kept in steps


def test_how_far_keeping_moves_a_value():
    kinds = {"8 bits": 1 / 2, "the colours of a colour map": 2.5 / 256,
             "8 bits, then float16": 1 / 2 + 2**-11, "float16": 2**-11, "bfloat16": 2**-8,
             "3 digits": 0.005, "6 digits": 0.5e-5, "": 0}  # fmt: skip
    for kind, step in kinds.items():
        assert storage.step(kind, np.array([2.0])) == pytest.approx(step), kind
    assert storage.step("8 bits", np.array([0.5, 0])) == pytest.approx(2 / 255)
    assert storage.step("8 bits", np.zeros(3)) == 0
    assert storage.step("2 decimals", np.array([-4.0, 1.0])) == 0.005 / 4
    assert storage.step("6 decimals", np.array([0.5])) == pytest.approx(1e-6)


def test_decimals_and_digits():
    random = np.random.default_rng(0).uniform(0.1, 0.9, 50)
    for n in (2, 3, 4, 5, 6):
        assert storage.like_decimals(np.round(random, n), n) and not storage.like_decimals(random, n)
        finer = f"{n} decimals" if n > 2 else "3 digits"
        assert storage.storage(np.round(random, n), random) == finer
    assert not storage.like_decimals(np.round(random, 3), 2)
    assert storage.like_decimals(np.array([1.9e4]), 2) and not storage.like_decimals(np.array([2e4]), 2)
    large = 1e8 * random
    as_digits = np.array([float(f"{v:.3g}") for v in large])
    assert storage.storage(as_digits, large) == "3 digits"
    assert storage.storage(1e-11 * as_digits, random) == "6 decimals", "finer than its three digits"
    assert storage.like_digits(np.array([123456.0, 0.00123456]))
    assert not storage.like_digits(np.array([1234567.0]))
    assert storage.storage(np.float64(np.float32(random)), random) == ""
    assert storage.storage(np.round(random, 3), np.round(random, 3)) == "", "ours looks so, too"
    assert storage.storage(np.array([0, 0.12345, 0.5]), random[:3]) == "5 decimals"
    ours, kept = random[:5], np.array([0, 3, 200, 77, 9]) / 255
    assert storage.storage(kept, ours) == "8 bits" and storage.storage(kept, ours, enough=5) == ""
    assert storage.storage(np.array([0.5, 0, 0.25]), random[:3]) == "", "short numbers may be so by chance"


def test_bytes_that_float16_has_moved():
    random = np.random.default_rng(0).random(50)
    moved = np.float64(np.float16(np.round(255 * random) / 255))
    assert storage.like_bytes_in_float16(moved) and storage.storage(moved, random) == "8 bits, then float16"
    assert storage.storage(moved, random, "float16") == "8 bits, then float16"
    assert storage.storage(np.float64(np.float16(random)), random, "float16") == "float16"
    assert storage.storage(random, random, "bfloat16") == "bfloat16"
    assert not storage.like_bytes_in_float16(-moved) and not storage.like_bytes_in_float16(2 * moved)
    assert not storage.like_bytes_in_float16(moved[:7]) and not storage.like_bytes_in_float16(random)
    eight = np.float64(np.float16(np.arange(9) / 255))
    assert storage.like_bytes_in_float16(eight) and not storage.like_bytes_in_float16(eight[:8])
    assert storage.like_bits(np.array([15.0, -0.75]), 4) and not storage.like_bits(np.array([17.0]), 4)


# --- where nothing can be said


def refused(method="grad_cam", theirs=1.0, c=1, y=((0.0, 1.0),), **steps):
    scores, ones = Tensor(np.array(y), "y"), np.ones((1, 2, 2))
    usual = {"signed": ones, "map": ones, "result": ones, "signal": ones[None], "activation": ones[None]}
    usual["start"] = scores, np.array([[0.0, 1.0]])
    v = SimpleNamespace(y=scores, **usual | steps)
    taken = SimpleNamespace(steps=pipelines.PIPELINES[method].steps)
    result = {"result": np.array([theirs])}
    q = SimpleNamespace(reference=v, theirs=result, method=method, c=c, pipeline=taken)
    return refusal.refusal(q)


def test_why_a_question_is_refused():
    zeros = np.zeros((1, 2, 2))
    assert refused() == refused("gradient") == refused("occlusion") == refused("smoothgrad") == ""
    sure = [[0.0, 17.0]]
    assert refused(theirs=0.0, y=sure).startswith("your result is all zeros, and a class has probability 1")
    assert refused(theirs=0.0) == refused(y=sure) == refused(theirs=0.0, y=sure, c=None) == ""
    assert refused(theirs=0.0, y=[[0.0, 16.0]]) == refused(theirs=0.0, y=[[0.0, 17.0], [0.0, 1.0]]) == ""
    alike = np.eye(2).reshape(1, 2, 1, 2)
    assert refused("eigen_cam", activation=alike).startswith("the two largest singular values")
    assert refused("grad_cam", activation=alike) == refused("eigen_cam", activation=alike * [1, 2]) == ""
    nought = {"y": [[1.0, 0.0]]}
    assert (
        refused("ablation_cam", **nought).startswith("the score is 0") and refused("grad_cam", **nought) == ""
    )
    assert refused("ablation_cam") == ""
    assert refused(signed=zeros).startswith("the reference is zero before its final ReLU")
    assert refused("gradient", signed=zeros) == ""
    assert refused(map=zeros, theirs=0.0).startswith("both maps are all zero after the final ReLU")
    assert refused(map=zeros) == refused(theirs=0.0) == ""
    assert refused("gradient", signal=zeros).startswith("the reference is zero everywhere: any map of zeros")
    assert "Are all ReLUs shut" in refused("gradient", signal=zeros) and refused(signal=zeros) == ""
    assert refused("smoothgrad", result=zeros).startswith("the picture is the baseline")
    assert refused("occlusion", result=zeros).endswith("Take another picture, class or setting")
    assert refused("grad_cam", result=zeros) == ""
    some = zeros + np.array([1, 0])  # not everywhere
    for method in ("grad_cam", "gradient", "smoothgrad", "occlusion"):
        assert refused(method, signed=some, map=some, signal=some, result=some) == ""
    of_two = Tensor(np.array([[0.0, 1.0], [1.0, 0.0]])), np.array([[0.0, 1.0]] * 2)
    assert refused("ablation_cam", start=of_two).startswith("the score is 0"), "of one of two pictures"


def test_activations_for_which_no_rule_is_published():
    five = question("guided_backprop", net(activation=LeakyReLU), result=X)
    assert refusal.refusal(five).startswith(
        "guided_backprop is defined for ReLUs; this network has LeakyReLU at 'relu1', LeakyReLU at 'relu2', "
    )
    many = net(head=tuple(Apply(f"a{n}", LeakyReLU) for n in range(5)))
    assert "LeakyReLU at 'a2', LeakyReLU at 'a3' ..., for which" in refusal.refusal(
        question("guided_backprop", many, result=X)
    )
    assert refusal.refusal(question("gradient", many, result=X)) == ""
    assert refusal.refusal(question("guided_backprop", result=X)) == ""


# --- which methods belong together


def test_groups_of_methods():
    family = ["grad_cam", "counterfactual", "grad_cam++", "xgrad_cam", "hirescam", "layercam"]
    forward = ["cam", "eigen_cam", "score_cam", "ablation_cam"]
    lrp = [f"lrp_{rule}" for rule in ("epsilon", "gamma", "alpha_beta", "z_box", "flat")]
    plain = ["gradient", "saliency", "input_times_gradient"]
    plain += ["smoothgrad", "integrated_gradients", "full_grad"]
    ruled = ["deconvnet", "guided_backprop"]
    maps = [*family, *forward, "excitation_backprop"]
    signed = [*plain, *ruled, *lrp, "occlusion", "deep_lift"]
    expected = {
        "ALL": METHODS, "MAPS": maps, "CAMS": [*maps, "guided_grad_cam"],
        "WEIGHED": [*family, *forward, "guided_grad_cam"], "GRADED": [*family, "guided_grad_cam"],
        "FORWARD": forward, "UNCLIPPED": ["cam", "hirescam", "eigen_cam", "excitation_backprop"],
        "PATHS": ["smoothgrad", "integrated_gradients", "deep_lift"],
        "RELEVANCE": lrp,
        "QUOTIENT": ["deep_lift"], "GATED": set(METHODS) - {*lrp, "deep_lift"},
        "BY_WINNER": set(METHODS) - {"deep_lift"}, "SIGNED": signed, "RULED": [*ruled, "guided_grad_cam"],
        "BY_GUIDED": ["guided_backprop", "guided_grad_cam"], "PLAIN": [*plain, "deep_lift"],
    }  # fmt: skip
    known = {*maps, *signed, "guided_grad_cam"}  # a new method belongs where its steps say
    for name, methods in expected.items():
        group = getattr(pipelines, name)
        assert [m for m in group if m in known] == [m for m in METHODS if m in methods and m in known], name
        assert "nothing" not in group and None not in group
    within = {
        "guided_layercam": {"CAMS", "WEIGHED", "GRADED", "UNCLIPPED", "RULED", "BY_GUIDED"},
        "eigen_smooth_grad_cam": {"CAMS", "MAPS", "WEIGHED", "GRADED"},
        "aug_smooth_grad_cam": {"CAMS", "WEIGHED", "GRADED"},
        "vargrad_saliency": {"PATHS", "SIGNED", "PLAIN"},
    }  # fmt: skip
    for name, groups in within.items():
        found = {group for group in expected if name in getattr(pipelines, group)}
        assert found == groups | {"ALL", "GATED", "BY_WINNER"}, name
    assert list(pipelines.but(("a", "b", "c"), "b")) == ["a", "c"] and "b" not in pipelines.but(
        ("a", "b"), "b"
    )


def test_how_a_method_that_says_nothing_of_its_steps_is_taken():
    def compute(context):
        return context

    options = {"equation": "-", "exact": True}
    plain = Method("whole", "-", "-", "-", compute, **options)
    assert pipelines.pipeline_of(plain).takes == ()
    at_layer = Method("at_layer", "-", "-", "-", compute, at_layer=True, **options)
    made = pipelines.pipeline_of(at_layer)
    assert made.takes == ("A", "activation", "signed", "map", "upsampled") and set(made.own) == {
        "signed", "map", "result"
    }  # fmt: skip
    q = question("grad_cam")
    context = made.own["signed"](q, q.reference)
    assert context.A is q.reference.A and context.y is q.reference.y and context.x.name == "x"
    assert context.pixels is q.pixels and context.signals == {} and context.net is q.net
    both = Method("both", "-", "-", "-", lambda context: ["one", "two"], at_layer=True, joint=True, **options)
    assert pipelines.pipeline_of(both).own["signed"](q, q.reference) == "one"
    many = Method("many", "-", "-", "-", compute, at_layer=True, many_passes=True, **options)
    assert pipelines.pipeline_of(many).takes == ()
    two = Method("two", "-", "-", "-", compute, signals=(("backprop", "x"), ("guided", "x")), **options)
    assert pipelines.pipeline_of(two).takes == ()
    q = question("gradient")
    signals = pipelines.pipeline_of(two).own["result"](q, q.reference).signals
    assert np.array_equal(signals["backprop", "x"], q.reference["signal"])
    guided = verify.Question(net(), X, 1, "guided_backprop").reference["result"]
    assert np.array_equal(signals["guided", "x"], guided) and list(signals) == [
        ("backprop", "x"),
        ("guided", "x"),
    ]
    one = Method("one", "-", "-", "-", compute, signals=(("guided", "x"),), **options)
    made = pipelines.pipeline_of(one)
    assert made.takes == ("start", "rules", "signal")
    assert made.own["result"](q, SimpleNamespace(y=q.reference.y, signal="s")).signals == {
        ("guided", "x"): "s"
    }
