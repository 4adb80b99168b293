"""Which tensors are feature maps, of what kind, what a place of them sees, and at which of them Grad-CAM
looks, for graphs made here, without PyTorch or ONNX's own package.
"""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from minicnn import Tensor
from minicnn.places import Maps
from tests.weights.graphs.onnx_steps import model
from weights.feature_maps import Layer, _before_attention, _places, _within, default_layer, layers
from weights.graphs.onnx.network import Network

F = np.float32
DRAWN = np.random.default_rng(5)


def drawn(*shape):
    return DRAWN.standard_normal(shape).astype(F)


ARRAYS = {
    "W": drawn(4, 3, 3, 3),
    "V": drawn(4, 4, 1, 1),
    "D": drawn(8, 4, 3, 1),
    "U": drawn(1, 4, 1, 1),
    "M": drawn(4, 3),
    "four": drawn(1, 4, 1, 1),
    "g": drawn(4) ** 2,
    "b": drawn(4),
    "to": np.array([0, 4, 24]),
    "E": drawn(4, 5),
    "groups": np.array([0, 2, -1]),
    "two": np.abs(drawn(2)),
    "back": np.array([0, 4, 6, 4]),
    "half": F(0.5),
}
ATTRIBUTES = {
    "t": {"perm": [0, 2, 1]},
    "k": {"axis": 1},
    "l": {"size": 3},
    "m": {"axes": [1], "keepdims": 1},
    "q": {"kernel_shape": [2, 2]},
    "a": {"axes": [1], "keepdims": 0},
    "pool": {"kernel_shape": [2, 1], "strides": [2, 1]},
}
CONV = "Conv x W > c; Relu c > r; "  # 3 x 8 x 6 pixels -> 4 maps of 6 x 4
HEAD = "GlobalAveragePool {} > p; Flatten p > f; Gemm f M > y"


def forward(text):
    arrays = {name: a for name, a in ARRAYS.items() if f" {name} " in f" {text} ".replace(";", " ;")}
    net = Network(model(text, inputs={"x": (1, 3, 8, 6)}, attributes=ATTRIBUTES, **arrays))
    x = Tensor(np.sin(np.arange(144, dtype=F) * F(0.37)).reshape(1, 3, 8, 6), "x")
    return net(x), x


KINDS = {
    CONV + HEAD.format("r"): {"C": "conv", "R": "activation", "F": None, "Y": None},
    CONV + "BatchNormalization r g b b g > n; " + HEAD.format("n"): {"N": "norm"},
    CONV + "LRN r > l; " + HEAD.format("l"): {"L": "norm"},
    CONV + "Concat r c > k; ReduceMean k > m; Flatten m > y": {"K": "concat", "M": None},
    CONV + "Conv r V > v; Add r v > s; " + HEAD.format("s"): {"V": "conv", "S": "sum"},
    CONV + "Conv r V > v; Sub r v > s; " + HEAD.format("s"): {"S": None},
    CONV + "Add c four > s; Mul r half > z; Add s z > o; " + HEAD.format("o"): {
        "S": "conv",
        "Z": "activation",
        "O": "sum",
    },
    CONV + "Sub four c > s; Div r four > z; Add s z > o; " + HEAD.format("o"): {
        "S": "conv",
        "Z": "activation",
    },
    CONV + "Add x x > h; Mul x half > z; Conv z W > v; Add r v > s; " + HEAD.format("s"): {"Z": None},
    CONV + "Tanh r > z; Mul r z > s; " + HEAD.format("s"): {"Z": "activation", "S": "activation"},
    CONV + "Mul r r > s; " + HEAD.format("s"): {"S": None},
    CONV + "Conv r U > u; Sigmoid u > z; Mul r z > s; " + HEAD.format("s"): {
        "U": "conv",
        "Z": "activation",
        "S": None,
    },
    CONV + "Conv r U > u; Add r u > s; " + HEAD.format("s"): {"S": None},
    CONV + "MaxPool r > q; " + HEAD.format("q"): {"Q": None},
    CONV
    + "Reshape r groups > h; InstanceNormalization h two two > n; Shape c > sh; Reshape n sh > o; "
    + HEAD.format("o"): {"H": None, "N": "norm", "O": "norm"},
    "ConvTranspose x T > c; ReduceMean c > m; Flatten m > y": {"C": "conv"},
}
ARRAYS["T"] = drawn(3, 4, 2, 2)


@pytest.mark.parametrize("text", KINDS)
def test_kinds_of_tensors(text):
    found = {line.name: line.kind for line in layers(*forward(text))}
    assert {name: found[name] for name in KINDS[text]} == KINDS[text]


def test_the_table_of_layers():
    y, x = forward(
        CONV
        + "AveragePool r > pool; Conv pool D > d; Relu d > e; "
        + HEAD.replace("Gemm f M", "Neg f").format("e")
    )
    lines = layers(y, x)
    assert [line.name for line in lines] == ["C", "R", "POOL", "D", "E", "F", "Y"]
    assert [line.tensor.shape for line in lines[:4]] == [
        (1, 4, 6, 4),
        (1, 4, 6, 4),
        (1, 4, 3, 4),
        (1, 8, 1, 4),
    ]
    # rows: 3, then 3 + 1, then 4 + 2 * 2 of 8, which is all; columns: 3 of 6
    assert [line.field for line in lines] == ["3 x 3", "3 x 3", "4 x 3", "all x 3", "all x 3", "", ""]
    assert lines[3].maps.reach == ((math.inf, 2), (3, 1)) and lines[2].maps.sizes == (3, 4)
    scaled = next(t for t in (line.tensor for line in lines) if t is lines[1].tensor)
    scaled.layer = SimpleNamespace(only_scales=True)
    assert layers(y, x)[1].kind is None


def test_what_a_place_sees_in_words():
    of = lambda reach, **how: Layer("n", None, Maps(1, (2, 3), (4, 4), reach, **how), None).field  # noqa: E731
    assert of(((43, 1), (7.5, 1))) == "43 x 7.5" and of(((math.inf, 1), (7, 1))) == "all x 7"
    assert of(((math.inf, 1), (math.inf, 1))) == "all" and of((None, (3, 1))) == "" == of(
        ((3, 1), (3, 1)), rows=2
    )
    assert Layer("n", None, None, None).field == ""
    assert Layer("n", None, Maps(None, (2, 3), (4, 4), ((3, 1), (3, 1))), None).field == ""
    wide = Maps(1, (2, 3), (4, 4), ((8, 2), (7, 2)))
    assert _within(wide, (8, 8)).reach == ((math.inf, 2), (7, 2)) and _within(wide, (9, 7)).reach == (
        (8, 2),
        (math.inf, 2),
    )
    assert _within(wide, (8,)) is wide and _within(None, (8, 8)) is None
    assert _within(Maps(1, (2,), (4,), (None,)), (3,)).reach == (None,)
    tokens = Maps(2, (1,), (2, 2), ((3, 1), (3, 1)), before=1, behind=2)
    assert _places(np.arange(7).reshape(1, 7, 1), tokens).ravel().tolist() == [1, 2, 3, 4]


FRONT, TOKENS = "the last feature maps in front of the scores", "the last tokens that the scores depend on"
GATE = CONV + "ReduceMean r > m; Sigmoid m > z; Mul r z > s; "
ROWS = "Reshape r to > h; Transpose h > t; Tanh t > z; "
LOOKED_AT = {
    CONV + HEAD.format("r"): ("R", FRONT),
    CONV + "Conv r V > v; " + HEAD.format("v"): (
        "R",
        FRONT,
    ),  # a convolution, only where there is nothing else
    "Conv x W > c; " + HEAD.format("c"): ("C", FRONT),
    CONV + "Conv r V > v; Tanh v > z; " + HEAD.format("z"): ("Z", FRONT),
    CONV + "MaxPool r > q; " + HEAD.format("q"): ("R", FRONT),
    CONV + "GlobalAveragePool r > p; Tanh p > z; Flatten z > f; Gemm f M > y": (
        "R",
        FRONT,
    ),  # one place is none
    GATE + HEAD.format("s"): ("R", FRONT),  # a gate of places is no map
    CONV + "Conv r V > v; Mul r v > s; Tanh s > z; " + HEAD.format("z"): ("Z", FRONT),
    "Flatten x > y": (None, "no layer has places"),
    CONV + "Tanh r > y": ("R", FRONT),  # not the output itself
    CONV + ROWS + "Neg z > y": ("R", FRONT),  # rows, laid out
    CONV + ROWS + "MatMul z E > o; Tanh o > e; ReduceMean e > a; Neg a > y": ("E", TOKENS),
}


@pytest.mark.parametrize("text", LOOKED_AT)
def test_where_grad_cam_looks(text):
    assert default_layer(*forward(text)) == LOOKED_AT[text]


def test_what_stands_in_front_of_the_last_product_of_two_signals():
    text = "Relu x > a; Transpose a > u; MatMul a u > s; Softmax s > w; MatMul w a > o; "
    text += "MatMul o E > v; Tanh v > z"
    arrays = {"E": np.ones((6, 2), F)}
    net = Network(
        model(
            f"{text}; Neg z > y",
            inputs={"x": (1, 3, 8, 6)},
            attributes={"u": {"perm": [0, 1, 3, 2]}},
            **arrays,
        )
    )
    y = net(x := Tensor(np.ones((1, 3, 8, 6), F), "x"))
    known = layers(y, x)
    assert [line.name for line in known] == ["A", "U", "S", "W", "O", "V", "Z", "Y"]
    assert [line.name for line in _before_attention([y], known)] == ["A", "U", "S", "W", "O"]
    alone = Network(model("Relu x > a; MatMul a x > y", inputs={"x": (1, 3, 6, 6)}))
    y = alone(x := Tensor(np.ones((1, 3, 6, 6), F), "x"))  # the picture itself is none
    assert _before_attention([y], layers(y, x)) == []
