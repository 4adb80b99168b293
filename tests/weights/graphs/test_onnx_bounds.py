"""How large a node's result will be, counted by hand, and what a graph is told before it is computed.

Steps are made here, without ONNX's own package.
"""

import numpy as np
import pytest

from weights import WeightsError
from weights.graphs.onnx.bounds import LEAST, Room, elements
from weights.graphs.onnx.checking import (
    AT_LEAST_ONE,
    WHOLE,
    called,
    check,
    check_attributes,
    check_explainable,
    check_windows,
    depending,
    needed,
    short,
)
from weights.graphs.onnx.model import Graph, Model, Step

A, S, Z = np.array, (), None
CONV = [(2, 3, 8, 10), (5, 3, 3, 2)]
WIDE = [(2, 3, 8, 10), (50, 3, 3, 2)]
BORDER = {"pads": [1, 2, 3, 4]}  # 8 x 10 becomes 12 x 16
UP = [(2, 4, 3, 5), (4, 6, 2, 3)]
SIZES = [
    ("Expand", [(1, 3, 1), A([5, 1, 7])], {}, 5 * 3 * 7),
    ("Expand", [(3, 1), A([2, 1, 4])], {}, 2 * 3 * 4),
    ("Tile", [(2, 3), A([2, 4])], {}, 4 * 12),
    ("Pad", [(2, 3)], BORDER, (2 + 1 + 3) * (3 + 2 + 4)),
    ("Pad", [(2, 3), A([1, 2, 3, 4])], {}, 6 * 9),
    ("Pad", [(2, 3), A([1, 2, 3, 4]), A(0.5)], {}, 6 * 9),
    ("Pad", [(2, 3), A([1, 2, 3, 4]), Z, Z], {}, 6 * 9),
    ("Pad", [(2, 3), A([-1, 2, 3, -1])], {}, (2 + 3) * (3 + 2)),
    ("Pad", [(2, 3, 5), A([1, 2]), Z, A([1])], {}, 2 * (3 + 1 + 2) * 5),
    ("Resize", [(1, 2, 4, 4), Z, A([1, 1, 2, 3.0])], {}, 2 * 8 * 12),
    ("Resize", [(1, 2, 4, 4), A([1, 1, 2, 3.0])], {}, 2 * 8 * 12),
    ("Resize", [(1, 2, 4, 4), Z, A([1, 1, 2, 3.0]), A([])], {}, 2 * 8 * 12),
    ("Resize", [(1, 2, 4, 4), Z, A([1, 1, 0.5, 3.0])], {}, 2 * 4 * 12),  # in between it may be as large
    ("Resize", [(1, 2, 4, 4), Z, Z, A([1, 2, 9, 9])], {}, 2 * 9 * 9),
    ("Resize", [(1, 2, 4, 4), Z, Z, A([9, 9])], {}, 9 * 9 * 32),
    ("Upsample", [(1, 2, 4, 4), A([1, 1, 2, 3.0])], {}, 2 * 8 * 12),
    ("Upsample", [(1, 2, 4, 4)], {"scales": [1, 1, 2.0, 3]}, 2 * 8 * 12),
    ("Range", [A(10), A(100), A([3])], {}, 30),
    ("Range", [A(100), A(10), A(3)], {}, 0),
    ("Conv", CONV, {}, 2 * 5 * 80),
    ("Conv", CONV, BORDER, 2 * 5 * 12 * 16),
    ("Conv", CONV, BORDER | {"strides": [2, 3]}, 2 * 3 * 12 * 16),  # what is unrolled is larger
    ("Conv", WIDE, BORDER | {"strides": [5, 3]}, 2 * 50 * 3 * 6),
    ("Conv", WIDE, {"strides": [99, 2]}, 2 * 50 * 1 * 5),
    ("Conv", CONV, {"auto_pad": "SAME_UPPER"}, 2 * 5 * 11 * 12),
    ("Conv", CONV, {"auto_pad": "SAME_LOWER", "strides": [2, 2]}, 2 * 3 * 11 * 12),
    ("Conv", CONV, {"auto_pad": "NOTSET"}, 2 * 5 * 80),
    ("ConvInteger", CONV, {}, 2 * 5 * 80),
    ("QLinearConv", [CONV[0], S, S, CONV[1]], {}, 2 * 5 * 80),
    *((pool, [(2, 3, 8, 10)], {"kernel_shape": [2, 3]} | BORDER, 2 * 3 * 12 * 16)
      for pool in ("MaxPool", "AveragePool", "LpPool")),
    ("MaxPool", [(2, 3, 8, 10)], {"kernel_shape": [2, 5], "auto_pad": "SAME_UPPER"}, 2 * 3 * 10 * 15),
    ("ConvTranspose", UP, {}, 2 * 6 * (3 + 2) * (5 + 3)),
    ("ConvTranspose", UP, {"strides": [2, 3], "dilations": [3, 2], "output_padding": [1, 0], "group": 2},
     2 * 6 * 2 * (2 * 3 + 3 * 2 + 1) * (3 * 5 + 2 * 3)),
    ("ConvTranspose", UP, {"output_shape": [40, 50]}, 2 * 6 * 40 * 50),
    ("ConvTranspose", UP, {"output_shape": [1, 1]}, 2 * 6 * 5 * 8),
    ("MatMul", [(5, 3), (3, 7)], {}, 5 * 7),
    ("MatMul", [(2, 5, 3), (3, 7)], {}, 2 * 5 * 7),
    ("MatMulInteger", [(2, 1, 5, 3), (4, 3, 7)], {}, 2 * 4 * 5 * 7),
    ("MatMul", [(4,), (4, 7)], {}, 28),
    ("MatMul", [(7, 4), (4,)], {}, 28),
    ("Gemm", [(5, 3), (3, 7)], {}, 5 * 7),
    ("Gemm", [(5, 3), (7, 3)], {"transB": 1}, 5 * 7),
    ("Gemm", [(3, 5), (3, 7)], {"transA": 1}, 5 * 7),
    ("OneHot", [(4, 5), A([10]), A([0.0, 1])], {}, 4 * 5 * 10),
    ("Gather", [(10, 3), (2, 2)], {}, 2 * 2 * 3),
    ("Gather", [(10, 3), (2, 2)], {"axis": 0}, 2 * 2 * 3),
    ("Gather", [(10, 3), (2, 2)], {"axis": 1}, 10 * 2 * 2),
    ("GatherND", [(4, 5, 6), (7, 2)], {}, 7 * 6),
    ("GatherND", [(4, 5, 6), (2, 7, 1)], {}, 2 * 7 * 5 * 6),
    ("Concat", [(2, 3), Z, (2, 4)], {"axis": 1}, 6 + 8),
    ("Einsum", [(2, 3, 4), (2, 4, 5)], {"equation": "bij, bjk -> bki"}, 2 * 3 * 5),
    ("Einsum", [(2, 3), (3, 4)], {"equation": "ij,jk"}, 0),  # left to its operator
    ("ConstantOfShape", [A([2, 3, 4])], {}, 24),
    ("Mul", [(1, 3, 1, 5), (4, 1)], {}, 3 * 4 * 5),
    ("Mul", [(1, 3), (0, 3)], {}, 0),
    ("Add", [(2, 3), Z], {}, 6),
    ("Add", [(2, 3), (4,)], {}, 6),  # which does not fit
    ("Add", [(2, 3), (4, 1)], {}, 6),
    ("Relu", [()], {}, 1),
    ("Constant", [], {}, 1),
]  # fmt: skip


def step_of(op, count, **attributes):
    return Step(op, "n", ["x"] * count, ["y"], attributes)


@pytest.mark.parametrize(("op", "shapes", "attributes", "expected"), SIZES)
def test_a_size_is_known_before_the_result(op, shapes, attributes, expected):
    arriving = [np.zeros(s, "f4") if isinstance(s, tuple) else s for s in shapes]
    assert elements(step_of(op, len(shapes), **attributes), arriving) == expected


def test_how_much_a_network_may_fill():
    assert (Room(0).each, Room(0).left) == (LEAST, 4 * LEAST)
    assert Room(LEAST).each == 16 * LEAST and Room(1, LEAST).each == 128 * LEAST
    assert Room(9 * LEAST, LEAST).each == 9 * 16 * LEAST
    room, relu = Room(0), step_of("Relu", 1)
    values = [np.zeros((2, 3), "f4"), None, np.zeros((), "f8")]  # six numbers of eight bytes
    for room.each, op, arriving in ((48, "Add", values), (24, "Relu", values[:1]), (8, "Constant", [])):
        room.ask(step_of(op, 1), arriving)
        room.each -= 1
        with pytest.raises(WeightsError, match="the result of the node 'n'"):
            room.ask(step_of(op, 1), arriving)
    with pytest.raises(WeightsError, match=r"would have 4.3 GB, .* of this size has use for \(0.3 GB\)"):
        Room(0).ask(step_of("ConstantOfShape", 1), [A([2**14, 2**15])])
    room = Room(0)
    room.fill(relu, 3 * LEAST)
    room.fill(relu, LEAST)
    with pytest.raises(WeightsError, match=r"more than 1.1 GB together"):
        room.fill(relu, 1)


# --- is it a graph?


def graph(*steps, inputs=("x",), outputs=("y",), **constants):
    """steps: (operator, inputs, outputs), texts with a space between names."""
    made = [s if isinstance(s, Step) else Step(s[0], "", s[1].split(), s[2].split()) for s in steps]
    return Model(made, constants, [*outputs], dict.fromkeys(inputs, (1, 3)), 17)


@pytest.mark.parametrize(("faulty", "said"), [
    (graph(("Relu", "z", "y")), "'y' .Relu. takes 'z', which nothing in the graph computes"),
    (graph(("Relu", "x", "z")), "the graph's output 'y' is computed by no node"),
    (graph(("Relu", "a", "y"), ("Relu", "x", "a")), "'a', which is computed only later"),
    (graph(("Add", "x b", "a"), ("Add", "c a", "b"), ("Relu", "x", "c"), ("Relu", "b", "y")),
     "'y?a?' .Add. takes 'b', which is computed from its own result: the graph has a cycle"),
    (graph(("Add", "x y", "y")), "has a cycle"),
    (graph(("Relu", "x", "y"), ("Relu", "y", "")), "the node '' .Relu. has no outputs"),
    (graph(("Relu", "x", "y"), ("Relu", "x", "y")), "computes 'y', which there is already"),
    (graph(("Relu", "x", "x"), ("Relu", "x", "y")), "computes 'x', which there is already"),
    (graph(("Split", "x", "y y")), "computes 'y', which there is already"),
    (graph(("Relu", "x", "W"), ("Relu", "x", "y"), W=np.ones(3)), "computes 'W', which there is already"),
])  # fmt: skip
def test_what_is_no_graph(faulty, said):
    with pytest.raises(WeightsError, match=said):
        check(faulty)


def test_what_is_a_graph():
    check(graph(("Add", "x W", "a"), ("Clip", "a", "y"), W=np.ones(3)))
    check(graph(("Relu", "x", "a"), outputs=["a", "x", "W"], W=np.ones(3)))
    absent = Step("Clip", "", ["x", "", ""], ["y", "", ""])
    check(graph(absent))
    inner = Graph([Step("Relu", "", ["x"], ["o"])], {}, ["o"])
    both = {"then_branch": inner, "else_branch": inner}
    check(graph(Step("If", "", ["x"], ["y"], both)))
    nowhere = Graph([Step("Relu", "", ["later"], ["o"])], {}, ["o"])
    of = lambda op: graph(Step(op, "", ["x"], ["y"], {"body": nowhere}), ("Relu", "x", "later"))  # noqa: E731
    check(of("Loop"))
    with pytest.raises(WeightsError, match="takes 'later', which nothing in the graph computes"):
        check(of("If"))


def test_what_can_be_explained():
    check_explainable(graph(("Relu", "x", "y")))
    check_explainable(graph(("Relu", "x", "y"), outputs=["W", "y"], W=np.ones(3)))
    with pytest.raises(WeightsError, match="takes no input"):
        check_explainable(graph(("Relu", "W", "y"), inputs=(), W=np.ones(3)))
    with pytest.raises(WeightsError, match="output 'y' does not depend on its input"):
        check_explainable(graph(("Relu", "x", "z"), ("Relu", "W", "y"), W=np.ones(3)))


def test_what_depends_on_what():
    inner = Graph([Step("Relu", "", ["b"], ["o"])], {}, ["o"])
    steps = graph(("Relu", "x", "a"), ("Relu", "W", "b"), ("Add", "a ", "c"),
                  Step("If", "", ["W"], ["d", ""], {"then_branch": inner})).steps  # fmt: skip
    assert depending(steps, ["x"]) == {"x", "a", "c"} and depending(steps, ["b"]) == {"b", "d"}
    assert needed(steps, ["d"]) == {"d", "W", "o", "b"} and needed(steps, ["c", ""]) == {"c", "a", "x"}
    absent = graph(("Clip", "x ", "a"), ("Clip", "W ", "y"), W=np.ones(3)).steps  # '' is no value
    absent[0].inputs, absent[0].outputs, absent[1].inputs = ["x", ""], ["a", ""], ["W", ""]
    assert depending(absent, ["x"]) == {"x", "a"} and needed(absent, ["y"]) == {"y", "W"}


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_numbers_that_must_be_whole_and_those_that_must_be_one_or_more(name):
    for value, fits in ((1, True), ([2, 1], True), ([], True), (0, name not in AT_LEAST_ONE),
                        ([3, 0], name not in AT_LEAST_ONE), ([2, -1], name not in AT_LEAST_ONE)):  # fmt: skip
        if fits:
            check_attributes(step_of("Odd", 1, **{name: value}))
        else:
            with pytest.raises(WeightsError, match=f"the node 'n' .Odd. has {name} .*, which must be 1 or"):
                check_attributes(step_of("Odd", 1, **{name: value}))
    for value in ("x", [1, "x"], 0.5):
        with pytest.raises(WeightsError, match=f"has {name} .*, which must be whole numbers"):
            check_attributes(step_of("Odd", 1, **{name: value}))


def test_a_variance_grows_by_no_negative_number():
    for value in (np.float32(0), np.float32(1e-9)):
        check_attributes(step_of("Odd", 1, epsilon=value))
    for value in (np.float32(-1e-9), np.float32("nan"), "x", 1):
        with pytest.raises(WeightsError, match=r"has an epsilon of .*, which must not be negative"):
            check_attributes(step_of("Odd", 1, epsilon=value))


@pytest.mark.parametrize("op", ["Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "MaxUnpool"])
def test_windows_have_a_number_for_each_axis(op):
    for name, each in (
        ("kernel_shape", 1),
        ("strides", 1),
        ("dilations", 1),
        ("output_padding", 1),
        ("pads", 2),
    ):
        for ndim in (3, 4, 5):
            check_windows(step_of(op, 1, **{name: [1] * each * (ndim - 2)}), ndim)
            for count in (each * (ndim - 2) - 1 or 9, each * (ndim - 2) + 1):
                with pytest.raises(
                    WeightsError, match=f"{name} .*, which does not fit a signal with {ndim} a"
                ):
                    check_windows(step_of(op, 1, **{name: [1] * count}), ndim)
    check_windows(step_of(op, 1, strides=[]), 4)
    check_windows(step_of("Resize", 1, strides=[1, 1, 1]), 4)


def test_how_a_node_is_called():
    assert called(Step("Sub", "", [], ["", "y"], was="QLinearConv")) == "'y' (QLinearConv)"
    assert (
        called(Step("Sub", "a/b", [], ["y"])) == "'a/b' (Sub)"
        and called(Step("Sub", "", [], [])) == "'' (Sub)"
    )
    assert short("n" * 80) == "n" * 80 and short("n" * 81) == "n" * 77 + "..."
    assert short("abcdef", 6) == "abcdef" and short("abcdefg", 6) == "abc..."
