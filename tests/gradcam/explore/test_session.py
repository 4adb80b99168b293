"""A session's answers and the network as the page takes it, on pictures of 8 x 10 pixels."""

import base64
import time

import numpy as np
import pytest

from gradcam.explore import ExploreError, Session
from gradcam.explore.model import described, exported, steps
from minicnn import Add, Concat, Conv, Flatten, GlobalAvgPool, MaxPool, ReLU, Sigmoid, Tensor, backward
from minicnn.layer import Apply, ConvLayer, LinearLayer, Sequential
from weights.cards import Card, Preprocessing

GREYS = Preprocessing(crop=(8, 10), channels="BGR", scale=255.0, mean=(1.0, 2.0, 3.0), std=(4.0, 5.0, 6.0))


def network(**told):
    """conv1 (4, 8, 10), pool1 (4, 4, 5), conv2 (3, 4, 5), five scores"""
    net = Sequential(
        ConvLayer("conv1", 3, 4, 3, pad=1), Apply("relu1", ReLU), Apply("pool1", MaxPool, kernel=2),
        ConvLayer("conv2", 4, 3, 3, pad=1), Apply("relu2", ReLU), Apply("gap", GlobalAvgPool),
        LinearLayer("fc", 3, 5),
    ).initialise(4).astype(np.float64)  # fmt: skip
    for name in ("conv1", "conv2", "fc"):
        net[name].b.data = np.random.default_rng(1).standard_normal(net[name].b.data.shape)
    net.card = Card("small", "Small", GREYS, "relu2", **told)
    return net


def looking():
    session = Session(network(), np.float64)
    pixels = np.random.default_rng(5).integers(0, 256, (8, 10, 3), dtype=np.uint8)
    return session, pixels, session.ask("look", {"pixels": pixels.ravel()})


def traced(session, *rules, tensor="fc", region=(2, 0, 0, 0, 0), **more):
    start = {"tensor": tensor, "region": region}
    return session.ask("trace", {"start": start, "rules": rules or ("backprop", "guided"), **more})


def test_a_picture_is_seen_as_the_card_says():
    session, pixels, said = looking()
    x = (pixels[..., ::-1].astype(float) - [1, 2, 3]) / [4, 5, 6]
    assert session.size == (8, 10) and np.allclose(session.tensors["x"].data[0], x.transpose(2, 0, 1))
    assert np.array_equal(said["scores"], session.net(session.tensors["x"].data)[0])
    assert said["scores"].dtype == np.float64
    sums = session.tensors["relu1"].data[0].sum(axis=(1, 2))
    assert said["tops"]["relu1"] == np.argsort(-sums).tolist() and said["tops"].keys() == {
        "x",
        "relu1",
        "relu2",
    }
    with pytest.raises(ExploreError, match="a picture for this network has 8 x 10 pixels, RGB"):
        session.ask("look", {"pixels": pixels[:7]})


def test_a_signal_starts_where_it_is_asked_to_and_says_the_value_there(monkeypatch):
    session, _, said = looking()
    times = iter((3.0, 3.25))
    monkeypatch.setattr(time, "perf_counter", lambda: next(times))
    found = traced(session)
    assert (found["ms"], found["refused"]) == (250.0, {})
    assert found["value"] == said["scores"][2]
    monkeypatch.undo()
    x = session.tensors["x"]
    assert np.allclose(session.signals.at("x", "backprop"), backward(session.y, np.eye(5)[2:3], wrt=x))
    traced(session, "backprop", tensor="pool1", region=(1, 0, 2, 1, 4))
    first = session.signals.at("pool1", "backprop")
    assert np.argwhere(first).tolist() == [[0, 1, i, j] for i in (0, 1) for j in (2, 3, 4)]
    assert first.max() == 1
    traced(session, "lrp_epsilon")
    assert session.signals.at("fc", "lrp_epsilon").tolist() == [[0, 0, said["scores"][2], 0, 0]]


@pytest.mark.parametrize("multi_label", [False, True])
def test_of_a_probability(multi_label):
    session = Session(network(multi_label=multi_label), np.float64)
    scores = session.ask("look", {"pixels": np.arange(240, dtype=np.uint8)})["scores"]
    traced(session, "backprop", by="probability", sureness=0.5)
    p = 1 / (1 + np.exp(-scores / 2)) if multi_label else np.exp(scores / 2) / np.exp(scores / 2).sum()
    one = np.eye(5)[2]
    slope = 0.5 * p * (1 - p) * one if multi_label else 0.5 * p[2] * (one - p)
    assert np.allclose(session.signals.at("fc", "backprop")[0], slope, rtol=1e-10, atol=1e-16)


def test_a_rule_that_is_not_there_is_named_with_those_that_are():
    session, _, _ = looking()
    for rules in (["nonsense"], ["guided", ["guided"]]):
        with pytest.raises(
            ExploreError, match=r"there is no rule .*; there is backprop, deconvnet, guided, "
        ):
            traced(session, *rules)


def test_what_is_drawn_and_every_number():
    session, _, _ = looking()
    traced(session)
    gx = session.signals.at("x", "guided")[0]
    found = session.maps("x", "guided")
    assert (found["H"], found["W"]) == (8, 10) and np.array_equal(found["maps"], gx.astype(np.float32))
    sizes = np.sort(np.abs(gx[gx != 0]))
    assert found["top"] == pytest.approx(sizes[int(0.99 * (len(sizes) - 1))], rel=1e-6)
    assert np.array_equal(session.values("x", "guided"), gx.ravel())
    assert session.values("relu2", "forward").tolist() == session.tensors["relu2"].data.ravel().tolist()
    for what, signed in (("forward", False), ("backprop", True)):
        found = session.maps("relu2", what)
        values = session.tensors["relu2"].data if not signed else session.signals.at("relu2", what)
        shares = values[0][session.tops["relu2"]] / found["top"]
        roots = np.sign(shares) * np.sqrt(np.abs(shares)) if signed else shares
        assert found["codes"].shape == (3, 4, 5) and (found["H"], found["W"]) == (4, 5)
        assert np.abs(found["codes"] - 127 * roots.clip(-1, 1)).max() <= 0.51
    after, before = session.maps("relu1", "guided", after=True), session.maps("relu1", "guided")
    assert not after["codes"][before["codes"] < 0].any() and after["codes"].any()
    traced(session, "guided", tensor="relu1", region=(0, 1, 1, 1, 1))
    assert session.maps("relu2", "guided") == {"maps": None, "H": 4, "W": 5}
    assert session.values("relu2", "guided").shape == (0,)
    with pytest.raises(ExploreError, match="no signal came back to relu2"):
        session.extreme("relu2", "guided", True)
    with pytest.raises(ExploreError, match="'pool1' is no ReLU"):
        session.maps("pool1", "forward", after=True)


def test_where_a_number_is_smallest_and_largest_and_its_terms():
    session, _, _ = looking()
    traced(session)
    for name, what in (("pool1", "forward"), ("x", "backprop"), ("fc", "forward")):
        values = session._values(name, what)
        for least, most in ((True, values.min()), (False, values.max())):
            found = session.extreme(name, what, least)
            assert found["value"] == most == values[tuple(found["unit"])]
    assert session.number("pool1", [3, 1, 4], "forward")["value"] == session.tensors["pool1"].data[0, 3, 1, 4]
    found = session.number("pool1", [3, 1, 4], "backprop")
    assert found["value"] == session.signals.at("pool1", "backprop")[0, 3, 1, 4]
    assert [part["above"] for part in found["parts"]] == ["conv2"]
    assert session.number("pool1", [3, 1, 4], "deconvnet") == {"value": 0.0, "parts": []}


def test_the_first_of_equal_numbers_in_the_order_of_places_is_the_smallest():
    session, _, _ = looking()
    session.tensors["pool1"].data[:] = 1.0
    session.tensors["pool1"].data[0, [1, 2, 3], [2, 0, 0], [1, 3, 3]] = 0.0
    assert session.extreme("pool1", "forward", True)["unit"] == [2, 0, 3]


def test_the_switches_of_a_map():
    session, _, _ = looking()
    traced(session)
    A = session.tensors["relu1"].data[0]
    for asked, k in ((None, int(A.sum(axis=(1, 2)).argmax())), (1, 1)):
        found = session.switches("pool1", asked)
        assert (found["k"], found["below"], found["H"], found["W"]) == (k, "relu1", 8, 10)
        assert np.array_equal(found["map"], A[k].astype(np.float32)) and found["times"].sum() == 20
        assert found["back"].keys() == {"backprop", "guided"} and found["map"].dtype == np.float32
        for rule, g in found["back"].items():
            assert np.array_equal(g, session.signals.at("relu1", rule)[0, k].astype(np.float32))


def test_an_occluder_and_weights_drawn_anew():
    session, pixels, said = looking()
    falls = session.ask("occlude", {"side": 2, "c": 1, "places": [[0, 0], [3, 7]]})["falls"]
    for (i, j), fall in zip(([0, 0], [3, 7]), falls):
        hidden = pixels.copy()
        hidden[i : i + 2, j : j + 2] = 127
        x = ((hidden[..., ::-1].astype(float) - [1, 2, 3]) / [4, 5, 6]).transpose(2, 0, 1)[None]
        assert fall == pytest.approx(said["scores"][1] - session.net(x)[0, 1], abs=1e-12)
    assert session.ask("occlude", {"side": 10, "c": 0, "places": [[0, 0]]})
    for side in (0, 11):
        with pytest.raises(ExploreError, match="an occluder has 1 to 10 pixels"):
            session.ask("occlude", {"side": side, "c": 0, "places": [[0, 0]]})
    assert session.ask("randomise", {"count": 1, "seed": 3}) == {"layers": ["conv1", "conv2", "fc"]}
    assert not np.array_equal(session.y.data[0], said["scores"]) and session.net is not session.original
    assert np.array_equal(session.net["conv2"].W.data, session.original["conv2"].W.data)
    session.ask("randomise", {"count": 0, "seed": 3})
    assert np.array_equal(session.y.data[0], said["scores"]) and session.net is session.original
    session.ask("randomise", {"count": len(session.tensors), "seed": 3})
    for count in (-1, len(session.tensors) + 1):
        with pytest.raises(ExploreError, match="give how many layers"):
            session.ask("randomise", {"count": count, "seed": 3})


def test_a_rule_of_ones_own_is_used():
    session, _, _ = looking()
    assert session.ask("own", {"rule": "g * 2"}) == {}
    traced(session, "own", tensor="relu2", region=(0, 1, 1, 1, 1))
    assert session.signals.at("conv2", "own")[0, 0, 1, 1] == 2


def test_grad_cam_of_a_class():
    session, _, said = looking()
    found = session.gradcam("relu2", 3)
    W = session.net["fc"].W.data[3] / 20
    assert np.allclose(found["alpha"], W) and found["score"] == said["scores"][3]
    assert np.allclose(found["map"], np.tensordot(W, session.tensors["relu2"].data[0], 1))


def test_places_outside_a_tensor():
    session, _, _ = looking()
    assert traced(session, tensor="pool1", region=(3, 3, 4, 3, 4)) and traced(session, region=(0, 0, 0, 0, 0))
    for region in ((4, 0, 0, 0, 0), (0, 4, 0, 4, 0), (0, 0, 5, 0, 5), (0, 2, 0, 1, 0), (0, 0, 2, 0, 1),
                   (-1, 0, 0, 0, 0), (0, -1, 0, 0, 0), (0, 0, -1, 0, 0), (0, 0, 0, 4, 0),
                   (0, 0, 0, 0, 5)):  # fmt: skip
        with pytest.raises(ExploreError, match="is no place in maps of 4 x 4 x 5"):
            traced(session, tensor="pool1", region=region)
    for name in ("nothing", 7):
        with pytest.raises(ExploreError, match=f"this network has no tensor '{name}'"):
            session.maps(name, "forward")


# --- the network as the page takes it


def test_what_the_page_is_told_of_a_card():
    net = network(classes=tuple("abcdefg"), ends="sigmoid")
    x = Tensor(np.zeros((1, 3, 8, 10)), "x")
    found = steps(net(x), x)
    said = described(net, found)
    prepared = {"channels": "BGR", "scale": 255.0, "mean": (1.0, 2.0, 3.0), "std": (4.0, 5.0, 6.0)}
    assert said["preprocessing"] == prepared
    assert (said["name"], said["title"], said["classes"]) == ("small", "Small", ["a", "b", "c", "d", "e"])
    assert said["multi_label"] is True and described(network(ends="softmax"), found)["multi_label"] is False
    conv1 = {"name": "conv1", "from": [0], "shape": (4, 8, 10), "op": "Conv", "activation": False}
    assert said["steps"][1] == conv1 | {"stride": (1, 1), "pad": [1, 1], "dilation": (1, 1)}
    assert said["steps"][0] == {"name": "x", "op": "input", "from": [], "shape": (3, 8, 10)}
    assert said["steps"][2]["activation"] is True and "stride" not in said["steps"][2]
    net.card = Card("bare", "Bare", GREYS, None)
    assert described(net, found)["layer"] == "relu2", "the last maps"
    flat = {"x": x, "flat": Flatten()(x)}
    assert described(net, flat)["layer"] is None and described(net, flat)["columns"] == []
    with pytest.raises(ExploreError, match="there are no maps called 'relu'; there is none"):
        described(net, flat, "relu")


def test_every_weight_reaches_the_page():
    net = network()
    x = Tensor(np.zeros((1, 3, 8, 10)), "x")
    found = steps(net(x), x)
    model, raw = exported(net, found, "relu1")
    blob = base64.b64decode(raw)
    assert model["layer"] == "relu1" and len(model["arrays"]) == 6
    for name, W, b in (("conv1", 0, 1), ("conv2", 2, 3), ("fc", 4, 5)):
        [step] = [s for s in model["steps"] if s["name"] == name]
        assert (step["W"], step["b"]) == (W, b)
        for n, expected in ((W, net[name].W.data), (b, net[name].b.data)):
            kept = model["arrays"][n]
            digits = {"half": "<f2", "float": "<f4", "double": "<f8"}[kept["kind"]]
            there = np.frombuffer(blob, digits, expected.size, kept["at"])
            assert kept["shape"] == expected.shape and np.array_equal(there, expected.ravel())
    assert all("W" not in s for s in model["steps"] if s["op"] not in ("Conv", "Linear"))


def alone(*ops):
    """The page of a network of these operations, one after the other, on maps (1, 4, 4, 6)."""
    x = y = Tensor(np.ones((1, 4, 4, 6)), "x")
    for n, op in enumerate(ops):
        y = op(y, name=f"step{n}") if not isinstance(op, tuple) else op[0](y, *op[1:], name=f"step{n}")
    net = network()
    net.card = Card("alone", "Alone", GREYS, None)
    return exported(net, {"x": x, y.name: y} if len(ops) == 1 else steps(y, x))[0]


def test_what_the_page_computes_by_itself_and_what_not():
    W, same, row = np.ones((2, 4, 1, 1)), Tensor(np.ones((1, 4, 4, 6)), "z"), np.ones((1, 4, 1, 1))
    kept = alone((Conv(), Tensor(W), None))["steps"][1]
    assert kept["W"] == 0 and "b" not in kept
    for fits in (
        (Add(), same),
        (Concat(), same),
        (Concat(-3), same),
        MaxPool(2),
        ReLU(),
        GlobalAvgPool(),
        Flatten(),
    ):
        assert len(alone(fits)["steps"]) == 2
    for misfit, kind in (
        (Sigmoid(), "Sigmoid"), ((Add(), Tensor(row)), "Add"), ((Concat(2), same), "Concat"),
        ((Conv(groups=2), Tensor(np.ones((2, 2, 1, 1)))), "Conv"), (MaxPool((2,)), "MaxPool"),
    ):  # fmt: skip
        with pytest.raises(ExploreError, match=f"page alone cannot compute {kind} 'step0': leave out"):
            alone(misfit)
    x = Tensor(np.ones((1, 4, 4, 6)), "x")
    half = ReLU()(x, name="half")  # which is not among the steps
    with pytest.raises(ExploreError, match="cannot compute Add 'sum'"):
        exported(network(), {"x": x, "sum": Add()(x, half, name="sum")}, "sum")


def test_the_options_of_windows_whose_rows_and_columns_differ():
    conv = alone((Conv((1, 2), (2, 3), (2, 1)), Tensor(np.ones((2, 4, 2, 3))), None))["steps"][1]
    assert (conv["stride"], conv["pad"], conv["dilation"]) == ((1, 2), [2, 3], (2, 1))
    pool = alone(MaxPool((2, 3), (1, 2), (0, 1), dilation=(3, 1)))["steps"][1]
    assert (pool["kernel"], pool["stride"], pool["pad"], pool["dilation"]) == ((2, 3), (1, 2), [0, 1], (3, 1))


def test_steps_without_a_name_are_called_after_their_operation():
    x = Tensor(np.ones((1, 2, 3, 4)), "x")
    y = Flatten()(ReLU()(Add()(x, x), name="relu"))
    assert list(steps(y, x)) == ["x", "Add 1", "relu", "Flatten 3"]
