"""Grad-CAM built up, an occluder, weights drawn anew, and what is counted of signals, by hand."""

import numpy as np
import pytest

from gradcam.explore.experiments import built_up, covered, drawn_anew
from gradcam.explore.lehmer import normals
from gradcam.explore.signals import RULES, Signals, of_probability
from minicnn import Tensor
from minicnn.ops import Conv, GlobalAvgPool, Linear, ReLU, Sigmoid, SiLU


def test_grad_cam_is_built_up_of_alpha_and_maps():
    A = Tensor(np.arange(12.0).reshape(1, 2, 2, 3) - 3, "A")
    W, b = np.array([[1.0, 2], [3, -4], [5, 6]]), np.array([0.5, 0.25, 0.125])
    y = Linear()(GlobalAvgPool()(A), Tensor(W), Tensor(b))
    found = built_up(y, 1, A)
    assert found["alpha"].tolist() == [3 / 6, -4 / 6]
    assert np.allclose(found["map"], (3 * A.data[0, 0] - 4 * A.data[0, 1]) / 6, rtol=1e-14)
    assert (found["H"], found["W"], found["bias"]) == (2, 3, 0.25)
    assert found["score"] == y.data[0, 1] == pytest.approx(3 * -0.5 - 4 * 5.5 + 0.25)
    for without in (Linear()(GlobalAvgPool()(A), Tensor(W)), Linear()(GlobalAvgPool()(A), Tensor(W), None)):
        assert built_up(without, 1, A)["bias"] == 0.0
    assert built_up(GlobalAvgPool()(A), 1, A)["alpha"].tolist() == [0, 1 / 6]


def test_a_grey_square_covers_what_of_it_lies_inside():
    pixels = np.full((5, 6, 3), 9, np.uint8)
    several = [*covered(pixels, 2, [[1, 3], [-1, 4], [4, -1], [-2, 0]])]
    grey = [set(zip(*np.nonzero((p == 127).all(axis=2)))) for p in several]
    assert grey == [{(1, 3), (1, 4), (2, 3), (2, 4)}, {(0, 4), (0, 5)}, {(4, 0)}, set()]
    assert (pixels == 9).all() and all(set(np.unique(p)) <= {9, 127} for p in several)


def network():
    x = Tensor(np.ones((1, 2, 3, 3), np.float32), "x")
    one = Conv()(x, Tensor(np.ones((4, 2, 3, 2), np.float32)), Tensor(np.full(4, 3.0, np.float32)))
    two = GlobalAvgPool()(ReLU()(one))
    bare = Linear()(two, Tensor(np.ones((5, 4), np.float32)))
    three = Linear()(bare, Tensor(np.ones((2, 5), np.float32)), Tensor(np.full(2, 3.0, np.float32)))
    return {"x": x, "one": one, "pooled": two, "bare": bare, "three": three}


def test_the_last_layers_are_drawn_anew():
    tensors = network()
    fan_in = {"one": 12, "bare": 4, "three": 5}
    for count in range(4):
        layers, anew = drawn_anew(tensors, count, 7)
        assert layers == [*fan_in]
        for n, name in enumerate(fan_in):
            W, *b = (t.data for t in tensors[name].op.inputs[1:])
            if n < 3 - count:
                assert anew(W) is W and all(anew(v) is v for v in b)
                continue
            drawn = (normals(7000 + n, W.size) * (2 / fan_in[name]) ** 0.5).reshape(W.shape)
            assert anew(W).dtype == np.float32 and np.allclose(anew(W), drawn, rtol=1e-6)
            assert all(not anew(v).any() and anew(v).shape == v.shape for v in b)


def two_paths():
    """x -> relu -> y, and a tensor beside them that leads to nothing."""
    x = Tensor(np.array([[-1.0, 2, -3, 4, 5]]), "x")
    relu = ReLU()(x, name="relu")
    y = Linear()(relu, Tensor(np.array([[10.0, -20, 30, 40, 0]])), name="y")
    return {"x": x, "relu": relu, "beside": ReLU()(x), "y": y}, y


def test_signals_and_gates_are_counted():
    tensors, y = two_paths()
    signals = Signals(
        y, {"backprop": np.ones((1, 1)), "deconvnet": np.full((1, 1), 2.0)}, RULES, tensors, ["x"]
    )
    assert signals.below.keys() == {"x", "relu", "y"} and signals.drawn == {"x"} and signals.refused == {}
    assert signals.few.keys() == {"backprop", "deconvnet"} and signals.few["backprop"].keys() == {"x"}
    assert signals.at("x", "backprop").tolist() == [[0, -20, 0, 40, 0]]
    assert signals.at("relu", "deconvnet").tolist() == [[20, -40, 60, 80, 0]]
    assert signals.at("x", "deconvnet").tolist() == [[20, 0, 60, 80, 0]]
    assert signals.at("x", "guided") is None and signals.at("beside", "backprop") is None
    found = signals.counts()
    assert found["signs"]["backprop"] == {
        "x": {"up": 1, "down": 1, "positive": 40.0, "negative": -20.0},
        "relu": {"up": 3, "down": 1, "positive": 80.0, "negative": -20.0},
        "y": {"up": 1, "down": 0, "positive": 1.0, "negative": 0.0},
    }
    # open: 2, 4, 5; closed: -1, -3
    assert found["gates"] == {"relu": {"backprop": [1, 1, 2, 0], "deconvnet": [1, 1, 2, 0]}}
    assert found["signs"]["deconvnet"]["relu"]["negative"] == -40.0


def test_a_rule_that_is_not_defined_is_refused_alone():
    x = Tensor(np.array([[1.0, -2]]), "x")
    y = SiLU()(x, name="y")
    firsts = dict.fromkeys(("guided", "backprop", "deconvnet"), np.array([[3.0, 0]]))
    signals = Signals(y, firsts, RULES, {"x": x, "y": y}, ["x", "y", "nothing"])
    assert signals.few.keys() == {"backprop"} and signals.refused.keys() == {"guided", "deconvnet"}
    assert all("SiLU" in why for why in signals.refused.values())
    p = 1 / (1 + np.exp(-1))
    assert signals.at("x", "backprop")[0].tolist() == pytest.approx([3 * (p + p * (1 - p)), 0])
    alone = Signals(y, {"guided": firsts["guided"]}, RULES, {"x": x, "y": y}, ["x"])
    assert alone.few == {} and alone.refused.keys() == {"guided"}
    none = Signals(y, {}, RULES, {"x": x, "y": y}, ["x"])
    assert none.few == none.refused == none.all == {}


@pytest.mark.parametrize("k", [0, 2])
def test_of_a_probability_it_is_the_derivative(k):
    y, s, h = np.array([[0.3, -1.2, 2.0]]), 1.5, 1e-6
    signal = np.eye(3)[k : k + 1]

    def softmax(v):
        return np.exp(v) / np.exp(v).sum()

    for multi_label, p in ((False, softmax), (True, lambda v: 1 / (1 + np.exp(-v)))):
        slopes = [(p(s * (y + h * e))[0, k] - p(s * (y - h * e))[0, k]) / (2 * h) for e in np.eye(3)]
        assert of_probability(y, k, s, signal, multi_label) == pytest.approx(np.array([slopes]), abs=1e-9)


def test_positive_relevance_alone_is_what_zplus_sends():
    x = Tensor(np.array([[1.0, 2, 3]]), "x")
    y = Linear()(x, Tensor(np.array([[1.0, -5, 2]])), name="y")
    found = Signals(y, {"lrp_zplus": np.array([[14.0]])}, RULES, {"x": x, "y": y}, ["x"]).at("x", "lrp_zplus")
    assert found[0].tolist() == pytest.approx([2, 0, 12], rel=1e-6)


def test_a_sigmoid_has_no_gates():
    x = Tensor(np.array([[1.0, -2]]), "x")
    y = Sigmoid()(x, name="y")
    signals = Signals(y, {"backprop": np.ones((1, 2))}, RULES, {"x": x, "y": y}, ["x"])
    assert signals.counts()["gates"] == {} and signals.counts()["signs"]["backprop"]["x"]["up"] == 2
