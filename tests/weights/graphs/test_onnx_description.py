"""What an ONNX graph takes and gives: layout, sizes, ends, outputs, names, feature maps, each on a drawn
graph, its scores against ONNX's own reference implementation.
"""

import json

import numpy as np
import pytest

from minicnn import Sigmoid, Softmax, Tensor
from weights import WeightsError

pytest.importorskip("onnx", reason="ONNX's own package is not installed")
from onnx import TensorProto

from tests.weights.graphs import onnx_kinds as kinds
from tests.weights.graphs.onnx_kinds import Drawn
from weights.graphs.onnx import describe, load


@pytest.fixture
def described(tmp_path):
    """A drawn graph, written, read and described."""

    def make(net, opset=13, **options):
        return describe(load(net.save(tmp_path / "net.onnx", opset)), "net", **options)

    return make


def agree(found, expected):
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


def shown(net, drawn):
    """The network's scores on the example picture, given as (N, C, H, W)."""
    x = kinds.example(drawn)["input"]
    return net(x.transpose(0, 3, 1, 2) if net.channels_last else x)


def test_channels_last_is_told_by_the_first_transposition(described):
    drawn = Drawn({"input": ("n", 16, 16, 3)})
    drawn.head(drawn.trunk(drawn.node("Transpose", ["input"], "turned", perm=[0, 3, 1, 2])))
    drawn.node("Softmax", ["scores"], "p")
    net = described(drawn.ends("p"))
    d = net.description
    assert (d.layout, d.channels, d.size, d.kind, d.ending) == ("NHWC", 3, (16, 16), "classes", "softmax")
    assert net.card.layer == "relu2"
    agree(Softmax()(shown(net, drawn)), kinds.reference(drawn, kinds.example(drawn))["p"])
    with pytest.raises(WeightsError, match=r"must be \(N, 16, 16, 3\), not \(1, 16, 20, 3\)"):
        net(np.zeros((1, 3, 16, 20), np.float32))


def test_the_maps_are_never_a_transpose_or_a_reshape(described):
    drawn = Drawn()
    y = drawn.node("Transpose", [drawn.trunk()], "turned", perm=[0, 2, 3, 1])
    y = drawn.node("Reshape", [y, drawn.constant("shape", [-1, 16 * 8], "i8")], "flat")
    drawn.node("MatMul", [y, drawn.weight("Wfc", 16 * 8, 4)], "scores")
    assert described(drawn.ends("scores")).card.layer == "relu2"

    drawn = Drawn()
    y = drawn.node("GlobalAveragePool", [drawn.trunk()], "gap")
    y = drawn.node("Reshape", [y, drawn.constant("as_row", [-1, 1, 1, 8], "i8")], "row")
    y = drawn.node("Reshape", [y, drawn.constant("shape", [-1, 8], "i8")], "flat")
    drawn.node("MatMul", [y, drawn.weight("Wfc", 8, 4)], "scores")
    assert described(drawn.ends("scores")).card.layer == "relu2"


def test_the_maps_are_the_last_sum_concat_or_activation_in_front_of_the_pooling(described):
    drawn = Drawn()
    y = drawn.trunk()
    drawn.head(drawn.node("Add", [y, drawn.node("Conv", [y, drawn.weight("Wr", 8, 8, 1, 1)], "side")], "sum"))
    assert described(drawn.ends("scores")).card.layer == "sum"
    drawn = Drawn()
    y = drawn.trunk()
    drawn.head(drawn.node("Concat", [y, y], "cat", axis=1), width=16)
    assert described(drawn.ends("scores")).card.layer == "cat"
    drawn = Drawn()  # a gate's product is none of these
    y = drawn.trunk()
    gate = drawn.node(
        "Conv", [drawn.node("GlobalAveragePool", [y], "squeezed"), drawn.weight("Wse", 8, 8, 1, 1)], "excited"
    )
    drawn.head(drawn.node("Mul", [y, drawn.node("Sigmoid", [gate], "gate")], "scaled"))
    assert described(drawn.ends("scores")).card.layer == "relu2"
    drawn = Drawn()  # SiLU by hand is an activation
    y = drawn.node("Conv", [drawn.trunk(), drawn.weight("W3", 8, 8, 3, 3)], "conv3")
    drawn.head(drawn.node("Mul", [y, drawn.node("Sigmoid", [y], "sig")], "silu"))
    assert described(drawn.ends("scores")).card.layer == "silu"


SHAPE = ["sh"]
ENDS = {
    "softmax": ((("Softmax", [], {"axis": 1}),), "softmax"),
    "log_softmax": ((("LogSoftmax", [], {"axis": 1}),), "softmax"),
    "softmax, identity": ((("Softmax", [], {"axis": 1}), ("Identity", [], {})), "softmax"),
    "softmax, cast": ((("Softmax", [], {"axis": 1}), ("Cast", [], {"to": TensorProto.FLOAT})), "softmax"),
    "softmax, reshape": ((("Softmax", [], {"axis": 1}), ("Reshape", SHAPE, {})), "softmax"),
    "sigmoid": ((("Sigmoid", [], {}),), "sigmoid"),
    "sigmoid, reshape": ((("Sigmoid", [], {}), ("Reshape", SHAPE, {})), "sigmoid"),
}


@pytest.mark.parametrize("name", ENDS)
def test_an_ending_is_left_out_of_the_score_and_kept_for_the_probability(described, name):
    ops, ending = ENDS[name]
    drawn = kinds.ended(*ops)
    drawn.constant("sh", [-1, 4], "i8")
    net = described(drawn)
    assert net.description.ending == ending and net.scores == "scores"
    assert net.card.multi_label == (ending == "sigmoid")
    assert net.description.kind == {"softmax": "classes", "sigmoid": "labels"}[ending]
    (expected,) = kinds.reference(drawn, kinds.example(drawn)).values()
    p = (Softmax() if ending == "softmax" else Sigmoid())(shown(net, drawn))
    agree(np.log(p) if name.startswith("log") else p, expected)


def test_what_is_no_ending_is_left_alone(described):
    net = described(_reshaped())
    assert (net.scores, net.description.ending, net.description.kind) == ("end0", None, "classes")


def _reshaped():
    drawn = kinds.ended(("Reshape", ["sh"], {}))
    drawn.constant("sh", [-1, 4], "i8")
    return drawn


@pytest.mark.parametrize("ending", ["Sigmoid", None])
def test_one_output_is_a_yes_or_no_or_a_number(described, ending):
    drawn = kinds.ended(*([(ending, [], {})] if ending else []), classes=1)
    net = described(drawn)
    kind = "yes or no" if ending else "number"
    assert (net.description.kind, net.card.ends) == (kind, "sigmoid" if ending else "number")
    assert net.card.multi_label == bool(ending)
    (expected,) = kinds.reference(drawn, kinds.example(drawn)).values()
    y = shown(net, drawn)
    assert y.shape == (1, 1)
    agree(Sigmoid()(y) if ending else y, expected)
    assert described(drawn, labels=["cat", "dog"]).card.classes == ("dog",)


def test_scores_without_an_axis_of_classes_are_one_score(described):
    drawn = kinds.ended(("Reshape", ["sh"], {}), classes=1)
    drawn.constant("sh", [-1], "i8")
    net = described(drawn)
    assert net.description.kind == "number" and net(kinds.example(drawn)["input"]).shape == (1, 1)


def test_sizes_that_the_file_fixes_are_binding(described):
    drawn = Drawn({"input": (1, 3, 8, 24)})
    drawn.head(drawn.trunk())
    net = described(drawn.ends("scores"))
    assert net.description.size == net.card.preprocessing.sides == (8, 24) and not net.description.free
    agree(shown(net, drawn), kinds.reference(drawn, kinds.example(drawn))["scores"])
    for shape in (1, 3, 8, 8), (1, 1, 8, 24), (1, 3, 24, 8):
        with pytest.raises(WeightsError, match=r"the input 'input' must be \(1, 3, 8, 24\), not"):
            net(np.zeros(shape, np.float32))
    with pytest.raises(WeightsError, match="cannot have 8 x 8 pixels"):
        described(drawn, crop=8)


def test_sizes_that_the_file_leaves_free(described):
    drawn = Drawn({"input": ("n", 3, "h", "w")})
    drawn.head(drawn.trunk())
    drawn.ends("scores")
    d = described(drawn).description
    assert (d.size, d.stated, d.free) == ((224, 224), None, True)
    assert described(drawn, crop=32).description.size == (32, 32)
    drawn.metadata = {"imgsz": "[16, 32]"}
    d = described(drawn).description
    assert (d.size, d.stated) == ((16, 32), "metadata")


NAMES = {
    "names": "{0: 'a', 1: 'b', 2: 'c', 3: 'd'}",
    "labels": '["a", "b", "c", "d"]',
    "id2label": '{"1": "b", "0": "a", "2": "c", "3": "d"}',
    "class_to_idx": '{"b": 1, "a": 0, "c": 2, "d": 3}',
    "character": "a\nb\nc\nd",
    "classes": "('a', 'b', 'c', 'd')",
}


@pytest.mark.parametrize("key", NAMES)
def test_class_names_in_the_metadata(described, key):
    drawn = kinds.plain()
    drawn.metadata = {"author": "[1, 2]", key: NAMES[key]}
    net = described(drawn)
    assert net.card.classes == net.description.names == ("a", "b", "c", "d")
    assert described(drawn, labels=["e", "f", "g", "h"]).card.classes == ("e", "f", "g", "h")


@pytest.mark.parametrize("text", [
    "['a', 'b']", "{0: 'a', 2: 'b', 3: 'c', 4: 'd'}", "__import__('os').getcwd()", "[" * 10000, "{}", "",
    "['a\\x1b', 'b', 'c', 'd']", "[['a'], 'b', 'c', 'd']",
])  # fmt: skip
def test_metadata_that_are_no_names_of_these_classes(described, text):
    drawn = kinds.plain()
    drawn.metadata = {"names": text}
    d = described(drawn).description
    assert d.names is None and d.unfit_names == (2 if text == "['a', 'b']" else 0)


def test_of_several_outputs_one_with_probabilities_or_one_that_no_other_is_made_from(described):
    drawn = Drawn()
    drawn.head(drawn.trunk())
    net = described(drawn.ends("flat", "scores"))
    assert (net.description.output, net.description.shape) == ("scores", (1, 4))
    assert described(drawn, output="flat").description.shape == (1, 8)
    with pytest.raises(WeightsError, match="no output 'odd' of scores; there is flat, scores"):
        described(drawn, output="odd")
    drawn.node("Softmax", ["scores"], "p")
    assert described(drawn.ends("p")).description.output == "p"


def test_a_label_whose_operator_is_not_known_is_left_out(described):
    drawn = kinds.plain()
    drawn.node("Bernoulli", ["scores"], "odd")
    drawn.outputs = {"odd": TensorProto.INT64, "scores": TensorProto.FLOAT}
    net = described(drawn)
    assert net.outputs == ["scores"]
    agree(shown(net, drawn), kinds.reference(kinds.plain(), kinds.example(drawn))["scores"])


def test_labels_without_scores_cannot_be_explained(described):
    drawn = kinds.plain()
    drawn.node("ArgMax", ["scores"], "label", axis=1)
    drawn.outputs = {"label": TensorProto.INT64}
    with pytest.raises(WeightsError, match="'label' holds whole numbers, as labels are"):
        described(drawn)
    drawn.outputs["scores"] = TensorProto.FLOAT
    assert described(drawn).description.outputs == ["scores"]


def test_an_output_that_is_a_map_has_places(described):
    drawn = Drawn()
    drawn.node("Conv", [drawn.trunk(), drawn.weight("Wo", 3, 8, 1, 1)], "mask")
    net = described(drawn.ends("mask"))
    d = net.description
    assert (d.kind, d.shape, net.card.layer) == ("map", (1, 3, 4, 4), "relu2")
    mask = kinds.reference(drawn, kinds.example(drawn))["mask"]
    agree(shown(net, drawn), mask)
    net = described(drawn, at=(1, 2))
    assert net.description.kind == "classes"
    agree(shown(net, drawn), mask[:, :, 1, 2])
    agree(shown(described(drawn, at=(slice(1, 3), 2)), drawn), mask[:, :, 1:3, 2].sum(axis=2))
    with pytest.raises(WeightsError, match="4:5 is no place among 0 to 3"):
        described(drawn, at=(4, 0))
    with pytest.raises(WeightsError, match="2 numbers, not 1"):
        described(drawn, at=(4,))
    with pytest.raises(WeightsError, match="no places"):
        described(kinds.plain(), at=(4,))


def test_rows_and_steps(described):
    drawn = Drawn()
    y = drawn.node("Conv", [drawn.trunk(), drawn.weight("Wo", 6, 8, 1, 1)], "grid")
    y = drawn.node("Reshape", [y, drawn.constant("sh", [1, 6, 16], "i8")], "flat")
    drawn.node("Transpose", [y], "boxes", perm=[0, 2, 1])
    drawn.ends("boxes")
    assert described(drawn).description.kind == "rows" and described(drawn).card.layer == "relu2"
    boxes = kinds.reference(drawn, kinds.example(drawn))["boxes"]
    agree(shown(described(drawn, at=(5,)), drawn), boxes[:, 5])
    assert described(drawn, at=(5,)).card.ends == "place"  # a box's numbers: a softmax of them says nothing
    flat = described(drawn.ends("flat"), output="flat", at=(5,))  # the rows lie along the last axis
    agree(shown(flat, drawn), boxes[:, 5])

    drawn = Drawn()
    y = drawn.node("AveragePool", [drawn.trunk()], "rows", kernel_shape=[4, 1])
    y = drawn.node("Squeeze", [y, drawn.constant("two", [2], "i8")], "steps")
    y = drawn.node(
        "MatMul", [drawn.node("Transpose", [y], "ntc", perm=[0, 2, 1]), drawn.weight("Wo", 8, 5)], "scores"
    )
    drawn.node("Softmax", [y], "p", axis=2)
    net = described(drawn.ends("p"), at=(2,))
    assert described(drawn).description.kind == "steps"
    agree(Softmax()(shown(net, drawn)), kinds.reference(drawn, kinds.example(drawn))["p"][:, 2])


def test_inputs_beside_the_picture(described):
    drawn = Drawn({"input": kinds.PICTURE, "meta": (1, 2)})
    flat = drawn.node("Flatten", [drawn.node("GlobalAveragePool", [drawn.trunk()], "gap")], "flat")
    both = drawn.node("Concat", [flat, "meta"], "both", axis=1)
    drawn.node("Gemm", [both, drawn.weight("Wfc", 4, 10)], "scores", transB=1)
    drawn.ends("scores")
    with pytest.raises(WeightsError, match=r"2 inputs \(input, meta\): beside the picture it needs meta"):
        described(drawn)
    inputs = kinds.example(drawn)
    net = described(drawn, given={"meta": [0.5, -1.0]})
    expected = kinds.reference(drawn, inputs | {"meta": np.array([[0.5, -1]], np.float32)})["scores"]
    agree(net(inputs["input"]), expected)
    agree(net(np.repeat(inputs["input"], 3, 0)), np.repeat(expected, 3, 0))
    with pytest.raises(WeightsError, match=r"'meta' must be \(1, 2\), not \(3\)"):
        described(drawn, given={"meta": [1, 2, 3]})
    with pytest.raises(WeightsError, match="no input 'age' beside its picture; there is meta"):
        described(drawn, given={"age": [1]})


def test_signals_of_one_dimension_are_no_pictures(described):
    drawn = Drawn({"input": (1, 64)})
    drawn.node("Gemm", ["input", drawn.weight("Wfc", 4, 64)], "scores", transB=1)
    d = described(drawn.ends("scores")).description
    assert d.layout is None and d.layer is None and d.example == (1, 64)


def test_halves_are_computed_in_float(described):
    drawn = kinds.plain()
    single = kinds.reference(drawn, kinds.example(drawn))["scores"]
    for tensor in drawn.weights:
        half = kinds.numpy_helper.from_array(kinds.numpy_helper.to_array(tensor).astype("f2"), tensor.name)
        tensor.CopyFrom(half)
    net = described(drawn)
    y = shown(net, drawn)
    assert net.description.precision == "float16" and y.dtype == np.float32
    np.testing.assert_allclose(y, single, atol=3e-3 * np.abs(single).max())


def test_a_branch_that_a_constant_chooses(described):
    from onnx import helper

    drawn = Drawn()
    y = drawn.head(drawn.trunk(), out="raw")
    value = helper.make_tensor_value_info("out", TensorProto.FLOAT, None)
    branch = {
        f"{which}_branch": helper.make_graph(
            [helper.make_node("Mul", [y, factor], ["out"])], which, [], [value]
        )
        for which, factor in (("then", "one"), ("else", "two"))
    }
    drawn.constant("one", 1), drawn.constant("two", 2), drawn.constant("which", False, bool)
    drawn.node("If", ["which"], "scores", **branch)
    net = described(drawn.ends("scores"))
    agree(shown(net, drawn), kinds.reference(drawn, kinds.example(drawn))["scores"])
    drawn.nodes[-1].input[0] = "raw"
    with pytest.raises(WeightsError, match=r"'scores' \(If\) chooses its branch by the picture"):
        described(drawn)


def test_labels_as_json(tmp_path):
    from weights.labels import read_labels

    (tmp_path / "names.json").write_text(json.dumps({"0": "a", "1": "b, c"}))
    assert read_labels(tmp_path / "names.json") == ("a", "b, c")
    (tmp_path / "names.json").write_text('["a", "b"]')
    assert read_labels(tmp_path / "names.json") == ("a", "b")
    (tmp_path / "names.txt").write_text("[a]\n[b]")
    assert read_labels(tmp_path / "names.txt") == ("[a]", "[b]")


def test_tensors_keep_the_graphs_names_and_gradients_reach_the_picture(described):
    from minicnn import backward, find, one_hot

    drawn = Drawn({"input": ("n", 16, 16, 3)})
    drawn.head(drawn.trunk(drawn.node("Transpose", ["input"], "turned", perm=[0, 3, 1, 2])))
    net = described(drawn.ends("scores"))
    x = Tensor(kinds.example(drawn)["input"].transpose(0, 3, 1, 2), "x")
    y = net(x)
    g = backward(y, one_hot(y, 1), wrt=x)
    assert g.shape == x.shape and np.any(g) and find(y, "relu2").shape == (1, 8, 8, 8)
