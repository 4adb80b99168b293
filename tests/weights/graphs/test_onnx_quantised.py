"""Graphs of 8 bits, computed in float: within a rounding of ONNX's own reference implementation, and with
gradients that pass.
"""

import numpy as np
import pytest

from minicnn import Tensor, backward, one_hot

pytest.importorskip("onnx", reason="ONNX's own package is not installed")
from onnx import TensorProto, numpy_helper

from tests.weights.graphs import onnx_kinds as kinds
from tests.weights.graphs.onnx_kinds import Drawn
from weights.graphs.onnx import describe, load

OPSET = 19  # the oldest whose DequantizeLinear the reference implementation has


def in_bits(net, name, values, per_channel=True):
    """values as int8, with a scale for each channel or for all; -> (q, scale, zero) by name."""
    largest = np.abs(values).max(axis=tuple(range(1, values.ndim)) if per_channel else None)
    scale = np.asarray(largest / 127, "f4")
    q = np.rint(values / scale.reshape(-1, *[1] * (values.ndim - 1))).astype("i1")
    (
        net.constant(f"{name}_q", q, "i1"),
        net.constant(f"{name}_s", scale),
        net.constant(f"{name}_z", np.zeros(scale.shape), "i1"),
    )
    return [f"{name}_q", f"{name}_s", f"{name}_z"]


def drawn_weights(net, name, *shape):
    values = net.random.standard_normal(shape).astype("f4") * (2 / np.prod(shape[1:])) ** 0.5
    return in_bits(net, name, values)


def there_and_back(net, x, name, scale, zero=0, kind="u1"):
    net.constant(f"{name}_s", scale), net.constant(f"{name}_z", zero, kind)
    q = net.node("QuantizeLinear", [x, f"{name}_s", f"{name}_z"], f"{name}_to")
    return net.node("DequantizeLinear", [q, f"{name}_s", f"{name}_z"], name)


def static():
    """QDQ: one scale for each kernel; unsigned numbers after the ReLU, which saturate."""
    net = Drawn()
    W = net.node("DequantizeLinear", drawn_weights(net, "W", 8, 3, 3, 3), "W_float", axis=0)
    y = net.node("Conv", [there_and_back(net, "input", "x", 1 / 127, kind="i1"), W], "conv")
    net.head(there_and_back(net, net.node("Relu", [y], "relu"), "act", 1 / 255))
    return net.ends("scores")


def dynamic():
    """DynamicQuantizeLinear, ConvInteger, and the scales multiplied afterwards."""
    net = Drawn()
    q, *_ = drawn_weights(net, "W", 8, 3, 3, 3)
    net.node("DynamicQuantizeLinear", ["input"], "x", outputs=["xq", "xs", "xz"])
    y = net.node("ConvInteger", ["xq", q, "xz"], "integers")
    y = net.node("Cast", [y], "as_float", to=TensorProto.FLOAT)
    net.constant("by_kernel", numpy_helper.to_array(net.weights[1]).reshape(8, 1, 1))
    y = net.node("Mul", [y, net.node("Mul", ["xs", "by_kernel"], "scales")], "conv")
    net.head(net.node("Relu", [y], "relu"))
    return net.ends("scores")


def operators():
    """QLinearConv between quantisation and its inverse."""
    net = Drawn()
    q, s, z = drawn_weights(net, "W", 8, 3, 3, 3)
    (
        net.constant("xs", 1 / 127),
        net.constant("xz", 0, "i1"),
        net.constant("ys", 1 / 40),
        net.constant("yz", -5, "i1"),
    )
    net.constant("b", net.random.integers(-2000, 2000, 8), "i4")
    x = net.node("QuantizeLinear", ["input", "xs", "xz"], "xq")
    y = net.node("QLinearConv", [x, "xs", "xz", q, s, z, "ys", "yz", "b"], "yq")
    net.head(net.node("Relu", [net.node("DequantizeLinear", [y, "ys", "yz"], "y")], "relu"))
    return net.ends("scores")


@pytest.mark.parametrize("make", [static, dynamic, operators])
def test_scores_are_within_a_rounding(make, tmp_path):
    drawn = make()
    inputs = kinds.example(drawn)
    net = describe(load(drawn.save(tmp_path / "net.onnx", OPSET)), "net")
    x = Tensor(inputs["input"], "x")
    y = net(x)
    expected = kinds.reference(drawn, inputs, OPSET)["scores"]
    np.testing.assert_allclose(y.data, expected, atol=0.01 * np.abs(expected).max())
    np.testing.assert_allclose(net(inputs["input"]), y.data, rtol=1e-5)  # arrays are not rounded either
    assert (net.description.precision, net.card.layer) == ("int8", "relu")
    assert np.any(backward(y, one_hot(y, 1), wrt=x))


def test_what_saturates_is_clipped(tmp_path):
    drawn = static()
    net = load(drawn.save(tmp_path / "net.onnx"))
    found = net.run(kinds.example(drawn), ["relu", "act"])
    assert found[0].max() > 1 and found[1].max() == 1
    np.testing.assert_allclose(found[1], np.minimum(found[0], 1), rtol=1e-6)


def test_scales_that_follow_from_the_picture_are_named(tmp_path):
    from weights import WeightsError

    net = Drawn()
    net.node("QuantizeLinear", [net.trunk(), net.node("ReduceMean", ["input"], "mean")], "q")
    net.node("Flatten", ["q"], "scores")
    with pytest.raises(
        WeightsError, match=r"an operator that is not known here .how often.: QuantizeLinear \(1\)"
    ):
        load(net.ends("scores").save(tmp_path / "net.onnx"))
