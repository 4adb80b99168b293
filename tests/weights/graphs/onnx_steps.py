"""Graphs as texts, made without ONNX's own package."""

import numpy as np

from weights.graphs.onnx.model import Model, Step


def steps_of(text: str) -> list[Step]:
    """'Mul a b > c; Relu c > y' -> steps; the name of a step is that of its first output, in capitals; - is
    a value that is absent.
    """
    found = []
    for line in text.split(";"):
        (op, *inputs), outputs = (part.split() for part in line.split(">"))
        inputs, outputs = ([v.replace("-", "") for v in values] for values in (inputs, outputs))
        found.append(Step(op, outputs[0].upper(), inputs, outputs))
    return found


def model(text, *, inputs=None, outputs=("y",), attributes=None, types=None, **constants) -> Model:
    """attributes: {output: attributes of the step that makes it}; constants: arrays and numbers by name."""
    steps = steps_of(text)
    for step in steps:
        step.attributes |= (attributes or {}).get(step.outputs[0], {})
    arrays = {name: np.asarray(value) for name, value in constants.items()}
    return Model(steps, arrays, [*outputs], inputs or {"x": (1, 3, 2, 2)}, 17, dict(types or {}))
