"""What a graph itself does to its pixels before the first layer: x a + b, channel by channel."""

from __future__ import annotations

from typing import Any

import numpy as np

from weights.graphs.onnx.network import Network
from weights.graphs.onnx.quantised import REWRITTEN

PASSED = ("Cast", "Transpose", "Identity", "Dropout")
WIDE = 12.0  # deviations: a white pixel is no further from a black one behind any scaling that people use


def scaling_in(net: Network) -> tuple[np.ndarray, np.ndarray] | None:
    """(a, b) of each channel, or of all, if the graph begins by scaling its pixels; else None."""
    value, a, b, scaled = net.picture, np.ones(1), np.zeros(1), False
    while True:
        takers = [node for node in net.nodes if value in node.step.inputs]
        if len(takers) != 1:
            break
        node, step = takers[0], takers[0].step
        if step.was in REWRITTEN or "Quantize" in step.op:
            return None
        if step.op not in PASSED:
            found = _affine(node, step, value)
            if found is None:
                break
            try:
                a, b = a * found[0], b * found[0] + found[1]
            except ValueError:  # numbers for each channel, and for something else
                return None
            scaled = True
        value = step.outputs[0]
    return (a.ravel(), b.ravel()) if scaled and a.size <= 4 and b.size <= 4 else None


def takes_bytes(scaling: tuple[np.ndarray, np.ndarray]) -> bool:
    """Whether pixels from 0 to 255 are expected: from 0 to 1 they would hardly differ behind it."""
    a, b = scaling
    return bool(np.all(abs(a) * 255 <= WIDE) or np.any(abs(b / np.where(a == 0, 1, a)) > 2))


def _affine(node, step, value) -> Any:
    """(a, b) of a step that adds to or multiplies its input by constants."""
    constants = {name: np.asarray(getattr(node, p).data, float) for kind, p, name in node.slots
                 if kind == "weight"}  # fmt: skip
    if step.op == "BatchNormalization":
        rest = [constants.get(name) for name in step.inputs[1:5]]
        if any(v is None for v in rest):
            return None
        gamma, beta, mean, variance = rest
        a = gamma / np.sqrt(variance + float(step.attributes.get("epsilon", 1e-5)))
        return a, beta - a * mean
    if step.op == "Rescaling":  # Keras'
        return tuple(np.ravel(step.attributes[name]) for name in ("scale", "offset"))
    if step.op not in ("Add", "Sub", "Mul", "Div") or len(step.inputs) != 2:
        return None
    first = step.inputs[0] == value
    other = constants.get(step.inputs[1 if first else 0])
    if other is None or other.size > 4:
        return None
    other = other.ravel()
    one, zero = np.ones_like(other), np.zeros_like(other)
    if step.op == "Add":
        return one, other
    if step.op == "Sub":
        return (one, -other) if first else (-one, other)
    if step.op == "Mul":
        return other, zero
    return (1 / other, zero) if first and np.all(other) else None
