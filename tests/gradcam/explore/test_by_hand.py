"""The Explorer's numbers, of arrays that are written out here, without Node.js."""

import json

import numpy as np
import pytest

from gradcam.explore import ExploreError, Session, bundle, experiments, model, readers
from gradcam.explore.drawn import as_maps, percentile
from gradcam.explore.lehmer import normals
from gradcam.explore.signals import RULES, Signals
from gradcam.explore.terms import backward_terms, forward_terms
from gradcam.explore.wire import packed, understood
from gradcam.explore.written import read
from minicnn import GlobalAvgPool, MaxPool, ReLU, Tensor
from minicnn.layer import Apply, ConvLayer, LinearLayer, Sequential
from weights.cards import Card, Preprocessing


def small(**more):
    net = Sequential(
        ConvLayer("conv1", 3, 4, 3, pad=1), Apply("relu1", ReLU), Apply("pool1", MaxPool, kernel=2),
        ConvLayer("conv2", 4, 5, 3, pad=1), Apply("relu2", ReLU), Apply("gap", GlobalAvgPool),
        LinearLayer("fc", 5, 3),
    ).initialise(2).astype(np.float64)  # fmt: skip
    rng = np.random.default_rng(1)
    for name in ("conv1", "conv2", "fc"):
        net[name].b.data = rng.standard_normal(net[name].b.data.shape) / 4
    card = {"multi_label": False} | more
    net.card = Card("small", "Small", Preprocessing(size=8, crop=8), "relu2", **card)
    return net


def test_grad_cam_before_its_relu():
    x = Tensor(np.random.default_rng(0).standard_normal((1, 3, 8, 8)), "x")
    net = small()
    y = net(x)
    found = model.steps(y, x)
    built = experiments.built_up(y, 1, found["relu2"])
    W, A = net["fc"].W.data, found["relu2"].data[0]
    np.testing.assert_allclose(built["alpha"], W[1] / A[0].size, rtol=1e-12)
    np.testing.assert_allclose(built["map"], (built["alpha"][:, None, None] * A).sum(0), rtol=1e-12)
    assert built["bias"] == net["fc"].b.data[1] and built["score"] == y.data[0, 1]
    assert (built["H"], built["W"]) == A.shape[1:]
    assert experiments.built_up(found["gap"], 1, found["relu2"])["bias"] == 0


def test_the_last_layers_are_drawn_anew():
    net = small()
    found = model.steps(net(Tensor(np.zeros((1, 3, 8, 8)), "x")), Tensor(np.zeros((1, 3, 8, 8)), "x"))
    layers, anew = experiments.drawn_anew(found, 2, 5)
    assert layers == ["conv1", "conv2", "fc"]
    other = net.map(anew)
    assert np.array_equal(other["conv1"].W.data, net["conv1"].W.data)
    assert np.array_equal(other["conv1"].b.data, net["conv1"].b.data)
    for n, (name, fan_in) in enumerate((("conv2", 4 * 9), ("fc", 5)), 1):
        expected = normals(5000 + n, net[name].W.data.size) * np.sqrt(2 / fan_in)
        np.testing.assert_allclose(other[name].W.data.ravel(), expected, rtol=1e-12)
        assert not other[name].b.data.any()


# --- terms


def forward(net):
    x = Tensor(np.random.default_rng(3).standard_normal((1, 3, 8, 8)), "x")
    y = net(x)
    return x, y, model.steps(y, x)


def test_a_number_is_the_sum_of_its_terms():
    net = small()
    x, _, found = forward(net)
    said = forward_terms(found, "conv1", (2, 0, 7))
    W, expected = net["conv1"].W.data, []
    for c in range(3):
        for a, b, r, q in ((1, 0, 0, 6), (1, 1, 0, 7), (2, 0, 1, 6), (2, 1, 1, 7)):
            expected.append((W[2, c, a, b], x.data[0, c, r, q], [c, r, q]))
    expected.sort(key=lambda term: -abs(term[0] * term[1]))
    assert said["count"] == 12 and said["bias"] == net["conv1"].b.data[2] and said["rest"] == 0
    assert [(t["w"], t["v"], t["at"]) for t in said["terms"]] == expected
    assert said["value"] == pytest.approx(said["bias"] + sum(w * v for w, v, _ in expected))
    assert (said["kind"], said["below"]) == ("Conv", "x")
    said = forward_terms(found, "fc", (1, 0, 0))
    assert said["below"] == "gap" and said["count"] == 5 and said["bias"] == net["fc"].b.data[1]
    gap = forward_terms(found, "gap", (3, 0, 0))
    assert gap["count"] == 16 and gap["terms"][0]["w"] == 1 / 16
    assert gap["rest"] + sum(t["w"] * t["v"] for t in gap["terms"]) == pytest.approx(gap["value"])
    assert forward_terms(found, "x", (0, 1, 2)) == {
        "value": x.data[0, 0, 1, 2], "kind": "input", "terms": [], "count": 0
    }  # fmt: skip
    (term,) = forward_terms(found, "pool1", (1, 2, 3))["terms"]
    assert term["v"] == found["relu1"].data[0, 1, 4:6, 6:8].max() == found["pool1"].data[0, 1, 2, 3]


def test_a_signal_is_the_sum_of_what_it_went_into():
    net = small()
    _, y, found = forward(net)
    first = np.zeros_like(y.data)
    first[0, 2] = 1
    signals = Signals(y, {"guided": first, "backprop": first}, RULES, found, ["x", "relu2"])
    for rule in ("guided", "backprop"):
        of = signals.all[rule]
        for name, at in (("x", (1, 0, 3)), ("conv1", (2, 5, 5)), ("relu1", (3, 4, 4)), ("pool1", (0, 1, 2)),
                         ("relu2", (4, 1, 1)), ("gap", (2, 0, 0))):  # fmt: skip
            said = backward_terms(found, of, name, at, rule)
            assert said["value"] == as_maps(of[name])[at]
            sums = [p["rest"] + sum(t["w"] * t["g"] for t in p["terms"]) for p in said["parts"]]
            assert sum(sums) == pytest.approx(said["value"], abs=1e-12), name
    assert backward_terms(found, {}, "x", (0, 0, 0), "guided") == {"value": 0.0, "parts": []}
    (part,) = backward_terms(found, signals.all["backprop"], "relu2", (4, 1, 1), "backprop")["parts"]
    assert part["kind"] == "GlobalAvgPool" and part["terms"] == [
        {"w": 1 / 16, "g": net["fc"].W.data[2, 4], "at": [4, 0, 0]}
    ]  # fmt: skip
    assert signals.at("x", "guided") is signals.few["guided"]["x"] and signals.at("x", "nothing") is None
    counts = signals.counts()
    g, op = signals.all["guided"]["relu1"], found["relu1"].op
    assert counts["gates"]["relu1"]["guided"] == [
        int(((g > 0) & (op.x > 0)).sum()), int(((g < 0) & (op.x > 0)).sum()),
        int(((g > 0) & (op.x <= 0)).sum()), int(((g < 0) & (op.x <= 0)).sum()),
    ]  # fmt: skip
    gx = signals.all["backprop"]["x"]
    assert counts["signs"]["backprop"]["x"] == {
        "up": int((gx > 0).sum()), "down": int((gx < 0).sum()),
        "positive": pytest.approx(gx[gx > 0].sum()), "negative": pytest.approx(gx[gx < 0].sum()),
    }  # fmt: skip


def test_a_gate_at_zero_is_closed():
    x = Tensor(np.array([0.0, 2.0]).reshape(1, 2, 1, 1), "x")
    y = ReLU()(x, name="relu")
    signals = Signals(y, {"backprop": np.ones(y.shape)}, RULES, {"x": x, "relu": y}, ["x"])
    assert signals.counts()["gates"] == {"relu": {"backprop": [1, 0, 1, 0]}}  # open, then closed: up, down


# --- the model that the page is told of


def step(name, op="Conv", side=4, begins=(), activation=False):
    return {"name": name, "op": op, "shape": (3, side, side), "from": [*begins], "activation": activation}


def test_seven_columns_evenly_chosen_with_grad_cams_layer_among_them():
    gates = [step("x", "input")]
    for n in range(1, 12):
        gates.append(step(f"r{n}", "ReLU", begins=[n - 1], activation=True))
    assert model.columns(gates[:8], None) == [f"r{n}" for n in range(1, 8)]
    assert model.columns(gates, None) == ["r1", "r3", "r4", "r6", "r8", "r9", "r11"]
    assert model.columns(gates, "r5") == ["r1", "r3", "r5", "r6", "r8", "r9", "r11"]
    assert model.columns(gates, "r10") == ["r1", "r3", "r4", "r6", "r8", "r10", "r11"]
    assert model.columns(gates, "r4") == model.columns(gates, "nothing") == model.columns(gates, None)
    assert model.columns(
        [step("x", "input"), step("c", begins=[0]), step("y", side=1, begins=[1])], None
    ) == ["c"]
    branched = [step("x", "input"), step("r1", "ReLU", begins=[0], activation=True),
                step("inner", "ReLU", begins=[1], activation=True), step("sum", "Add", begins=[2, 1]),
                step("r2", "ReLU", begins=[3], activation=True),
                step("squeeze", "ReLU", begins=[4], activation=True)]  # fmt: skip
    assert model.columns(branched, None) == ["r1", "sum", "r2"]


def test_what_the_page_is_told():
    net = small()
    found = forward(net)[2]
    said = model.described(net, found)
    assert [s["name"] for s in said["steps"]] == [
        "x",
        "conv1",
        "relu1",
        "pool1",
        "conv2",
        "relu2",
        "gap",
        "fc",
    ]
    assert [s["from"] for s in said["steps"]] == [[], [0], [1], [2], [3], [4], [5], [6]]
    assert said["steps"][3] | {"shape": None} == {
        "name": "pool1", "op": "MaxPool", "activation": False, "from": [2], "shape": None, "kernel": (2, 2),
        "stride": (2, 2), "pad": [0, 0], "dilation": (1, 1),
    }  # fmt: skip
    assert said["steps"][-1]["shape"] == (3, 1, 1) and said["classes"] == ["class 0", "class 1", "class 2"]
    assert (said["layer"], said["multi_label"], said["columns"]) == ("relu2", False, ["relu1", "relu2"])
    assert model.described(small(multi_label=True), found)["multi_label"] is True
    with pytest.raises(ExploreError, match="no maps called 'fc'; there is conv1, relu1, pool1, conv2, relu2"):
        model.described(net, found, "fc")
    assert model.described(net, found, "pool1")["layer"] == "pool1"
    assert model.shape_of(Tensor(np.zeros((2, 3)))) is None is model.shape_of(Tensor(np.zeros((1, 3, 4))))


@pytest.mark.parametrize(
    ("array", "kind", "size"),
    [
        (np.array([[0.5, -2.0]]), "half", 4), (np.array([0.1]), "double", 8),
        (np.array([0.1], np.float32), "float", 4),
        (np.float32(0.1) * np.arange(1024, dtype=np.float32), "float", 4096),
        (np.float32(0.1) * (np.arange(1024) % 256).astype(np.float32), "code", 1024),
        (np.float32(0.1) * (np.arange(1023) % 3).astype(np.float32), "float", 4092),
    ],
)  # fmt: skip
def test_weights_in_the_smallest_form_that_keeps_every_digit(array, kind, size):
    blob = bytearray(b"abc")
    kept = model._stored(array, blob)
    at = kept["at"]
    assert kept["kind"] == kind and kept["shape"] == array.shape and len(blob) - at == size
    if kind == "code":
        assert (kept["book"], at) == (8, 8 + 1024)
        book = np.frombuffer(bytes(blob), "<f4", 256, kept["book"])
        found = book[np.frombuffer(bytes(blob), "u1", 1024, at)]
    else:
        found = np.frombuffer(bytes(blob), {"half": "<f2", "float": "<f4", "double": "<f8"}[kind], -1, at)
        assert at == 8
    assert np.array_equal(found.reshape(array.shape), array)


# --- a session


def session():
    found = Session(small(), np.float64)
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return found, found.ask("look", {"pixels": pixels}), pixels


def test_where_a_signal_is_largest_and_what_a_square_costs():
    s, said, pixels = session()
    assert said["scores"].shape == (3,)
    s.ask("trace", {"start": {"tensor": "fc", "region": [1, 0, 0, 0, 0]}, "rules": ["backprop"]})
    g = s.signals.all["backprop"]["x"][0]
    for least, pick in ((True, np.argmin), (False, np.argmax)):
        at = s.ask("extreme", {"tensor": "x", "what": "backprop", "least": least})
        assert tuple(at["unit"]) == tuple(int(i) for i in np.unravel_index(pick(g), g.shape))
        assert at["value"] == g.ravel()[pick(g)]
    tie = s.ask("extreme", {"tensor": "gap", "what": "forward", "least": False})
    assert tie["unit"][0] == int(s.tensors["gap"].data.argmax()) and tie["unit"][1:] == [0, 0]
    falls = s.ask("occlude", {"side": 3, "c": 1, "places": [[0, 0], [5, 2]]})["falls"]
    hidden = pixels.copy()
    hidden[5:8, 2:5] = 127
    after = s._scores(hidden)[1].data[0, 1]
    assert falls[1] == pytest.approx(said["scores"][1] - after) and falls.shape == (2,)
    for side in (0, 9):
        with pytest.raises(ExploreError, match="an occluder has 1 to 8 pixels, and 64 places at most"):
            s.ask("occlude", {"side": side, "c": 1, "places": [[0, 0]]})
    assert len(s.ask("occlude", {"side": 8, "c": 1, "places": [[0, 0]] * 64})["falls"]) == 64
    with pytest.raises(ExploreError, match="an occluder"):
        s.ask("occlude", {"side": 8, "c": 1, "places": [[0, 0]] * 65})


def test_a_signal_starts_at_a_region():
    s, _, _ = session()
    asked = {"start": {"tensor": "relu2", "region": [3, 1, 0, 2, 3]}, "rules": ["backprop", "lrp_epsilon"]}
    said = s.ask("trace", asked)
    A = s.tensors["relu2"].data
    assert said["value"] == pytest.approx(A[0, 3, 1:3, 0:4].sum())
    ones = np.zeros_like(A)
    ones[0, 3, 1:3, 0:4] = 1
    assert np.array_equal(s.signals.all["backprop"]["relu2"], ones)
    assert np.array_equal(s.signals.all["lrp_epsilon"]["relu2"], ones * A)
    for region in ([5, 0, 0, 0, 0], [0, 2, 0, 1, 0], [0, 0, 0, 0, 4], [0, 0, 0, 4, 0], [-1, 0, 0, 0, 0]):
        with pytest.raises(ExploreError, match="is no place in maps of 5 x 4 x 4"):
            s.ask("trace", asked | {"start": {"tensor": "relu2", "region": region}})
    assert s.ask("trace", asked | {"start": {"tensor": "relu2", "region": [4, 3, 3, 3, 3]}})
    before = s.maps("relu2", "forward")
    assert len(before["codes"]) == 5 and before["top"] == pytest.approx(
        percentile(A[0].astype(np.float32))
    )  # fmt: skip
    k = s.ask("switches", {"tensor": "pool1", "k": None})["k"]
    assert k == int(s.tensors["relu1"].data[0].sum(axis=(1, 2)).argmax())


# --- words


def test_what_is_sent_and_asked():
    body = packed([{"a": np.arange(3, dtype=np.float32), "b": np.int64(4)}, np.array([1, 2], np.int8), 1.5])
    length = int.from_bytes(body[:4], "little")
    said, rest = json.loads(body[4 : 4 + length]), body[4 + length :]
    assert (4 + length) % 8 == 0 and said == {
        "answers": [{"a": {"float32": [0, 3]}, "b": 4}, {"int8": [16, 2]}, 1.5]
    }  # fmt: skip
    assert (
        np.frombuffer(rest, "<f4", 3).tolist() == [0, 1, 2] and rest[16:18] == b"\x01\x02" and len(rest) == 24
    )
    for wrong in (np.inf, np.arange(3), {"a": object()}):
        with pytest.raises(ValueError):
            packed([wrong])
    ask = lambda n, name="abcd": json.dumps({"session": name, "questions": [["look", {"a": 1}]] * n})  # noqa: E731
    assert understood(ask(2)) == ("abcd", [("look", {"a": 1})] * 2) and len(understood(ask(128))[1]) == 128
    pixels = json.dumps({"session": "abcd", "questions": [["look", {"pixels": {"bytes": "AAEC"}}]]})
    assert understood(pixels)[1][0][1]["pixels"].tolist() == [0, 1, 2]
    for wrong in (
        ask(0),
        ask(129),
        ask(1, "abc"),
        ask(1, "a" * 33),
        ask(1, "Abcd"),
        "[]",
        "{}",
        '{"a": NaN}',
    ):
        with pytest.raises(ExploreError):
            understood(wrong)
    assert understood(ask(1, "a" * 32)) and understood(ask(1, "a1b2"))


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("1 - 2 - 3", -4), ("8 / 4 / 2", 1), ("2 ** 3 ** 2", 512), ("-2 ** 2", -4), ("7 % 4 + 1", 4),
        ("2 + 3 * 4", 14), ("(2 + 3) * 4", 20), ("1 < 2 ? 5 : 6", 5), ("2 < 2 ? 5 : 6", 6),
        ("2 <= 2 ? 5 : 6", 5), ("2 > 2 ? 5 : 6", 6), ("2 >= 2 ? 5 : 6", 5), ("1 == 1 && 0 ? 5 : 6", 6),
        ("0 || 7", 7), ("3 && 4", 4), ("0 && 4", 0), ("!3 ? 5 : 6", 6), ("1 != 1 ? 5 : 6", 6),
        ("max(2, 3) - min(2, 3)", 1), ("pow(2, 3)", 8), ("Math.abs(-2) * sign(-3)", -2), ("-7 % 4", -3),
        ("floor(1.5) + ceil(1.5)", 3), ("g / x", 2.5), ("x > 2 ? g : 0 > 1 ? 8 : 9", 9),
        (".5 + 1e1", 10.5), ("sqrt(9) + exp(0) + log(1)", 4),
    ],
)  # fmt: skip
def test_a_rule_is_arithmetic(rule, value):
    assert float(read(rule)(np.float64(5), np.float64(2))) == value


def test_a_rule_has_two_hundred_letters_at_most():
    assert float(read("g" + " " * 199)(3, 0)) == 3
    for wrong in ("g" + " " * 200, "", "g g", "(g", "max(g)", "g ? x", "g $", 3, "y", "pow(g, x, g)"):
        with pytest.raises(ExploreError):
            read(wrong)


@pytest.mark.parametrize("rule", ["g +", "min(g,", "x ? g :"])
def test_a_rule_that_ends_too_early(rule):
    with pytest.raises(ExploreError, match="the rule ends too early"):
        read(rule)


# --- readers and scripts


class Asked:
    """A session that says who it is and which network it has."""

    original = "the original"

    def ask(self, question, arguments):
        self.seen = [*getattr(self, "seen", []), (question, arguments)]
        return self, self.net, len(self.seen)


def test_each_reader_has_a_session_of_its_own(monkeypatch):
    monkeypatch.setattr(readers, "MOST_READERS", 2)
    kept = readers.Readers(Asked())
    with pytest.raises(LookupError):
        kept.answers("a", [("maps", {}), ("look", {})])
    (one, net, _), (_, _, count) = kept.answers("a", [("look", {}), ("maps", {})])
    assert (net, count) == ("the original", 2) and one is not kept.first
    for begin in ("randomise", "own"):
        ((other, _, count),) = kept.answers("b", [(begin, {})])
        assert other is not one
    assert count == 2 and kept.answers("a", [("maps", {})])[0][2] == 3
    kept.answers("c", [("look", {})])  # b was asked the longest ago
    assert list(kept.kept) == ["a", "c"]
    kept.engine.acquire()
    with pytest.raises(TimeoutError):
        kept.answers("a", [("maps", {})], 0.001)
    kept.engine.release()
    assert kept.answers("a", [("maps", {})], 0.001)[0][2] == 4


def test_a_bundle_has_each_module_once_and_after_what_it_imports(monkeypatch):
    files = {
        "web/a.mjs": 'import { b } from "./b.mjs";\nimport { c } from "./c.mjs";\nexport const a = b + c;\n',
        "web/b.mjs": 'import { c } from "./c.mjs";\nexport function b() {}\n',
        "web/c.mjs": "export const c = 1;\nconst inner = 2;\n",
    }
    monkeypatch.setattr(bundle, "text", files.__getitem__)
    script = bundle.bundle("web/a.mjs")
    assert script.startswith('"use strict";\n(() => {\n') and script.endswith("\n})();\n")
    assert [line for line in script.splitlines()[2:-1] if line] == [
        "const c = 1;", "const inner = 2;", "function b() {}", "const a = b + c;",
    ]  # fmt: skip
    assert bundle.names("web/a.mjs") == ["c", "inner", "b", "a"]
    assert bundle.sha256("abc") == "'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='"
