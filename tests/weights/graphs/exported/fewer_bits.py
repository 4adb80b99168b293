"""Numbers of fewer bits: int8 in its four spellings, float16, bfloat16, float64."""

from __future__ import annotations

import numpy as np

from tests.weights.graphs.exported.kinds import Kind, kind
from tests.weights.graphs.onnx_kinds import Drawn


def _int8(net, name, *shape, axis=None):
    """A drawn weight in int8: its name, scale and zero point."""
    w = net.random.standard_normal(shape) * (2 / np.prod(shape[1:])) ** 0.5
    largest = abs(w).max() if axis is None else abs(w).max(tuple(a for a in range(w.ndim) if a != axis))
    scale = largest / 127
    spread = scale if axis is None else scale.reshape([-1 if a == axis else 1 for a in range(w.ndim)])
    return (
        net.constant(name, np.round(w / spread), "i1"),
        net.constant(f"{name}_scale", scale),
        net.constant(f"{name}_zero", np.zeros(np.shape(scale)), "i1"),
    )


def _scale(net, name, scale, zero=0, dtype="i1"):
    return [net.constant(f"{name}_scale", scale), net.constant(f"{name}_zero", zero, dtype)]


@kind
def weights_only_in_int8():
    """DequantizeLinear of weights, one scale for each filter; activations in float."""
    net = Drawn()
    w = net.node("DequantizeLinear", [*_int8(net, "W", 8, 3, 3, 3, axis=0)], "W_float", axis=0)
    y = net.node("Relu", [net.node("Conv", ["input", w], "conv")], "relu")
    net.head(y)
    return Kind(net.ends("scores"), dict(kind="classes", precision="int8", layer="relu"))


@kind
def quantised_there_and_back():
    """QDQ around every layer, biases in int32, one scale for each filter."""
    net = Drawn()
    x = net.node("QuantizeLinear", ["input", *_scale(net, "x", 1 / 127)], "x_q")
    x = net.node("DequantizeLinear", [x, "x_scale", "x_zero"], "x_dq")
    w, s, z = _int8(net, "W", 8, 3, 3, 3, axis=0)
    w = net.node("DequantizeLinear", [w, s, z], "W_dq", axis=0)
    b = net.constant("b_q", np.arange(8) * 100 - 400, "i4")
    b = net.node("DequantizeLinear", [b, net.constant("b_scale", np.full(8, 1e-4)), net.constant("b_zero",
                 np.zeros(8), "i4")], "b_dq", axis=0)  # fmt: skip
    y = net.node("Relu", [net.node("Conv", [x, w, b], "conv")], "relu")
    y = net.node("QuantizeLinear", [y, *_scale(net, "y", 3 / 255, 0, "u1")], "y_q")
    net.head(net.node("DequantizeLinear", [y, "y_scale", "y_zero"], "y_dq"))
    return Kind(net.ends("scores"), dict(kind="classes", precision="int8", layer="relu"), near=2e-2)


@kind
def quantised_operators_of_a_runtime():
    """onnxruntime's static int8: QLinearConv, and QLinearAdd, QLinearGlobalAveragePool of com.microsoft."""
    net, ms = Drawn(), {"domain": "com.microsoft"}
    net.domains = {"com.microsoft": 1}
    x = [
        net.node("QuantizeLinear", ["input", *_scale(net, "x", 2 / 255, 128, "u1")], "x_q"),
        "x_scale",
        "x_zero",
    ]

    def conv(x, name, channels, *more):
        weight, out = _int8(net, f"W{name}", 8, channels, 3, 3, axis=0), _scale(net, name, 6 / 255, 128, "u1")
        return [net.node("QLinearConv", [*x, *weight, *out, *more], name, pads=[1] * 4), *out]

    y = conv(x, "conv1", 3, net.constant("b1", np.arange(8) * 30, "i4"))
    z = conv(y, "conv2", 8)
    out = _scale(net, "add", 8 / 255, 128, "u1")
    y = [net.node("QLinearAdd", [*y, *z, *out], "add", **ms), *out]
    y = net.node("QLinearGlobalAveragePool", [*y, *_scale(net, "gap", 1 / 255, 128, "u1")], "gap", **ms)
    y = net.node("Flatten", [net.node("DequantizeLinear", [y, "gap_scale", "gap_zero"], "floats")], "flat")
    net.node("Gemm", [y, net.weight("Wfc", 4, 8)], "scores", transB=1)
    return Kind(net.ends("scores"), dict(kind="classes", precision="int8", layer="add"), near=5e-2)


@kind
def quantised_from_end_to_end():
    """TFLite's: uint8 pixels that a DequantizeLinear reads, and uint8 probabilities."""
    net = Drawn({"input": (1, 16, 16, 3)})
    net.types["input"] = "uint8"
    x = net.node("DequantizeLinear", ["input", *_scale(net, "x", 1 / 127.5, 127, "u1")], "pixels")
    net.head(net.trunk(net.node("Transpose", [x], "turned", perm=[0, 3, 1, 2])))
    net.node("Softmax", ["scores"], "p", axis=1)
    net.node("QuantizeLinear", ["p", *_scale(net, "p", 1 / 256, 0, "u1")], "p_q")
    right = dict(layout="NHWC", kind="classes", ending="softmax", layer="relu2")
    return Kind(net.ends("p_q", dtype=2), right,
                near=2e-2, undone=lambda q: q / 256)  # fmt: skip


@kind
def quantised_by_the_picture():
    """onnxruntime's dynamic int8: ConvInteger and MatMulInteger, their scales multiplied."""
    net = Drawn()
    net.node("DynamicQuantizeLinear", ["input"], "dq", outputs=["x_q", "x_s", "x_z"])
    w, s, z = _int8(net, "W", 8, 3, 3, 3)
    y = net.node("ConvInteger", ["x_q", w, "x_z", z], "conv_i", pads=[1] * 4)
    y = net.node("Mul", [net.node("Cast", [y], "conv_f", to=1), net.node("Mul", ["x_s", s], "both")], "conv")
    y = net.node("Relu", [net.node("Add", [y, net.weight("b", 1, 8, 1, 1)], "biased")], "relu")
    y = net.node("Flatten", [net.node("GlobalAveragePool", [y], "gap")], "flat")
    net.node("DynamicQuantizeLinear", [y], "dq2", outputs=["y_q", "y_s", "y_z"])
    w, s, z = _int8(net, "Wfc", 8, 4)
    y = net.node("Cast", [net.node("MatMulInteger", ["y_q", w, "y_z", z], "fc_i")], "fc_f", to=1)
    net.node("Mul", [y, net.node("Mul", ["y_s", s], "both2")], "scores")
    return Kind(net.ends("scores"), dict(kind="classes", precision="int8", layer="relu"), near=3e-2)


def _halves(net, twin, dtype, number):
    for g in (net, twin):
        d, weight = (dtype if g is net else "f4"), g.random.standard_normal
        x = g.node("Cast", ["input"], "half", to=number) if g is net else "input"
        w = g.constant("W", (weight((8, 3, 3, 3)) / 4).astype("f2"), d)
        y = g.node("Relu", [g.node("Conv", [x, w], "conv")], "relu")
        y = g.node("Flatten", [g.node("GlobalAveragePool", [y], "gap")], "flat")
        y = g.node("MatMul", [y, g.constant("Wfc", weight((8, 4)).astype("f2"), d)], "scores")
        y = g.node("Softmax", [y], "soft", axis=1)
        if g is net:
            y = g.node("Cast", [y], "p", to=1)
        g.ends(y)


@kind
def halves_inside():
    """float16, with Casts at both ends, as onnxconverter leaves it."""
    net, twin = Drawn(), Drawn()
    _halves(net, twin, "f2", 10)
    return Kind(
        net, dict(kind="classes", ending="softmax", precision="float16", layer="relu"), near=5e-3, twin=twin
    )


@kind
def doubles():
    """Everything in float64."""
    net = Drawn()
    net.types["input"] = "float64"
    w = net.constant("W", net.random.standard_normal((8, 3, 3, 3)) / 4, "f8")
    y = net.node("Relu", [net.node("Conv", ["input", w], "conv")], "relu")
    y = net.node("Flatten", [net.node("GlobalAveragePool", [y], "gap")], "flat")
    net.node("MatMul", [y, net.constant("Wfc", net.random.standard_normal((8, 4)), "f8")], "scores")
    return Kind(net.ends("scores", dtype=11), dict(kind="classes", layer="relu"))
