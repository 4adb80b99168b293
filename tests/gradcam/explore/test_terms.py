"""The terms that a number is made of: by hand on numbered arrays; their sum at every unit of a network."""

import numpy as np
import pytest

from gradcam.explore.drawn import as_maps
from gradcam.explore.model import steps
from gradcam.explore.signals import RULES, Signals
from gradcam.explore.terms import backward_terms, forward_terms
from minicnn import Tensor
from minicnn.ops import (
    Add,
    Concat,
    Conv,
    Flatten,
    GlobalAvgPool,
    Linear,
    MaxPool,
    ReLU,
    Sigmoid,
)


def numbered(*shape):
    return np.arange(1.0, np.prod(shape) + 1).reshape(shape)


def terms(found, v):
    """[(w, v, where)]"""
    return [(t["w"], t[v], tuple(t["at"])) for t in found["terms"]]


def everything(seed=2):
    """A network of every kind that has terms -> (its tensors, the output); strides, pads and sizes differ."""
    draw = np.random.default_rng(seed).standard_normal
    weight = lambda *shape: Tensor(draw(shape), "w")  # noqa: E731
    x = Tensor(draw((1, 2, 6, 7)), "x")
    conv1 = Conv((2, 1), (1, 0))(x, weight(3, 2, 3, 2), weight(3), name="conv1")
    relu1 = ReLU()(conv1, name="relu1")
    pool = MaxPool((2, 3), (1, 1))(relu1, name="pool")
    conv2 = Conv()(pool, weight(3, 3, 1, 1), weight(3), name="conv2")
    conv3 = Conv(pad=(0, 1))(pool, weight(2, 3, 1, 3), name="conv3")
    add = Add()(conv2, pool, name="add")
    joined = Concat()(conv3, add, name="joined")
    relu2 = ReLU()(joined, name="relu2")
    gap = GlobalAvgPool()(relu2, name="gap")
    flat = Flatten()(relu2, name="flat")
    fc1 = Linear()(flat, weight(14, 40), weight(14), name="fc1")
    relu3 = ReLU()(fc1, name="relu3")
    row = Concat()(gap, relu3, name="row")
    y = Linear()(row, weight(3, 19), weight(3), name="fc2")
    return steps(y, x), y


def test_the_forward_terms_of_a_convolution_by_hand():
    x, W = numbered(1, 2, 2, 3), np.array([[[[1, 2]], [[3, 4]]], [[[5, -6]], [[7, 8]]]], float)
    tensors = {"x": Tensor(x, "x")}
    tensors["y"] = Conv()(tensors["x"], Tensor(W), Tensor(np.array([10.0, 20.0])))
    found = forward_terms(tensors, "y", (1, 1, 1))
    # x[0, 1, 1:] = 5, 6 and x[1, 1, 1:] = 11, 12
    assert terms(found, "v") == [
        (8, 12, (1, 1, 2)),
        (7, 11, (1, 1, 1)),
        (-6, 6, (0, 1, 2)),
        (5, 5, (0, 1, 1)),
    ]
    assert found["value"] == 96 + 77 - 36 + 25 + 20
    told = {name: found[name] for name in ("kind", "below", "bias", "count", "rest")}
    assert told == {"kind": "Conv", "below": "x", "bias": 20.0, "count": 4, "rest": 0.0}
    assert forward_terms(tensors, "x", (1, 0, 2)) == {"value": 9.0, "kind": "input", "terms": [], "count": 0}
    alone = {"y": tensors["y"]}
    assert forward_terms(alone, "y", (1, 1, 1)) == {"value": 182.0, "kind": "Conv", "terms": [], "count": 0}


def test_twelve_terms_are_shown_the_largest_first_and_the_others_are_added_up():
    W = np.array([[3.0, -20, 5, 1, 8, -2, 13, 4, 11, 6, 17, 9, -7, 10, 2]])
    tensors = {"x": Tensor(np.full((1, 15), 2.0), "x")}
    tensors["y"] = Linear()(tensors["x"], Tensor(W), None)
    found = forward_terms(tensors, "y", (0, 0, 0))
    assert [t["w"] for t in found["terms"]] == [-20, 17, 13, 11, 10, 9, 8, -7, 6, 5, 4, 3]
    assert [t["at"][0] for t in found["terms"]] == [1, 10, 6, 8, 13, 11, 4, 12, 9, 2, 7, 0]
    assert found["rest"] == 2.0 * (1 - 2 + 2) and found["count"] == 15 and found["bias"] == 0.0


def test_the_forward_terms_of_everything_else_by_hand():
    x, z = Tensor(numbered(1, 2, 2, 3) - 6, "x"), Tensor(10 * numbered(1, 2, 2, 3), "z")
    tensors = {
        "x": x, "z": z, "add": Add()(x, z), "relu": ReLU()(x), "pool": MaxPool((1, 2), (1, 1))(x),
        "gap": GlobalAvgPool()(x), "flat": Flatten()(x), "joined": Concat()(x, z), "sigmoid": Sigmoid()(x),
        "beside": Concat(axis=2)(x, z), "grouped": Conv(groups=2)(x, Tensor(np.ones((2, 1, 1, 1)))),
        "line": MaxPool((2,))(x),
    }  # fmt: skip

    def made(name, *unit):
        found = forward_terms(tensors, name, unit)
        assert found["bias"] == found["rest"] == 0.0 and found["kind"] == type(tensors[name].op).__name__
        assert found["count"] == len(found["terms"])
        return found["below"], found["value"], terms(found, "v")

    assert made("add", 1, 0, 2) == ("x", 93.0, [(1, 3, (1, 0, 2)), (1, 90, (1, 0, 2))][::-1])
    assert made("relu", 0, 1, 0) == ("x", 0.0, [(1, -2, (0, 1, 0))])
    assert made("pool", 1, 1, 0) == ("x", 5.0, [(1, 5, (1, 1, 1))])
    below, value, found = made("gap", 1, 0, 0)
    assert (below, value) == ("x", 3.5) and {(w, v) for w, v, _ in found} == {(1 / 6, v) for v in range(1, 7)}
    assert all(x.data[(0, *at)] == v for _, v, at in found)
    assert made("flat", 9, 0, 0) == ("x", 4.0, [(1, 4, (1, 1, 0))])
    assert made("joined", 1, 0, 1) == ("x", 2.0, [(1, 2, (1, 0, 1))])
    assert made("joined", 3, 1, 2) == ("z", 120.0, [(1, 120, (1, 1, 2))])
    for other in ("sigmoid", "beside", "grouped", "line"):
        assert made(other, 1, 0, 0)[2] == []


def test_which_terms_a_gate_stopped_by_hand():
    """20 filters above one number; W = 1 to 20, and gates that are closed for the first few."""

    def found(closed, arrived=1.0):
        W = numbered(20, 1)
        fc = Linear()(x := Tensor(np.ones((1, 1)), "x"), Tensor(W), Tensor(np.full(20, -closed - 0.5)))
        tensors = {"x": x, "fc": fc, "relu": ReLU()(fc)}
        came = np.full((1, 20), arrived)
        signals = {"x": np.full((1, 1), 7.0), "fc": came * (fc.data > 0), "relu": came}
        answer = backward_terms(tensors, signals, "x", (0, 0, 0), "backprop")
        assert answer["value"] == 7.0
        [part] = answer["parts"]
        assert (part["kind"], part["above"], part["factor"]) == ("Linear", "fc", 1.0)
        assert all((t["g"] == 0) == (t["x"] < 0) and t["arrived"] == arrived for t in part["terms"])
        assert all(t["x"] == t["w"] - closed - 0.5 and t["at"] == [t["w"] - 1, 0, 0] for t in part["terms"])
        return [t["w"] for t in part["terms"]], part["rest"], part["stopped"], part["count"]

    assert found(5) == ([*range(20, 11, -1), 5, 4, 3], sum(range(6, 12)), 5, 20)
    assert found(2) == ([*range(20, 10, -1), 2, 1], sum(range(3, 11)), 2, 20)
    assert found(0) == ([*range(20, 8, -1)], sum(range(1, 9)), 0, 20)
    assert found(17) == ([20, 19, 18, *range(17, 8, -1)], 0.0, 17, 20)
    assert found(5, 0.0) == ([], 0.0, 0, 0), "where nothing arrives there is no term"


def test_the_backward_terms_of_everything_by_hand():
    x, z = Tensor(numbered(1, 2, 2, 3) - 6, "x"), Tensor(10 * numbered(1, 2, 2, 3), "z")

    def part(op, *inputs, unit=(1, 0, 2), rule="backprop", own=x):
        y = op(*inputs)
        g = numbered(*y.shape) * 100
        signals = {"x": np.full(x.shape, 8.0), "z": np.full(x.shape, 8.0), "y": g}
        found = backward_terms({"x": x, "z": z, "y": y}, signals, "x" if own is x else "z", unit, rule)
        [only] = found["parts"]
        assert found["value"] == 8.0 and only["above"] == "y" and only["kind"] == type(op).__name__
        assert only["count"] == len(only["terms"]) and only["rest"] == 0.0
        return terms(only, "g"), only["factor"], only["stopped"]

    assert part(Add(), x, z) == ([(1, 900, (1, 0, 2))], 1.0, 0)
    found, factor, _ = part(Add(), x, z, rule="lrp_epsilon")  # R x / (x + z)
    assert found == [(1, pytest.approx(900 / 93, rel=1e-6), (1, 0, 2))] and factor == 3.0
    assert part(MaxPool((1, 2), (1, 1)), x) == ([(1, 600, (1, 0, 1))], 1.0, 0)
    assert part(MaxPool((1, 2), (1, 1)), x, unit=(0, 1, 1)) == ([(1, 300, (0, 1, 0))], 1.0, 0)
    assert part(MaxPool((1, 2), (1, 1)), x, unit=(0, 1, 0)) == ([], 1.0, 0)
    assert part(GlobalAvgPool(), x) == ([(1 / 6, 200, (1, 0, 0))], 1.0, 0)
    found, factor, _ = part(GlobalAvgPool(), x, rule="lrp_epsilon")  # the average is 3.5
    assert found == [(1 / 6, pytest.approx(200 / 3.5, rel=1e-6), (1, 0, 0))] and factor == 3.0
    assert part(Flatten(), x) == ([(1, 900, (8, 0, 0))], 1.0, 0)
    assert part(Flatten(), x, unit=(1, 1, 0)) == ([(1, 1000, (9, 0, 0))], 1.0, 0)
    assert part(Concat(), z, x) == ([(1, 2100, (3, 0, 2))], 1.0, 0)
    assert part(Concat(), z, x, own=z) == ([(1, 900, (1, 0, 2))], 1.0, 0)
    for other in (Sigmoid(), Concat(axis=2), MaxPool((2,))):
        assert part(other, x) == ([], 1.0, 0)
    wide = Add()
    assert part(wide, x, Tensor(numbered(3, 1, 1, 1)))[0] == [], "of a broadcast sum there are no terms"


def test_what_a_relu_let_through_is_what_came_below_it_if_it_was_the_only_one():
    x = Tensor(numbered(1, 2, 2, 3) - 6, "x")
    tensors = {"x": x, "relu": ReLU()(x)}
    signals = {"x": numbered(1, 2, 2, 3) * (x.data > 0), "relu": numbered(1, 2, 2, 3)}
    for unit, g, stopped in (((1, 0, 2), 9.0, 0), ((0, 1, 0), 0.0, 1)):
        [part] = backward_terms(tensors, signals, "x", unit, "backprop")["parts"]
        came = signals["relu"][(0, *unit)]
        term = {"w": 1.0, "g": g, "at": unit, "x": x.data[(0, *unit)], "arrived": came}
        assert part["terms"] == [term] and (part["stopped"], part["count"]) == (stopped, 1)
    both = tensors | {"add": Add()(x, x)}
    [part] = backward_terms(both, signals, "x", (1, 0, 2), "backprop")["parts"]
    assert part["terms"][0]["g"] == part["terms"][0]["arrived"] == 9.0
    nothing = {"x": signals["x"] * 0, "relu": signals["relu"] * 0}
    assert backward_terms(tensors, nothing, "x", (0, 1, 0), "backprop")["parts"][0]["stopped"] == 0
    assert backward_terms(tensors, {"relu": x.data}, "x", (0, 0, 0), "backprop") == {
        "value": 0.0,
        "parts": [],
    }


def test_forward_terms_add_up_at_every_unit_and_say_where_each_stands():
    tensors, _ = everything()
    for name in [*tensors][1:]:
        for unit in np.ndindex(as_maps(tensors[name].data).shape):
            found = forward_terms(tensors, name, unit)
            assert found["value"] == as_maps(tensors[name].data)[unit]
            assert 0 < len(found["terms"]) == min(found["count"], 12)
            sizes = [abs(t["w"] * t["v"]) for t in found["terms"]]
            assert sizes == sorted(sizes, reverse=True)
            total = sum(t["w"] * t["v"] for t in found["terms"]) + found["rest"] + found["bias"]
            assert found["value"] == pytest.approx(max(total, 0) if "relu" in name else total, abs=1e-12)
            below = as_maps(tensors[found["below"]].data)
            assert name == "add" or all(below[tuple(t["at"])] == t["v"] for t in found["terms"])


@pytest.mark.parametrize("rule", RULES)
def test_backward_terms_add_up_at_every_unit(rule):
    tensors, y = everything()
    first = np.array([[0.0, 1.0, 0.0]])
    first = first * y.data if rule.startswith("lrp") else first
    signals = Signals(y, {rule: first}, RULES, tensors, tensors).all[rule]
    checked = 0
    for name in tensors:
        for unit in np.ndindex(as_maps(tensors[name].data).shape):
            found = backward_terms(tensors, signals, name, unit, rule)
            value = as_maps(signals[name])[unit]
            assert found["value"] == value
            if tensors[name] is y:
                assert found["parts"] == []
                continue
            total = 0.0
            for part in found["parts"]:
                total += part["factor"] * (sum(t["w"] * t["g"] for t in part["terms"]) + part["rest"])
                stopped = [t for t in part["terms"] if t["g"] == 0 != t.get("arrived", 0)]
                assert bool(stopped) == bool(part["stopped"])
                if rule == "lrp_zplus" and part["kind"] in ("Conv", "Linear"):
                    assert all(t["w"] >= 0 if part["factor"] >= 0 else t["w"] <= 0 for t in part["terms"])
            assert total == pytest.approx(value, rel=1e-9, abs=1e-12)
            checked += value != 0
    assert checked > 60


def test_the_gates_above_a_convolution_are_counted_one_by_one():
    tensors, y = everything()
    signals = Signals(y, {"guided": np.eye(3)[1:2]}, RULES, tensors, tensors).all["guided"]
    g, came, x = signals["conv1"][0], signals["relu1"][0], tensors["conv1"].data[0]
    W = tensors["conv1"].op.W
    some = 0
    for k, i, j in np.ndindex(2, 6, 7):
        [part] = backward_terms(tensors, signals, "x", (k, i, j), "guided")["parts"]
        terms = {}
        for f, r, q, a, b in np.ndindex(3, 3, 6, 3, 2):
            if (2 * r + a - 1, q + b) == (i, j) and came[f, r, q] != 0:
                terms[f, r, q] = (W[f, k, a, b], g[f, r, q], x[f, r, q], came[f, r, q])
        assert part["count"] == len(terms)
        assert part["stopped"] == sum(g == 0 for _, g, _, _ in terms.values())
        assert all(terms[tuple(t["at"])] == (t["w"], t["g"], t["x"], t["arrived"]) for t in part["terms"])
        some += part["stopped"] > 0
    assert some > 10
