"""The search through the catalogue: in which order causes are tried, when it ends, and who is not blamed."""

from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest

from gradcam.verify import search
from gradcam.verify.hypotheses import combining
from gradcam.verify.hypotheses.catalogue import HYPOTHESES
from gradcam.verify.hypotheses.hypothesis import DoesNotApply, Form, Hypothesis
from gradcam.verify.hypotheses.values import min_max, over_max
from gradcam.verify.reference.run import Run
from gradcam.verify.report.verdict import Cause
from tests.gradcam.verify.test_by_hand import cause, form, searching
from tests.gradcam.verify.test_judge import question


def asked(forms, fits=(), large=False, seconds=None, **more):
    """A search among these forms in which only some fit; it notes what it tries, and lists those that fit."""
    s = searching({}, **more)
    s.forms, s.tries, s.shapes, s.likely, s.left_out = list(forms), [], {}, {}, 0
    s.seconds, s.begun = seconds, search.time.monotonic()
    s.q = SimpleNamespace(large=large, stored=lambda step: "", reference="reference")
    s._shown = lambda tried, what: tried
    s._causes = list
    s._apart_in_shape = lambda form: s.shapes.get(form, False)

    def tried(forms):
        s.tries.append(forms if len(forms) > 1 else forms[0])
        s.left[forms] = 0.0 if forms in fits else 1.0
        return forms in fits

    s._try = tried
    return s


NUMBERS = count()  # a change is known by its name
CHEAP, COSTLY, AT_LAYER = form("cheap"), form("costly", "rules"), form("layer", "gradient")
SCALE = form("scale", "result", "scale")


def rare(name, step="rules"):
    h = Hypothesis(name=name, step=step, says="-", fix="-", change=lambda q, v, old: old(), rare=("r",))
    return Form(h, "rare", h.change)


# --- single causes


def test_what_costs_no_backward_pass_is_tried_first():
    s = asked([COSTLY, AT_LAYER, CHEAP], [(COSTLY,), (CHEAP,)])
    assert s.singles() == [(COSTLY,), (CHEAP,)], "in the order of their steps"
    assert s.tries == [CHEAP, COSTLY, AT_LAYER]
    seldom = rare("seldom", "gradient")
    s = asked([seldom, COSTLY, AT_LAYER, CHEAP], large=True)
    assert s.singles() == [] and s.tries == [CHEAP, AT_LAYER, seldom, COSTLY]
    assert asked([seldom, COSTLY, AT_LAYER]).singles() == [] != s.tries


def test_a_right_map_in_another_scale_ends_the_search():
    s = asked([COSTLY, SCALE, CHEAP], [(SCALE,), (CHEAP,), (COSTLY,)])
    assert s.singles() == [(CHEAP,), (SCALE,)] and s.tries == [SCALE, CHEAP]
    s = asked([COSTLY, SCALE], [(SCALE,)], theirs=np.zeros(3))
    s.singles()
    assert s.tries == [SCALE, COSTLY], "zeros are anybody's"
    for other in (form("a", "result"), form("a", "map", "scale")):
        s = asked([COSTLY, other], [(other,)])
        s.singles()
        assert s.tries == [other, COSTLY]


def test_of_a_large_network_no_far_cause_is_tried_once_one_fits():
    h = Hypothesis(name="many", step="rules", says="-", fix="-", change=lambda q, v, old: old())
    one, two, other = Form(h, "1", h.change), Form(h, "2", h.change), form("other", "rules")
    s = asked([CHEAP, one, two, other, AT_LAYER], [(one,), (two,)], large=True)
    assert s.singles() == [(one,), (two,)] and s.tries == [CHEAP, AT_LAYER, one, two]
    s = asked([CHEAP, one, other], [(CHEAP,)], large=True)
    assert s.singles() == [(CHEAP,)] and s.tries == [CHEAP]
    s = asked([AT_LAYER, form("too", "gradient")], [(AT_LAYER,)], large=True)
    s.singles()
    assert len(s.tries) == 2
    s = asked([CHEAP, one, other], [(CHEAP,)])
    s.singles()
    assert s.tries == [CHEAP, one, other]


def test_rare_causes_of_a_large_network_end_with_the_time(monkeypatch):
    now = iter([100.0, 101.0, 102.5, 103.5, 104.0])
    causes = [rare(f"r{n}") for n in range(4)]
    s = asked([*causes, COSTLY], large=True, seconds=3.0)
    monkeypatch.setattr(search.time, "monotonic", lambda: next(now))
    s.singles()
    assert s.tries == [COSTLY, *causes[:2]] and s.left_out == 2
    assert all(s.left[(f,)] == np.inf and s.shapes[f] for f in causes[2:])
    assert causes[1] not in s.shapes


def test_who_leaves_no_less_than_a_right_map_is_not_blamed():
    near, far = form("near"), form("far")
    s = asked([near, far, SCALE], [(near,), (far,)])
    s._apart = lambda run, step: 0.5
    assert s._clearly((near,)) and s._clearly((near, SCALE)), "nothing was lost in keeping it"
    s.q.stored = lambda step: "8 bits" if step == "result" else ""
    s.left = {(near,): 0.19, (far,): 0.2, (SCALE,): 0.4, (SCALE, far): 0.9}
    assert s.left_by_right() == 0.4 and s._clearly((near,)) and not s._clearly((far,))
    assert s._clearly((SCALE,)) and s._clearly((form("t", kind="tie"),)) and not s._clearly((SCALE, far))
    del s.left[(SCALE,)]
    assert s.left_by_right() == 0.5 and s.tries == [SCALE]
    s.limits = {"result": 0.2}
    assert s.nearly_right(0.251) and not s.nearly_right(0.25) and not s.nearly_right(0.0)
    s.limits = {"result": 0.251}
    assert s.nearly_right(0.0)


def test_the_three_nearest_may_be_right_but_for_ties(monkeypatch):
    names = "abcd"
    forms = [form(n, "gradient") for n in names]
    s = asked(forms)
    s.left = dict(zip([(f,) for f in forms], (0.1, 0.05, 0.15, 0.19)))
    s.limits = {"gradient": 1e-6, "result": 1e-6}
    monkeypatch.setattr(search, "Run", lambda q, changes: changes[0][0])
    same, tied, met = set(), set(), []
    s._same = lambda run, step: (run, step) in same

    def but_for_ties(form, run, limits, kind):
        met.append((form.name, run, limits, kind))
        return form.name in tied

    s._but_for_ties = but_for_ties
    kinds = {"gradient": "float32", "result": "float64"}
    tied |= {"c", "d"}
    assert s.near_singles(kinds) == [(forms[2],)]
    assert met == [(n, n, {"gradient": 1e-6, "result": 1e-6}, "float32") for n in "bac"]
    tied.discard("c")
    assert s.near_singles(kinds) == [], "the fourth is not looked at"
    same |= {("b", "gradient"), ("b", "result"), ("a", "gradient")}
    tied |= {"a", "b"}
    assert s.near_singles(kinds) == [(forms[0],)] and met[-1] == ("a", "a", {"result": 1e-6}, "float64")
    s.limits = {"y": 1e-6, "result": 1e-6}
    assert s.near_singles(kinds) == [], "no flip moves the scores"
    s.left = dict.fromkeys(s.left, 0.2)
    s.limits = {"result": 1e-6}
    assert s.near_singles(kinds) == []


def test_what_ties_excuse(monkeypatch):
    f = form("a", "gradient")
    s = asked([f])
    told = {"flips": None, "crowded": False, "within_band": None}
    monkeypatch.setattr(search, "flips", lambda *given: told["flips"])
    monkeypatch.setattr(search, "crowded", lambda q, kind: told["crowded"])
    monkeypatch.setattr(search, "within_band", lambda *given: told["within_band"])

    def excused(method="gradient", kind="float32", alone=(), left=0.1, **now):
        told.update(now)
        s.q.method, s.left = method, {(f,): left}
        s._alone = lambda form, times=search.ALONE: times in alone
        return s._but_for_ties(f, "run", {"result": 1e-6}, kind)

    assert not excused() and excused(flips="found") and not excused("eigen_cam")
    assert not excused(crowded=True, within_band=None)
    assert excused(within_band={"result": 0.019, "gradient": 0.01}) and not excused(
        within_band={"result": 0.02}
    )
    assert not excused(within_band={"result": 0.01, "gradient": 0.03}) and excused(alone=[5])
    assert not excused(alone=[500])
    path = {"method": "smoothgrad", "crowded": False}
    assert not excused(**path, within_band=None) and excused(**path, within_band={"result": 0.01})
    assert not excused(**path, alone=[500], within_band={"result": 0.01})
    assert excused(**path, alone=[500], left=4e-4) and not excused(**path, alone=[500], left=5e-4)
    assert excused(**path, alone=[500], kind="float64")


# --- what only rescales


def test_causes_that_a_scale_hides():
    turned, stretched = form("turned over", "result"), form("stretched", "result")
    start, rules, other = form("start", "start"), form("rules", "rules"), form("input", "input")
    s = asked([other, start, rules, SCALE, stretched, turned, CHEAP])
    s.rescaled = lambda forms=None: [("rescaled", forms)]
    found = [cause(["turned over"], [""], ["mistake"])]
    assert s.completed(found) == [*found, ("rescaled", [start, SCALE, stretched, CHEAP])]
    h = Hypothesis(name="recipe", step="map", says="-", fix="-", change=lambda q, v, old: old(),
                   also={"rules": None})  # fmt: skip
    recipe = Form(h, "", h.change)
    s.forms = [*s.forms, recipe]
    (_, (_, alike)) = s.completed([cause(["recipe"], [""], ["mistake"])])
    assert alike == [start, rules, SCALE, stretched, turned, CHEAP]
    for name in ("scale", "rules", "nobody"):
        found = [cause([name], [""], ["mistake"])]
        assert s.completed(found) == found
    both = [cause(["turned over"], [""], ["mistake"]), cause(["rules"], [""], ["mistake"])]
    assert s.completed(both) == both


def test_causes_in_another_scale():
    a, b, second = form("a"), form("b"), form("s2", "result", "scale")
    half = form("half", "map", "scale")
    s = asked([a, b, SCALE, second, half], [(a, SCALE), (b, second), (SCALE, second)])
    assert s.rescaled() == [(a, SCALE), (b, second), (SCALE, second)]
    assert set(s.tries) == {(f, scale) for f in (a, b, SCALE, second, half) for scale in (SCALE, second)} - {
        (SCALE, SCALE), (second, second)
    }  # fmt: skip
    s = asked([a, b, SCALE], [(a, SCALE), (b, SCALE)])
    s.shapes[a] = True
    assert s.rescaled() == [(b, SCALE)] and (a, SCALE) not in s.tries
    assert s.rescaled([a]) == []
    s._clearly = lambda forms: False
    assert s.rescaled() == []


# --- two at once


def test_pairs_from_the_cheap_to_the_costly():
    a, b, alone = form("a", "map"), form("b", "result"), form("c", "map")
    object.__setattr__(alone.of, "alone", True)
    s = asked([b, COSTLY, AT_LAYER, a, alone], [(a, b), (COSTLY, AT_LAYER)])
    assert s.pairs() == [(a, b), (COSTLY, AT_LAYER)]
    assert s.tries == [
        (a, b), (COSTLY, a), (COSTLY, b), (AT_LAYER, a), (AT_LAYER, b), (COSTLY, AT_LAYER)
    ]  # fmt: skip
    twins = [Form(a.of, d, a.of.change) for d in ("x", "y")]
    s = asked([*twins, b])
    s.pairs()
    assert s.tries == [(twins[0], b), (twins[1], b)], "never two of one cause"
    s = asked([a, SCALE, COSTLY])
    s.shapes[a] = True
    s.pairs()
    assert s.tries == [(COSTLY, a), (COSTLY, SCALE)], "no scale brings a there"
    s = asked([a, b, COSTLY, AT_LAYER])
    s.likely = {a: 0.2, b: 0.3, COSTLY: 0.11, AT_LAYER: 0.1}
    s.pairs()
    assert s.tries[:3] == [(AT_LAYER, a), (AT_LAYER, b), (COSTLY, AT_LAYER)], "the likely first"


def test_pairs_end_with_the_time_and_of_large_networks_with_the_first_that_fit(monkeypatch):
    a, b = form("a", "map"), form("b", "result")
    s = asked([a, b, COSTLY, AT_LAYER], [(a, b)], large=True)
    assert s.pairs() == [(a, b)] and s.tries == [(a, b)]
    s = asked([a, b, COSTLY, AT_LAYER], [(a, b)])
    s.pairs()
    assert len(s.tries) == 6
    s = asked([a, COSTLY, AT_LAYER], [(COSTLY, a), (AT_LAYER, a)], large=True)
    assert s.pairs() == [(COSTLY, a), (AT_LAYER, a)] and len(s.tries) == 2
    now = iter([10.0, 10.0, 11.0, 12.1])
    s = asked([a, b, COSTLY, AT_LAYER], seconds=2.0)
    monkeypatch.setattr(search.time, "monotonic", lambda: next(now))
    s.pairs()
    assert len(s.tries) == 2


# --- one try


def made(result, q=None, large=False, change=None, step="weights"):
    s = object.__new__(search.Search)
    right = question("grad_cam").reference["result"]
    s.q = q or question("grad_cam", result=right if result is None else result)
    s.theirs, s.limits, s.left, s.likely, s.shapes = s.q.theirs, {"result": 1e-6}, {}, {}, {}
    s.centred, s.tried, s.kept = {}, 0, None
    return s


def changing(step, change, **more):
    h = Hypothesis(
        name=f"{step} changed {next(NUMBERS)}", step=step, says="-", fix="-", change=change, **more
    )
    return Form(h, "", change)


def test_a_try_notes_what_is_left():
    s = made(None)
    twice = changing("weights", lambda q, v, old: 2 * old())
    same = changing("weights", lambda q, v, old: old())
    assert not s._try((twice,)) and s._try((same,)) and s.tried == 2
    assert s.left[(twice,)] == pytest.approx(0.5) and s.left[(same,)] == 0
    assert s.likely[twice] == pytest.approx(0, abs=1e-6)
    assert s._fits((same,), ["result"]) and not s._fits((twice,), ["result"])
    nearly = changing("result", lambda q, v, old: old() + 1.5e-6 * old().max())
    assert not s._try((nearly,))
    brings = changing("result", nearly.change, brings=lambda run: 1e-6)
    assert s._try((brings,))
    s.limits = {"result": 1.0}
    assert not s._try((twice,)), "what differs by more than a hundredth is never the same"
    s.limits = {"result": 1e-6}
    s.theirs = {**s.theirs, "weights": s.q.reference["weights"]}
    s.limits = {"result": 1e-6, "weights": 1e-6}
    other = changing("weights", lambda q, v, old: old() * (1 + 1.5e-6), brings=lambda run: 1e-6)
    assert not s._fits((other,), ["weights"]) and s._fits((other,), ["result"])


def test_what_cannot_be_leaves_infinitely_much():
    def refuses(q, v, old):
        raise DoesNotApply("not here")

    def fails(q, v, old):
        raise ValueError("shapes")

    s = made(None)
    refused, failing = changing("weights", refuses), changing("map", fails)
    smaller = changing("map", lambda q, v, old: old()[:, 1:])
    assert not s._try((refused,)) and s.left[(refused,)] == np.inf
    with pytest.raises(ValueError, match="shapes"):
        s._try((failing,))
    assert not s._try((smaller, failing)) and s.left[(smaller, failing)] == np.inf
    assert not s._try((smaller,)) and s.left[(smaller,)] == np.inf == s.likely[smaller]
    nan = changing("map", lambda q, v, old: old() * np.nan)
    assert not s._try((nan,)) and s.left[(nan,)] == np.inf


def test_float32_rules_costly_causes_of_large_networks_out(monkeypatch):
    s = made(None)
    cheap = changing("weights", lambda q, v, old: 2 * old())
    costly = changing("cam_rules", lambda q, v, old: old())
    other = changing("start", lambda q, v, old: (old()[0], 1.2 * old()[1]))
    assert not s._hopeless((costly,), ["result"]) and s.left == {}, "not large"
    monkeypatch.setattr(type(s.q), "large", property(lambda q: True))
    assert not s._hopeless((cheap,), ["result"]) and s.left == {}
    assert not s._hopeless((costly,), ["result"]) and s.kept is costly
    assert s.left[(costly,)] < 1e-5 and s.shapes[costly] is False and s.likely[costly] < 1e-3
    assert s._hopeless((other,), ["result"]) and s.left[(other,)] == pytest.approx(1 / 6, rel=1e-4)
    s.left.clear()
    assert s._hopeless((cheap, costly), ["result"]) and s.left[(cheap, costly)] == pytest.approx(
        0.5, rel=1e-4
    )
    nearly = changing("start", lambda q, v, old: (old()[0], 1.1 * old()[1]))
    assert not s._hopeless((nearly,), ["result"])
    s.theirs = {**s.theirs, "weights": s.q.reference["weights"], "result": 1.2 * s.theirs["result"]}
    assert s._hopeless((costly,), ["weights", "result"]) and not s._hopeless((costly,), ["weights"])


def test_a_cause_that_changes_what_is_equal_is_no_form():
    right = question("grad_cam").reference
    q = question("grad_cam", result=2 * right["result"], scores=right["y"], gradient=right["gradient"])
    limits = {"result": 1e-9, "y": 1e-9, "gradient": 1e-9}
    made = search.Search(q, limits, HYPOTHESES, False)
    steps = {f.of.step for f in made.forms}
    assert "weights" in steps and not {"input", "start"} & steps
    assert [f.of.name for f in made.forms if f.of.name.startswith("colour")] == []
    named = {f.name: f for f in made.forms if f.of.step == "weights"}
    absolute = named["absolute value of the gradient before its mean"]
    found = Run(q, absolute.changes)
    np.testing.assert_allclose(found["weights"], abs(right["gradient"]).mean((2, 3), keepdims=True))
    assert np.array_equal(found["gradient"], right["gradient"])
    both = Run(q, (*absolute.changes, ("twice", "activation", lambda q, v, old: 2 * old())))
    np.testing.assert_allclose(both["weights"], found["weights"])
    assert search.behind_gradient(absolute.of, q) == []
    (h,) = (h for h in HYPOTHESES if h.name == absolute.of.name)
    assert search.behind_gradient(h, question("grad_cam", result=right["result"])) == []
    assert [f.of.step for f in search.behind_gradient(h, q)] == ["weights"]
    every = search.Search(
        question("grad_cam", result=right["result"] * 2), {"result": 1e-9}, HYPOTHESES, False
    )
    assert {"y", "start", "input"} <= {f.of.step for f in every.forms} and len(every.forms) > len(made.forms)
    scales = {name: f for name, _, f in every.scales}
    assert "divided by its maximum" in scales and "a sum instead of the mean over i, j" not in scales
    m = right["result"]
    for name, by in (("divided by its maximum", over_max), ("stretched from minimum to maximum", min_max)):
        np.testing.assert_allclose(scales[name](q, None, lambda: m), np.stack([by(one) for one in m]))


def test_a_shape_is_compared_once():
    s, asked = made(None), []
    s._affine = lambda run, order=None: asked.append(run) or 0.11
    near, far = changing("weights", None), changing("weights", None)
    assert s._apart_in_shape(far) and s._apart_in_shape(far) and len(asked) == 1
    s._affine = lambda run, order=None: 0.1
    assert not s._apart_in_shape(near) and s._apart_in_shape(far)


def test_what_is_named_has_the_numbers_of_its_own_try():
    a, b = form("a"), form("b")
    s = searching({(a,): 0.25, (b,): 0.5, (a, b): 0.125})
    (found,) = s._causes([(a, b)])
    assert isinstance(found, Cause) and found.residual == 0.125 and found.names == ("a", "b")
    two = [cause([n], [""], ["mistake"], residual=r) for n, r in (("a", 1e-7), ("b", 3e-7))]
    assert s.confidence(two).startswith("certain: with it, 3e-07 is left"), "the one that fits worst"
    q = question("gradient", result=np.ones((1, 3, 12, 8)))
    begun = search.Search(q, {"result": 1e-9}, [], False, 3.0)
    assert (begun.seconds, begun.left_out, begun.tried, begun.kept) == (3.0, 0, 0, None) != begun.begun


def test_another_method_is_run_with_the_changes_of_what_both_have_in_common(monkeypatch):
    monkeypatch.setattr(combining, "Run", lambda q, changes: (q, changes))
    steps = ("input", "start", "activation", "weights", "signed", "rules")
    v = SimpleNamespace(changes=[(f"another {step}", step, len) for step in steps])
    q = SimpleNamespace(of_method=lambda method: f"question of {method}")
    assert combining.as_if("grad_cam++", q, v) == ("question of grad_cam++", v.changes[:3])
