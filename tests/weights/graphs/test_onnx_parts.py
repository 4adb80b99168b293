"""What an ONNX graph takes and gives, found out part by part: endings, names, scalings, tables of scores,
layouts and places.  Graphs are made without ONNX's own package.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from minicnn import GraphError, Tensor
from tests.weights.graphs.onnx_steps import model, steps_of
from weights import WeightsError
from weights.graphs.onnx import description
from weights.graphs.onnx.bounds import Room
from weights.graphs.onnx.class_names import MOST, names_at_the_end, names_in, size_in
from weights.graphs.onnx.description import describe
from weights.graphs.onnx.ends import PASSIVE, scores_of
from weights.graphs.onnx.model import Step
from weights.graphs.onnx.network import Network, _beside, said
from weights.graphs.onnx.scaling import scaling_in, takes_bytes

F = np.float32

# --- endings

NUMBERS = {"one": np.ones((1, 1)), "two": np.array(2.0), "minus": np.array(-1.0), "ones": np.ones(2)}
SIGMOID = "Neg s > n; Exp n > e; Add e one > t; Div one t > y"
SOFTMAX = "Exp s > e; ReduceSum e > t; Div e t > y"
LOG = "Exp s > e; ReduceSum e > t; Log t > l; Sub s l > y"
LESS = "ReduceMax s > m; Sub s m > d; "
TWO = "Sigmoid s > p; Sub one p > q; Concat q p > y"
ENDS = {
    "Softmax s > y": ("s", "softmax"),
    "LogSoftmax s > y": ("s", "softmax"),
    "Sigmoid s > y": ("s", "sigmoid"),
    "Relu s > y": None,
    "Sigmoid s > p; Relu p > y": None,
    "Identity y > y": None,
    **{f"Sigmoid s > p; {op} p > y": ("s", "sigmoid") for op in sorted(PASSIVE)},
    "LogSoftmax s > l; Exp l > y": ("s", "softmax"),
    "Sigmoid s > l; Exp l > y": None,
    "Exp s > y": None,
    "LogSoftmax s > l; Softmax l > y": ("s", "softmax"),
    "Sigmoid s > l; Softmax l > y": ("l", "softmax"),
    "Softmax s > l; Sigmoid l > y": ("l", "sigmoid"),
    SOFTMAX: ("s", "softmax"),
    LESS + SOFTMAX.replace("Exp s", "Exp d"): ("s", "softmax"),
    LESS.replace("Max s", "Max q") + SOFTMAX.replace("Exp s", "Exp d"): ("d", "softmax"),
    LESS.replace("Sub", "Add") + SOFTMAX.replace("Exp s", "Exp d"): ("d", "softmax"),
    "Exp s > e; Exp s > f; ReduceSum f > t; Div e t > y": None,
    SOFTMAX.replace("e t > y", "t e > y"): None,
    SOFTMAX.replace("Sum", "Mean"): None,
    SOFTMAX.replace("Div", "Mul"): None,
    "Exp s > e; ReduceSum e > t; Expand t k > u; Div e u > y": ("s", "softmax"),
    "Exp s > e; ReduceSum e > t; Neg t > u; Div e u > y": None,
    LOG: ("s", "softmax"),
    LOG.replace("Exp s", "Exp q"): None,
    LOG.replace("s l > y", "l s > y"): None,
    LOG.replace("Sub", "Add"): None,
    "Log s > l; Sub s l > y": None,
    LESS + LOG.replace("Exp s", "Exp d").replace("s l > y", "d l > y"): ("s", "softmax"),
    "ReduceLogSumExp s > l; Sub s l > y": ("s", "softmax"),
    "ReduceLogSumExp q > l; Sub s l > y": None,
    LESS + "ReduceLogSumExp d > l; Sub d l > y": ("s", "softmax"),
    SIGMOID: ("s", "sigmoid"),
    SIGMOID.replace("e one", "one e"): ("s", "sigmoid"),
    SIGMOID.replace("Div one t", "Reciprocal t"): ("s", "sigmoid"),
    SIGMOID.replace("Neg s", "Mul s minus"): ("s", "sigmoid"),
    SIGMOID.replace("Neg s", "Mul minus s"): ("s", "sigmoid"),
    SIGMOID.replace("Neg s", "Mul two s"): None,
    SIGMOID.replace("Div one", "Div two"): None,
    SIGMOID.replace("e one", "e two"): None,
    SIGMOID.replace("e one", "e ones"): None,
    SIGMOID.replace("Neg", "Abs"): None,
    SIGMOID.replace("Add", "Sub"): None,
    SIGMOID.replace("Exp", "Abs"): None,
    SIGMOID.replace("Div one t", "Div t one"): None,
    SIGMOID.replace("Div one t", "Div nowhere t"): None,
    TWO: ("s", "sigmoid"),
    TWO.replace("q p >", "p q >"): None,
    TWO.replace("one p", "p one"): None,
    TWO.replace("one p", "two p"): None,
    TWO.replace("Sigmoid", "Softmax"): None,
    TWO.replace("q p >", "q p q >"): None,
    "Sigmoid r > o; " + TWO.replace("one p", "one o"): None,
    TWO.replace("Sub", "Add"): None,
}


@pytest.mark.parametrize("text", ENDS)
def test_what_stands_behind_the_scores(text):
    assert scores_of(steps_of(text), "y", NUMBERS) == (ENDS[text] or ("y", None))


def test_what_quantisation_left_is_passed():
    steps = steps_of("Softmax s > p; Mul p two > y")
    assert scores_of(steps, "y", NUMBERS) == ("y", None)
    for was, expected in (("DequantizeLinear", "s"), ("QuantizeLinear", "s"), ("QLinearConv", "y")):
        steps[1].was = was
        assert scores_of(steps, "y", NUMBERS)[0] == expected


# --- names and sizes in the metadata


def test_class_names_in_metadata():
    assert (
        names_in({"labels": "['x']", "names": "['y']"})
        == ("y",)
        == names_in({"Names": "['y']", "a": "['z']"})
    )
    assert names_in({"class_to_idx": "{'b': 1, 'a': 0}", "a": "['z']"}) == ("a", "b")
    assert names_in({"names": "{}", "labels": "['a']"}) == ("a",) and names_in({"a": "['z']"}) is None
    assert (
        names_in({"names": "['a']".ljust(MOST)}) == ("a",)
        and names_in({"names": "['a']".ljust(MOST + 1)}) is None
    )
    steps = steps_of("Relu s > p; ai.onnx.ml.ZipMap p > y")
    assert names_at_the_end(steps) is None is names_at_the_end(steps[:1])
    steps[1].attributes = {"classlabels_int64s": [3, 4]}
    assert names_at_the_end(steps) == ("3", "4")
    steps[1].attributes |= {"classlabels_strings": ["a", "b"]}
    assert names_at_the_end(steps) == ("a", "b")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("[16, 32]", (16, 32)),
        ("24", (24, 24)),
        ("[1, 16383]", (1, 16383)),
        ("[16384, 1]", None),
        ("[0, 3]", None),
        ("[16]", None),
        ("[1, 2, 3]", None),
        ("[16.0, 3]", None),
        ("True", None),
        ("'a'", None),
        ("", None),
    ],
)
def test_sizes_in_metadata(text, size):
    assert size_in({"imgsz": text}) == size and size_in({"size": text}) is None


# --- what a graph itself does to its pixels


def each(*numbers):
    return np.array(numbers, F).reshape(1, -1, 1, 1)


SCALINGS = [
    ("Mul x a > h; Add h b > i; Relu i > y", {"a": F(2), "b": F(3)}, ([2], [3])),
    ("Add x b > h; Mul h a > i; Relu i > y", {"a": F(2), "b": F(3)}, ([2], [6])),
    ("Add b x > h; Mul a h > i; Relu i > y", {"a": F(2), "b": F(3)}, ([2], [6])),
    (
        "Sub x b > h; Div h a > i; Relu i > y",
        {"a": each(2, 4, 8), "b": each(1, 2, 4)},
        ([0.5, 0.25, 0.125], [-0.5, -0.5, -0.5]),
    ),
    ("Sub b x > h; Relu h > y", {"b": each(1, 2, 4)}, ([-1, -1, -1], [1, 2, 4])),
    ("Cast x > c; Transpose c > t; Mul t a > h; Relu h > y", {"a": F(2)}, ([2], [0])),
    ("Mul x a > h; Relu h > r; Neg h > n; Add r n > y", {"a": F(2)}, ([2], [0])),
    (
        "BatchNormalization x g b m v > h; Relu h > y",
        {"g": F([2, 4, 6]), "b": F([1, 2, 3]), "m": F([1, 1, 5]), "v": F([0.75, 3.75, 8.75])},
        ([2, 2, 2], [-1, 0, -7]),
    ),
    ("Div a x > h; Relu h > y", {"a": F(2)}, None),
    ("Div x a > h; Relu h > y", {"a": each(1, 0, 2)}, None),
    ("Mul x a > h; Relu h > y", {"a": np.ones((1, 3, 2, 2), F)}, None),
    ("Mul x a > h; Mul h b > i; Relu i > y", {"a": each(1, 2, 3), "b": np.ones((1, 1, 1, 2), F)}, None),
    ("Mul x x > h; Relu h > y", {}, None),
    ("Relu x > y", {}, None),
    ("Pow x a > y", {"a": F(2)}, None),
    ("Identity x > i; Relu i > y", {}, None),
]


@pytest.mark.parametrize(("text", "constants", "expected"), SCALINGS)
def test_how_a_graph_begins_by_scaling(text, constants, expected):
    cast = {"c": {"to": 1}, "t": {"perm": [0, 1, 3, 2]}, "h": {"epsilon": F(0.25)} if "Batch" in text else {}}
    found = scaling_in(Network(model(text, attributes=cast, **constants)))
    if expected is None:
        assert found is None
    else:
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)


@pytest.mark.parametrize(
    ("a", "b", "bytes_"),
    [
        ([1 / 255], [0], True),
        ([1], [0], False),
        ([1], [-123], True),
        ([0.047], [0], True),
        ([-0.047], [0], True),
        ([0.048], [0], False),
        ([0.05], [0.1], False),
        ([0.05], [0.11], True),
        ([1 / 255, 1], [0, 0], False),
        ([1, 1], [0, -123], True),
        ([0, 1], [3, 0], True),
        ([0, 1], [1, 0], False),
        ([-1], [2.5], True),
    ],
)
def test_whether_bytes_are_expected(a, b, bytes_):
    assert takes_bytes((np.array(a, float), np.array(b, float))) is bytes_


# --- the network


def test_how_shapes_are_said():
    assert said(None) == "of any shape" and said((-1, 3, -1, -1)) == "(N, 3, H, W)"
    assert said((-1, -1, 8, -1)) == "(N, C, 8, W)" and said((-1, -1, -1, 9)) == "(N, C, H, 9)"
    assert said((-1, -1)) == "(N, ?)" and said((-1, 4, -1)) == "(N, 4, ?)" and said((2, 0)) == "(2, 0)"


@pytest.mark.parametrize(
    ("shape", "N", "expected"),
    [
        ((5,), 1, (1, 5)),
        ((), 1, (1, 1)),
        ((1,), 1, (1, 1)),
        ((3,), 3, (3, 1)),
        ((1, 4), 1, (1, 4)),
        ((7, 2, 4), 2, (2, 7, 4)),
        ((2, 2, 4), 2, (2, 2, 4)),
        ((7, 1), 1, (1, 7)),
        ((2, 3, 1, 1), 2, (2, 3)),
        ((2, 1, 3, 1), 2, (2, 3)),
        ((2, 1, 1, 3), 2, (2, 3)),
        ((2, 3, 2, 1), 2, (2, 3, 2, 1)),
        ((5, 4), 2, None),
        ((), 2, None),
        ((4,), 2, None),
    ],
)
def test_an_output_as_a_table(shape, N, expected):
    net, y = Network(model("Relu x > y")), np.arange(float(np.prod(shape, dtype=int))).reshape(shape)
    if expected is None:
        with pytest.raises(WeightsError, match=f"{N} pictures give an output of shape"):
            net.table(y, N)
    else:
        found = net.table(y, N)
        turned = shape in ((7, 2, 4), (7, 1))
        assert found.shape == expected and np.array_equal(
            found, (y.swapaxes(0, 1) if turned else y).reshape(expected)
        )


def test_a_table_stays_as_it_is():
    net, y = Network(model("Relu x > y")), Tensor(np.ones((2, 4)))
    assert net.table(y, 2) is y


def test_an_output_with_places_as_a_table():
    net, y = Network(model("Relu x > y")), np.arange(120.0).reshape(2, 3, 4, 5)
    net.laid = "NHWC"
    assert np.array_equal(net.table(y, 2), y.transpose(0, 3, 1, 2))
    net.laid = "NHW"
    assert np.array_equal(net.table(y[0], 3), y[0][:, None])
    net.laid, net.at, net.place_axes = None, (slice(1, 3), slice(2, 3)), (2, 3)
    assert np.array_equal(net.table(y, 2), y[:, :, 1, 2] + y[:, :, 2, 2])


@pytest.mark.parametrize(
    ("shape", "axis", "size"),
    [
        ((-1, 3, -1, -1), 3, 224),
        ((-1, -1, 8, 9), 1, 1),
        ((-1, 3, -1), 2, 1024),
        ((-1, 3, -1, 8, -1), 4, 32),
        ((-1, 5), 1, 5),
        ((-1, 3, 7, -1), 2, 7),
        ((-1, 3, 7, -1), 0, 1),
        ((-1, -1), 1, 1),
    ],
)
def test_how_large_pictures_usually_are(shape, axis, size):
    given = model(
        "Shape x > s; Gather s axis > n; Relu x > y", inputs={"x": shape}, outputs=["y", "n"], axis=axis
    )
    assert Network(given)._usually("n") == size


def test_what_a_network_needs():
    two = {"x": (1, 3, 2, 2), "z": (1, 3)}
    text = "Reshape z to > zz; Mul x zz > a; Neg a > y"
    to = np.array([-1, 3, 1, 1])
    net = Network(model(text, inputs=two, to=to))
    x = np.arange(24, dtype=F).reshape(2, 3, 2, 2)
    with pytest.raises(WeightsError, match=r"has 2 inputs \(x, z\): beside the picture it needs z"):
        net(x)
    net.given = {"z": np.array([[1.0, 2, 4]])}
    expected = -x * each(1, 2, 4)
    assert np.array_equal(net(x), expected) and net(x).dtype == F
    found, a = net.run({"x": x, "z": np.repeat(net.given["z"], 2, 0)}, ["y", "a"])
    assert np.array_equal(found, expected) and np.array_equal(a, -expected)
    with pytest.raises(WeightsError, match="this graph needs a value for its input 'z'"):
        net.run({"x": x})
    for shape in ((2, 3, 2, 1), (2, 1, 2, 2), (2, 3, 2)):
        with pytest.raises(WeightsError, match=r"the input 'x' must be \(1, 3, 2, 2\), not"):
            net.run({"x": np.zeros(shape, F), "z": np.ones((1, 3), F)})
    assert [*Network(model("Neg x > y", inputs=two)).inputs] == ["x"]  # what nobody takes is not asked for
    constant = Network(model("Neg W > y", W=np.ones(3, F)))
    with pytest.raises(WeightsError, match="the output 'y' does not depend on the picture's values"):
        constant(Tensor(x))


def test_values_beside_the_picture_are_those_of_each():
    x = np.zeros((3, 1), F)
    found = _beside(x, np.array([[1.0, 2]]))
    assert (
        found.tolist() == [[1, 2]] * 3 and found.dtype == F and _beside(x, np.array([[4]])).dtype == np.int64
    )
    three = np.arange(3).reshape(3, 1)
    assert _beside(x, three) is three and _beside(x[:1], np.array([[1]])).tolist() == [[1]]


def test_a_file_for_one_picture_takes_several_one_by_one():
    asked = []

    class Counting(Network):
        def run(self, inputs, outputs=None):
            asked.append(inputs["x"].shape[0])
            return super().run(inputs, outputs)

    x = np.arange(36, dtype=F).reshape(3, 3, 2, 2)
    tensor = Tensor(x)
    for first, described, given, expected in (
        (1, True, x, [1, 1, 1]),
        (1, True, tensor, [3]),
        (1, False, x, [3]),
        (-1, True, x, [3]),
        (1, True, x[:1], [1]),
    ):
        net = Counting(model("Neg x > y", inputs={"x": (first, 3, 2, 2)}))
        if described:
            net.description = None
        asked.clear()
        found = net(given)
        assert asked == expected and np.array_equal(np.asarray(found.data), -x[: found.shape[0]])


@pytest.mark.parametrize(
    ("text", "attributes", "words"),
    [
        ("Relu x W > y", {}, "the node 'Y' .Relu. has 2 inputs, and takes at most 1"),
        ("Conv x > y", {}, "the node 'Y' .Conv. lacks its input or attribute 'W'"),
        ("Conv - W > y", {}, "the node 'Y' .Conv. lacks its input or attribute 'x'"),
        ("Sum > y", {}, "the node 'Y' .Sum. has no inputs"),
        ("Pad x W > y", {"pads": [0] * 8}, "the node 'Y' .Pad. has its 'pads' twice"),
        ("Relu x > y", {"odd": 1}, "node 'Y': Relu has an attribute 'odd', which is not supported"),
        ("Relu x > y z", {}, "only its first output is supported, not 'z'"),
        ("Reshape x x > y", {}, "'shape' depends on the picture itself"),
        (
            "Odd x > a; Odd a > b; Strange b > y",
            {},
            r"operators that are not known here .how often.: Odd .2., Strange .1.$",
        ),
    ],
)
def test_what_cannot_be_computed_is_named(text, attributes, words):
    made = model(text, attributes={"y": attributes}, W=np.ones(8))
    with pytest.raises(Exception, match=words):
        Network(made)(Tensor(np.ones((1, 3, 2, 2))))


def test_outputs_whose_operators_are_not_known_are_left_out():
    text, outputs = "Neg x > y; Odd x > odd; ArgMax x > label; Neg W > c", ["odd", "label", "c", "y"]
    made = model(text, outputs=outputs, types={"label": "int64"}, W=np.ones(2))
    assert Network(made).outputs == ["y"] and Network(made).scores == "y"
    forty = "; ".join(f"Odd{k} x > v{k}" for k in range(42))
    with pytest.raises(WeightsError, match=r"Odd39 \(1\) and 2 more$"):
        Network(model(f"{forty}; Sum {' '.join(f'v{k}' for k in range(42))} > y"))


def test_what_results_take_is_counted():
    net = Network(model("Relu x > r; Reshape r to > f; Neg f > y", to=np.array([1, 12])))
    x, room = Tensor(np.ones((1, 3, 2, 2), F)), Room(0)
    before = room.left
    values = dict(net.constants) | {"x": x}
    for node, taken in zip(net.nodes, (48, 0, 48), strict=True):
        values |= zip(node.step.outputs, node.forward(values, room))
        assert before - room.left == taken
        before = room.left
    net.nodes[0].forward({"x": x.data}, room)  # of arrays nothing is kept
    assert room.left == before and "`gradcam layers FILE` lists them>" in repr(net)


def test_which_nodes_only_scale():
    net = Network(model("Sub x one > a; Mul a one > b; Conv b W > y", one=F(1), W=np.ones((1, 3, 1, 1), F)))
    for node, was, expected in (
        (0, "", False),
        (0, "DequantizeLinear", True),
        (1, "QLinearConv", True),
        (2, "QLinearConv", False),
        (2, "", False),
    ):
        net.nodes[node].step.was = was
        assert net.nodes[node].only_scales is expected


# --- what it takes and gives


CONV = "Conv x W > c; Relu c > r; "
HEAD = CONV + "GlobalAveragePool r > g; Flatten g > f; Gemm f M > s; "
WEIGHTS = {
    "W": np.arange(1, 13, dtype=F).reshape(4, 3, 1, 1) / 9,
    "M": np.linspace(-1, 1, 12, dtype=F).reshape(4, 3),
}
PICTURE = {"x": (-1, 3, 8, 6)}


def described(text, inputs=PICTURE, outputs=("y",), types=None, attributes=None, more=None, **options):
    made = model(
        text, inputs=inputs, outputs=outputs, types=types, attributes=attributes, **WEIGHTS, **(more or {})
    )
    return describe(Network(made), "net", **options)


def test_a_classifier():
    net = described(HEAD + "Softmax s > y")
    d = net.description
    assert (d.output, d.scores, d.ending, d.kind, d.shape) == ("y", "s", "softmax", "classes", (1, 3))
    assert (d.layout, d.channels, d.size, d.stated, d.free, d.layer) == (
        "NCHW",
        3,
        (8, 6),
        "file",
        False,
        "R",
    )
    assert d.example == (1, 3, 8, 6) and d.precision == "float32" and d.names is None and d.unfit_names == 0
    card = net.card
    assert (card.layer, card.classes, card.multi_label, card.ends, card.axes, card.source) == (
        "R",
        None,
        False,
        "softmax",
        4,
        "ONNX",
    )
    p = card.preprocessing
    assert (p.crop, p.size, p.channels, p.mean, p.std) == (
        (8, 6),
        6 * 256 // 224,
        "RGB",
        (0.0,) * 3,
        (1.0,) * 3,
    )
    squashed = described(HEAD + "Softmax s > y", resize="squash", mean=[1, 2, 3]).card.preprocessing
    assert (squashed.size, squashed.resize, squashed.mean) == (6, "squash", (1, 2, 3))
    assert described(HEAD + "Softmax s > y", {"x": (-1, 3, 7, 7)}).card.preprocessing.crop == 7
    assert described(HEAD + "Softmax s > y", layer="C").card.layer == "C"


def test_what_the_scores_are():
    of = lambda *a, **how: described(*a, **how)  # noqa: E731
    labels = of(HEAD + "Sigmoid s > y", labels=["a", "b", "c"])
    assert (labels.description.kind, labels.card.multi_label, labels.card.ends) == ("labels", True, "sigmoid")
    assert labels.card.classes == ("a", "b", "c")
    one = HEAD.replace("f M", "f v")
    for end, kind, ends, name in (
        ("Sigmoid s > y", "yes or no", "sigmoid", "yes"),
        ("Neg s > y", "number", "number", "the number"),
    ):
        net = of(one + end, more={"v": np.ones((4, 1), F)})
        assert (net.description.kind, net.card.ends, net.card.classes) == (kind, ends, (name,))
        assert net.card.multi_label == (kind == "yes or no")
        named = of(one + end, more={"v": np.ones((4, 1), F)}, labels=["no", "certainly"])
        assert named.card.classes == ("certainly",)
    with pytest.raises(WeightsError, match="one score for each class and no places: leave"):
        of(HEAD + "Neg s > y", at=(1,))
    with pytest.raises(WeightsError, match=r"is neither scores nor a map, rows or steps"):
        of(CONV + "Reshape r to > y", more={"to": np.array([0, 2, 2, 2, 24])})


def test_maps_rows_and_steps():
    net = described(CONV + "Neg r > y")
    assert (net.description.kind, net.place_axes, net.description.shape) == ("map", (2, 3), (1, 4, 8, 6))
    x = np.random.default_rng(3).standard_normal((1, 3, 8, 6)).astype(F)
    y = net(x)
    for at, expected, place, ends in (
        ((2, 3), y[:, :, 2, 3], "at row 2, column 3", None),
        ((slice(1, 4), 5), y[:, :, 1:4, 5].sum(2), "summed over rows 1 to 3, column 5", "place"),
        ((7, slice(None)), y[:, :, 7].sum(2), "summed over row 7, columns 0 to 5", "place"),
        ((slice(2, 3), slice(3, None)), y[:, :, 2, 3:].sum(2), "summed over row 2, columns 3 to 5", "place"),
    ):
        there = described(CONV + "Neg r > y", at=at)
        np.testing.assert_allclose(there(x), expected, rtol=1e-5)
        assert (there.description.kind, there.card.place, there.card.ends) == ("classes", place, ends)
    for at, words in (
        ((8, 0), "8:9 is no place among 0 to 7"),
        ((0, 6), "6:7 is no place among 0 to 5"),
        ((-1, 0), "-1:0 is no place"),
        ((slice(3, 3), 0), "3:3 is no place"),
        ((slice(0, 9), 0), "0:9 is no place"),
        ((1,), "a place of a map .* is 2 numbers, not 1"),
    ):
        with pytest.raises(WeightsError, match=words):
            described(CONV + "Neg r > y", at=at)
    rows = CONV + "Reshape r to > flat; Transpose flat > y"
    how = {"attributes": {"y": {"perm": [0, 2, 1]}}, "more": {"to": np.array([0, 4, 48])}}
    net = described(rows, **how)
    assert (net.description.kind, net.place_axes, net.description.shape) == ("rows", (1,), (1, 48, 4))
    there = described(rows, at=(5,), **how)
    np.testing.assert_allclose(there(x), net(x)[:, 5])
    assert (there.card.place, there.card.ends, there.card.multi_label) == ("at row 5", "place", False)
    net = described(CONV + "Reshape r to > y", more=how["more"])  # rows lie along the last axis
    assert (net.description.kind, net.place_axes) == ("rows", (2,))
    steps = described(
        rows + "; Softmax y > w",
        outputs=["w"],
        at=(slice(4, 6),),
        attributes=how["attributes"] | {"w": {"axis": 2}},
        more=how["more"],
    )
    assert steps.card.place == "summed over steps 4 to 5" and steps.card.ends == "place"
    one = described(
        rows + "; Softmax y > w",
        outputs=["w"],
        at=(4,),
        attributes=how["attributes"] | {"w": {"axis": 2}},
        more=how["more"],
    )
    assert (one.card.place, one.card.ends, one.description.kind) == ("at step 4", "softmax", "classes")


def test_maps_whose_axes_lie_otherwise():
    last = described(CONV + "Transpose r > y", attributes={"y": {"perm": [0, 2, 3, 1]}})
    assert (last.laid, last.description.shape) == ("NHWC", (1, 4, 8, 6))
    alone = described(
        "Conv x V > c; Relu c > r; Squeeze r axis > y", more={"V": WEIGHTS["W"][:1], "axis": np.array([1])}
    )
    assert (alone.laid, alone.description.shape, alone.description.kind) == ("NHW", (1, 1, 8, 6), "map")
    assert described(CONV + "Neg r > y").laid is None
    several = described(CONV + "Reshape r to > y", more={"to": np.array([0, 4, 48])})
    assert several.laid is None


def test_pictures_and_their_sizes():
    last = described(
        "Transpose x > t; " + HEAD.replace("Conv x", "Conv t") + "Neg s > y",
        {"x": (-1, 8, 6, 3)},
        attributes={"t": {"perm": [0, 3, 1, 2]}},
    )
    d = last.description
    assert (d.layout, d.channels, d.size, d.example, last.channels_last) == (
        "NHWC",
        3,
        (8, 6),
        (1, 3, 8, 6),
        True,
    )
    free = lambda shape, **how: described(HEAD + "Neg s > y", {"x": shape}, **how).description  # noqa: E731
    assert (free((-1, 3, -1, -1)).size, free((-1, 3, -1, -1)).stated) == ((224, 224), None)
    assert (
        free((-1, 3, -1, 6)).size == (224, 6) and free((-1, 3, 6, -1)).free and not free((-1, 3, 6, 5)).free
    )
    assert (free((-1, 3, -1, 6), crop=(9, 6)).size, free((-1, 3, -1, -1), crop=9).size) == ((9, 6), (9, 9))
    assert free((-1, 3, -1, -1), crop=9).stated == "user"
    for crop in (9, (8, 7), (7, 6)):
        with pytest.raises(WeightsError, match=r"is \(N, 3, 8, 6\): its pictures cannot have . x . pixels"):
            free((-1, 3, 8, 6), crop=crop)
    with pytest.raises(WeightsError, match="that is too large for one picture"):
        free((-1, 3, 2**14, 2**13))
    signal = {"x": (-1, 3, -1)}
    text = "Conv x W > c; Relu c > r; ReduceMean r > y"
    mean = {"y": {"axes": [2], "keepdims": 0}}
    made = model(text, inputs=signal, attributes=mean, W=WEIGHTS["W"][..., 0])
    d = describe(Network(made), "net").description
    assert (d.layout, d.channels, d.example, d.shape) == (None, 0, (1, 3, 1024), (1, 4))
    made = model(
        text,
        inputs={"x": (-1, 3, 5, -1, -1)},
        attributes={"y": {"axes": [2, 3, 4], "keepdims": 0}},
        W=WEIGHTS["W"][..., None],
    )
    net = describe(Network(made), "net")
    assert net.description.example == (1, 3, 5, 32, 32) and net.card.axes == 5
    grey = described(
        HEAD.replace("x W", "x V") + "Neg s > y", {"x": (-1, 1, 8, 6)}, more={"V": WEIGHTS["W"][:, :1]}
    )
    assert (grey.card.preprocessing.channels, grey.card.preprocessing.mean) == ("L", (0.0,))
    for how, words in (
        ({"channels": "L"}, "takes three channels, not L"),
        ({"mean": [1.0]}, "mean must be 3 numbers, not 1"),
        ({"std": [1.0] * 4}, "std must be 3 numbers, not 4"),
    ):
        with pytest.raises(WeightsError, match=words):
            described(HEAD + "Neg s > y", **how)


def test_a_graph_without_an_axis_for_several_pictures_is_named():
    text = "Unsqueeze x zero > u; " + HEAD.replace("Conv x", "Conv u") + "Neg s > y"
    zero = {"zero": np.array([0])}
    for shape in ((3, 8, 6), (8, 6, 3)):
        with pytest.raises(WeightsError, match=r"has no axis for several pictures: export"):
            described(text, {"x": shape}, more=zero)
    for shape, inputs in (((5, 8, 6), text), ((1, 3, 8, 6), HEAD + "MatMul s s > y")):
        with pytest.raises(GraphError, match="does not fit what arrives at it"):
            described(inputs, {"x": shape}, more=zero)


def test_which_input_is_the_picture_and_what_stands_beside_it():
    inputs = {"age": (1, 1, 1, 2), "x": (-1, 3, 8, 6)}
    of = lambda inputs, asked=None: description._picture(SimpleNamespace(inputs=inputs), asked)  # noqa: E731
    assert (
        of({"a": (1, 2), "b": (1, 3, 8, 8), "c": (1, 3, 8, 8)}) == "b" and of({"a": (1, 2), "c": None}) == "c"
    )
    assert of({"a": (1, 2), "b": (1, 3)}) == "a" and of(inputs, "age") == "age"
    with pytest.raises(WeightsError, match="the graph has no input 'odd'; there is age, x"):
        of(inputs, "odd")
    net = SimpleNamespace(
        inputs={"x": (-1, 3, 8, 6), "z": (2, 3), "free": (-1, -1, 2), "any": None},
        picture="x",
        model=SimpleNamespace(types={"z": "int64"}),
    )
    given = description._given(net, {"z": [1, 2, 3], "free": np.arange(6), "any": [[4, 5]]})
    assert {n: (a.shape, a.dtype.name) for n, a in given.items()} == {
        "z": ((1, 3), "int64"),
        "free": ((1, 3, 2), "float32"),
        "any": ((1, 2), "float32"),
    }
    for wrong, words in (
        ({"z": [1, 2]}, r"'z' must be \(2, 3\), not \(2\)"),
        ({"x": [1]}, "no input 'x' beside its picture"),
        ({"odd": [1]}, "there is z, free, any"),
    ):
        with pytest.raises(WeightsError, match=words):
            description._given(net, wrong)


def test_which_output_is_explained():
    two = HEAD + "Softmax s > y; Neg f > z"
    assert described(two, outputs=["z", "y"]).description.output == "y"  # it has probabilities
    assert described(two, outputs=["z", "f"]).description.output == "z"  # of which no other is made
    assert described(two, outputs=["f", "z"]).description.output == "z"
    assert described(two, outputs=["z", "y"], output="z").description.shape == (1, 4)
    three = HEAD + "Neg f > z; Neg r > w"  # f leads to z, and not to w
    assert described(three, outputs=["f", "z", "w"]).description.output == "z"
    assert described(two, output="g").description.outputs == ["g"]  # a value inside
    with pytest.raises(WeightsError, match="no output 'odd' of scores; there is z, y"):
        described(two, outputs=["z", "y"], output="odd")
    label = HEAD + "ArgMax s > a; Identity a > y"
    how = {"attributes": {"a": {"axis": 1}}, "types": {"y": "int64"}}
    with pytest.raises(
        WeightsError, match=r"'y' holds whole numbers, as labels are: .* ask for the output 's'"
    ):
        described(label, **how)
    with pytest.raises(WeightsError, match=r"there is nothing to explain$"):
        described(label.replace("ArgMax", "ReduceMax"), types=how["types"], attributes={"a": {"axes": [1]}})
    assert described(label, outputs=["y", "s"], **how).description.outputs == ["s"]
    with pytest.raises(WeightsError, match="the graph's output 'x' is its input"):
        described(HEAD + "Neg s > y", outputs=["x"])
    named = model(HEAD + "Neg s > y", inputs=PICTURE, **WEIGHTS)
    for names, expected in (("['a', 'b', 'c']", (("a", "b", "c"), 0)), ("['a', 'b']", (None, 2))):
        named.metadata = {"names": names}
        d = describe(Network(named), "net").description
        assert (d.names, d.unfit_names) == expected


def test_in_which_precision_a_file_computes():
    def of(stored=(), types=(), steps=()):
        found = SimpleNamespace(stored=frozenset(stored), types=dict(enumerate(types)), steps=[*steps])
        return description._precision(SimpleNamespace(model=found))

    cast = lambda to: Step("Cast", "", ["x"], ["y"], {"to": to})  # noqa: E731
    assert of(["float32"], ["float32"]) == "float32" == of(["float32"], steps=[cast(1)])
    assert of(["float16"]) == "float16" == of([], ["float16"]) == of(["float32"], steps=[cast(10)])
    assert of(["bfloat16", "float16"]) == "bfloat16" == of([], ["bfloat16"])
    assert (
        of(["int8", "float16"])
        == "int8"
        == of(["uint8"])
        == of(steps=[Step("Mul", "", [], [], {}, "QLinearConv")])
    )
    assert of(steps=[Step("Mul", "", [], [], {"to": 10}, "odd")]) == "float32"
