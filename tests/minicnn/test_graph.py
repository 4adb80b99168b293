"""Tensors, names, and the signal that asks for a class."""

from types import SimpleNamespace

import numpy as np
import pytest

from minicnn import Add, Conv, GraphError, Linear, Mul, ReLU, Reshape, Tensor, find, history, names, one_hot
from minicnn.layer import Apply
from tests.support.cases import draw

X = draw("x", 2, 3)


def test_arrays_in_arrays_out_tensors_in_tensors_out():
    assert isinstance(ReLU()(X), np.ndarray)
    y = ReLU()(Tensor(X), name="relu1")
    assert (
        isinstance(y, Tensor) and y.name == "relu1" and (y.shape, y.ndim, y.dtype) == ((2, 3), 2, np.float64)
    )
    assert repr(y) == "Tensor(relu1: (2, 3) float64, made by ReLU)"
    assert repr(Tensor(X)) == "Tensor(unnamed: (2, 3) float64)"


def test_numpy_arithmetic_on_a_tensor_is_an_error():
    with pytest.raises(TypeError):
        np.ones(3) * Tensor(X)


def test_operations_are_used_directly():
    x, W, b = Tensor(draw("x", 2, 3, 6, 6)), Tensor(draw("W", 4, 3, 3, 3)), Tensor(draw("b", 4))
    y = Conv(stride=1, pad=0, dilation=1, groups=1)(x, W, b, name="conv1")
    assert y.name == "conv1" and y.shape == (2, 4, 4, 4)


def test_history_lists_inputs_before_outputs():
    x = Tensor(X, "x")
    a = ReLU()(x, name="a")
    b = Mul()(a, x, name="b")
    y = Add()(a, b, name="y")
    assert history(y) == [x, a, b, y]
    assert history([b, a]) == [x, a, b] == history({"b": b, "none": None, "a": a})


def test_history_is_not_limited_by_recursion():
    x = y = Tensor(X)
    for _ in range(3000):
        y = ReLU()(y)
    assert len(history(y)) == 3001 and history(y)[0] is x


def test_a_layer_applied_twice_gives_numbered_names():
    relu = Apply("relu1", ReLU)
    first = relu(Tensor(X, "x"))
    second = relu(first)
    y = relu(second)
    assert list(names(y)) == ["x", "relu1", "relu1:2", "relu1:3"]
    assert [find(y, n) for n in ("relu1", "relu1:2", "relu1:3")] == [first, second, y]


def test_an_unknown_name_suggests_near_ones():
    y = ReLU()(Tensor(X, "photo"), name="relu5_3")
    with pytest.raises(
        GraphError, match=r"no tensor is called 'relu53' among those that lead to relu5_3; there is relu5_3"
    ):
        find(y, "relu53")
    with pytest.raises(GraphError, match="there is photo, relu5_3"):
        find(y, "zzz")


def test_a_history_without_names_says_so():
    with pytest.raises(GraphError, match="there is no named one"):
        find(ReLU()(Tensor(X)), "relu1")


def test_a_name_that_two_makers_use_is_ambiguous():
    x = Tensor(X, "x")
    y = Add()(ReLU()(x, name="relu"), ReLU()(x, name="relu"), name="y")
    with pytest.raises(GraphError, match="'relu' is ambiguous"):
        find(y, "relu")
    assert find(y, "x") is x


def test_one_hot_asks_for_a_class():
    y = Tensor(np.zeros((3, 4), np.float32), "fc8")
    assert one_hot(y, 2).tolist() == [[0, 0, 1, 0]] * 3 and one_hot(y, 2).dtype == np.float32
    assert one_hot(y, [0, 3, 1]).argmax(axis=-1).tolist() == [0, 3, 1]
    assert one_hot(y, np.array([0, 3, 1])).sum() == 3
    assert one_hot(y, np.int64(1)).argmax(axis=-1).tolist() == [1, 1, 1]


def test_one_hot_asks_for_a_unit_of_feature_maps():
    y = Tensor(np.zeros((2, 3, 4, 5)), "conv5")
    start = one_hot(y, (1, 2, 3))
    assert start.sum() == 2 and start[0, 1, 2, 3] == start[1, 1, 2, 3] == 1
    start = one_hot(y, (1, [0, 2], 3))
    assert start.sum() == 2 and start[0, 1, 0, 3] == start[1, 1, 2, 3] == 1


@pytest.mark.parametrize(
    "shape, c, said",
    [
        ((3, 4), 4, r"4 is no index into 4 \(0 to 3\) of fc8"),
        ((3, 4), -1, "-1 is no index"),
        ((3, 4), 1.0, "1.0 is no index"),
        ((3, 4), "tabby", "tabby is no index"),
        ((3, 4), [0, -1, 2], r"\[0, -1, 2\] is no index"),
        ((3, 4), [0, 4, 2], r"\[0, 4, 2\] is no index"),
        ((3, 4), [0, 1], "one for each of the 3 pictures, not 2"),
        ((3, 4), [[0, 1, 2]], "one for each of the 3 pictures"),
        ((1, 3, 4, 5), (0, 1), "has 3 coordinates, not 2"),
        ((1, 3, 4, 5), 2, "has 3 coordinates, not 1"),
        ((1, 3, 4, 5), (0, 4, 0), "4 is no index into 4"),
        ((4,), 2, "scores .* need a batch axis in front"),
    ],
)
def test_one_hot_refuses_what_is_no_class_or_unit(shape, c, said):
    with pytest.raises(GraphError, match=said):
        one_hot(Tensor(np.zeros(shape), "fc8"), c)


def test_a_name_that_is_like_none_is_answered_with_maps():
    x = Tensor(np.ones((1, 2, 3, 3)), "x")
    row = Reshape((1, 18))(ReLU()(x, name="maps"), name="row")
    for y, known in ((row, "maps"), (Reshape((1, 2))(Tensor(np.ones((2, 1)), "a"), name="b"), "a, b")):
        with pytest.raises(GraphError, match=f"no tensor is called 'qqqq' .*; there is {known}$"):
            find(y, "qqqq")
    with pytest.raises(GraphError, match="the name 'twice' is ambiguous"):
        find(ReLU()(ReLU()(x, name="twice"), name="twice"), "twice")


def test_what_an_operation_is_applied_to():
    assert Mul()(np.array([1.5]), 2).tolist() == [3] == Mul()(2, np.array([1.5])).tolist()
    assert Linear()(np.ones((1, 2)), np.ones((1, 2)), None).tolist() == [[2]]
    shaped, kind = SimpleNamespace(shape=(2,)), SimpleNamespace(dtype=np.dtype(float))
    for inputs, said in (
        ((1, 2), "Add takes arrays of numbers, not int"),
        ((X, shaped), "Add takes arrays of numbers, not SimpleNamespace"),
        ((), "Add cannot be applied to nothing: "),
        ((kind,), "Add cannot be applied to SimpleNamespace: "),
        ((X, np.ones(4, np.float32)), r"Add cannot be applied to \(2, 3\) float64 and \(4,\) float32: "),
    ):
        with pytest.raises(GraphError, match=f"^{said}"):
            Add()(*inputs)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(GraphError, match=r"weights \(5, 4\) takes \(N, 4\), not \(2, 3\)"):
        Linear()(X, draw("W", 5, 4))
    with pytest.raises(
        GraphError, match=r"filters \(4, 3, 3, 3\) in 1 groups take \(N, 3, H, W\), not \(1, 2, 5, 5\)"
    ):
        Conv()(draw("x", 1, 2, 5, 5), draw("W", 4, 3, 3, 3))
    with pytest.raises(ValueError, match="a window of 5 does not fit into 4 pixels"):
        Conv()(draw("x", 1, 3, 4, 9), draw("W", 4, 3, 5, 5))
