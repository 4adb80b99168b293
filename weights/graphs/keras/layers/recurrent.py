"""Recurrent layers: Keras' gates i, f, c, o in the order i, o, f, c; weights (gates H, D), biases of both."""

from __future__ import annotations

from typing import Any

import numpy as np

from weights.errors import WeightsError
from weights.graphs.keras.building import Call, Value

GATES = {"LSTM": (0, 3, 1, 2), "GRU": (0, 1, 2), "SimpleRNN": (0,)}
OPS = {"LSTM": "LSTM", "GRU": "GRU", "SimpleRNN": "RNN"}
ACTIVATIONS = {
    "tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu", "softsign": "Softsign", "softplus": "Softplus",
    "elu": "Elu",
}  # fmt: skip


def recurrent(layer: Call, x: Value, *state: Any) -> Value | list[Value]:
    """(N, T, D) -> the last h (N, H), or all of them (N, T, H); and, with return_state, the last states."""
    if state:
        raise WeightsError(
            "a recurrent layer that starts from a given state, or looks at a mask, is not supported"
        )
    arrays = layer.arrays(*(["cell"] if layer.building.stored.in_places else []), least=2)
    own = bool(layer.get("go_backwards", False))
    sequence, last = _run(layer, layer.kind, layer.config, x, [arrays], "reverse" if own else "forward")
    y = _without(layer, last[0], 0)
    if layer.get("return_sequences", False):
        y = _ordered(layer, sequence, own)
    return [y, *(_without(layer, v, 0) for v in last)] if layer.get("return_state", False) else y


def bidirectional(layer: Call, x: Value, *state: Any) -> Value:
    """One layer forwards, and one backwards."""
    inner = layer.get("layer")
    kind, config = inner["class_name"], inner["config"]
    backward = (layer.get("backward_layer") or {}).get("class_name", kind)
    if state or kind not in GATES or backward != kind or config.get("return_state"):
        raise WeightsError(
            "a bidirectional layer is one of LSTM, GRU or SimpleRNN, without states of its own"
        )
    if layer.building.stored.in_places:
        both = [layer.arrays(way, "cell", least=2) for way in ("forward_layer", "backward_layer")]
    else:
        arrays = layer.arrays(least=4)
        both = [arrays[: len(arrays) // 2], arrays[len(arrays) // 2 :]]
    sequence, last = _run(layer, kind, config, x, both, "bidirectional")
    mode = layer.get("merge_mode", "concat")
    if config.get("return_sequences"):
        ways = [layer("Gather", sequence, np.asarray(i), ndim=3, axis=1) for i in (0, 1)]
        ways = [layer("Transpose", way, perm=[1, 0, 2]) for way in ways]
    else:
        ways = [layer("Gather", last[0], np.asarray(i), ndim=2, axis=0) for i in (0, 1)]
    match mode:
        case "concat":
            return layer("Concat", *ways, axis=ways[0].ndim - 1)
        case "sum":
            return layer("Add", *ways)
        case "mul":
            return layer("Mul", *ways)
        case "ave":
            return layer("Mean", *ways)
    raise WeightsError(f"a bidirectional layer merged by '{str(mode)[:80]}' is not supported")


def _run(layer, kind, config, x, arrays, direction):
    """-> all h (T, directions, N, H), [the last h, and an LSTM's c] (directions, N, H)"""
    for setting in ("stateful", "time_major"):
        if config.get(setting):
            raise WeightsError(f"a recurrent layer that is {setting} is not supported")
    W, R, B = (np.stack(v) for v in zip(*(_weights(kind, config, *of) for of in arrays)))
    options: dict[str, Any] = {"hidden_size": int(R.shape[2]), "direction": direction}
    inner = _activation(layer, config.get("activation", "tanh"))
    gate = _activation(layer, config.get("recurrent_activation") or "sigmoid")
    names = {"LSTM": [gate, inner, inner], "GRU": [gate, inner], "SimpleRNN": [inner]}[kind]
    options["activations"] = names * len(arrays)
    if kind == "GRU":
        options["linear_before_reset"] = int(bool(config.get("reset_after", False)))
    times = layer("Transpose", layer.as_keras(x), perm=[1, 0, 2])
    outputs = 3 if kind == "LSTM" else 2
    sequence, *last = layer.several(OPS[kind], times, W, R, B, outputs=outputs, ndim=3, **options)
    return Value(sequence.name, 4), last


def _weights(kind, config, kernel, recurrent_kernel, *bias):
    order, H = GATES[kind], recurrent_kernel.shape[0]
    if kernel.ndim != 2 or kernel.shape[1] != len(order) * H or recurrent_kernel.shape[1] != len(order) * H:
        raise WeightsError(f"kernels of {kernel.shape} and {recurrent_kernel.shape} are no {kind}'s")
    b = bias[0] if bias else np.zeros(len(order) * H, kernel.dtype)
    b = b if b.ndim == 2 else np.stack([b, np.zeros_like(b)])
    ordered = [
        np.concatenate([m[..., g * H : (g + 1) * H] for g in order], -1)
        for m in (kernel, recurrent_kernel, b)
    ]
    return ordered[0].T, ordered[1].T, ordered[2].reshape(-1)


def _activation(layer, said):
    said = said.get("config") if isinstance(said, dict) else said
    if said == "hard_sigmoid" and layer.version < 3:
        return "HardSigmoid"
    if said not in ACTIVATIONS:
        raise WeightsError(f"a recurrent layer with the activation '{str(said)[:80]}' is not supported")
    return ACTIVATIONS[said]


def _without(layer, x, axis):
    return layer("Squeeze", x, np.asarray([axis]), ndim=x.ndim - 1)


def _ordered(layer, sequence, backwards):
    """(T, 1, N, H) -> (N, T, H); one that runs backwards hands its values over in that order."""
    y = layer("Transpose", _without(layer, sequence, 1), perm=[1, 0, 2])
    if not backwards:
        return y
    last = [np.asarray([v]) for v in (-1, -(2**31), 1, -1)]
    return layer("Slice", y, *last)


LAYERS = {**dict.fromkeys(GATES, recurrent), "Bidirectional": bidirectional}
