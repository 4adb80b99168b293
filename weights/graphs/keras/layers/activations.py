"""Activations: layers, and those that other layers carry by name."""

from __future__ import annotations

from typing import Any

import numpy as np

from weights.errors import WeightsError
from weights.graphs.keras.building import Call, Value
from weights.graphs.keras.layers.stated import ACTIVATIONS


def activated(layer: Call, x: Value, said: Any) -> Value:
    """x through an activation: a name, None, or Keras 3's dict of a function or a layer."""
    if isinstance(said, dict):
        config = said.get("config")
        if said.get("class_name") in LAYERS:
            return LAYERS[said["class_name"]](_as_layer(layer, said["class_name"], config or {}), x)
        said = config if isinstance(config, str) else said.get("class_name")
    if said is None or said == "linear":
        return x
    if said not in FUNCTIONS:
        raise WeightsError(f"the activation '{str(said)[:80]}' is not known here")
    return FUNCTIONS[said](layer, x)


def known(said: Any) -> str | None:
    """The name of an activation that is not known; None if it is."""
    if isinstance(said, dict):
        config = said.get("config")
        if said.get("class_name") in LAYERS:
            return None
        said = config if isinstance(config, str) else said.get("class_name")
    return None if said is None or said == "linear" or said in FUNCTIONS else str(said)


def _as_layer(layer, kind, config):
    """A layer given as an activation, with settings of its own."""
    made = Call(layer.building, layer.chain, layer.name)
    made.config, made.kind = config, kind
    return made


def _plain(op, **attributes):
    return lambda layer, x: layer(op, x, **attributes)


def softmax(layer: Call, x: Value, axis: Any = -1) -> Value:
    if isinstance(axis, list):
        if len(axis) != 1:
            raise WeightsError("a softmax over several axes is not supported")
        axis = axis[0]
    return layer("Softmax", x, axis=layer.axis(x, axis))


def hard_sigmoid(layer: Call, x: Value) -> Value:
    """Keras 3: relu6(x + 3) / 6; before: 0.2 x + 0.5, between 0 and 1."""
    return layer("HardSigmoid", x, alpha=1 / 6 if layer.version > 2 else 0.2, beta=0.5)


def tanh_shrink(layer: Call, x: Value) -> Value:
    return layer("Sub", x, layer("Tanh", x))


def relu(layer: Call, x: Value, most: float | None = None, slope: float = 0.0, at: float = 0.0) -> Value:
    """max(x, 0), below `most`; with slope (x - at) below the threshold `at`."""
    if at == 0 and slope == 0:
        return layer("Relu", x) if most is None else layer("Clip", x, min=0.0, max=float(most))
    if at == 0:
        y = layer("LeakyRelu", x, alpha=float(slope))
    elif slope == 0:
        y = layer("ThresholdedRelu", x, alpha=float(at))
    else:
        y = layer("PiecewiseLinear", x, slope=float(slope), at=float(at))
    return y if most is None else layer("Clip", y, max=float(most))


def relu_layer(layer: Call, x: Value) -> Value:
    slope = layer.get("negative_slope", 0.0)
    most = layer.get("max_value")
    return relu(
        layer, x, None if most is None else float(most), float(slope), float(layer.get("threshold", 0))
    )


def leaky_relu(layer: Call, x: Value) -> Value:
    return layer("LeakyRelu", x, alpha=float(layer.get("negative_slope", layer.get("alpha", 0.3))))


def prelu(layer: Call, x: Value) -> Value:
    (slope,) = layer.arrays(least=1)[:1]
    slope = np.asarray(layer.spread(slope, x) if x.moved else slope, slope.dtype)
    return layer("PRelu", x, slope[0] if slope.ndim == x.ndim else slope)


def elu(layer: Call, x: Value) -> Value:
    return layer("Elu", x, alpha=float(layer.get("alpha", 1.0)))


def thresholded_relu(layer: Call, x: Value) -> Value:
    return layer("ThresholdedRelu", x, alpha=float(layer.get("theta", 1.0)))


def softmax_layer(layer: Call, x: Value, mask: Value | None = None) -> Value:
    if mask is not None:
        raise WeightsError("a softmax with a mask is not supported")
    return softmax(layer, x, layer.get("axis", -1))


def activation(layer: Call, x: Value) -> Value:
    return activated(layer, x, layer.get("activation"))


FUNCTIONS = ACTIVATIONS | {
    "relu6": lambda layer, x: relu(layer, x, 6.0),
    "gelu": _plain("Gelu", approximate="none"),
    "leaky_relu": _plain("LeakyRelu", alpha=0.2),
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": _plain("HardSwish"),
    "hard_swish": _plain("HardSwish"),
    "hard_tanh": _plain("Clip", min=-1.0, max=1.0),
    "hard_shrink": _plain("Shrink", lambd=0.5),
    "soft_shrink": _plain("Shrink", lambd=0.5, bias=0.5),
    "tanh_shrink": tanh_shrink,
    "exponential": _plain("Exp"),
    "softmax": softmax,
    "log_softmax": lambda layer, x: layer("LogSoftmax", x, axis=layer.axis(x, -1)),
}
LAYERS = {
    "Activation": activation, "ReLU": relu_layer, "LeakyReLU": leaky_relu, "PReLU": prelu, "ELU": elu,
    "ThresholdedReLU": thresholded_relu, "Softmax": softmax_layer,
}  # fmt: skip
