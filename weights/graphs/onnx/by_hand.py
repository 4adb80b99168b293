"""Activations that an exporter wrote in pieces, as the one operator that they are: x sigmoid(x) is SiLU.

A pattern is an operator and what it is applied to: X, one value, the same wherever it stands; a number; A,
any number; or a pattern.  A rectifier must be known as one wherever it stands, or no rule for it can hold.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np

from weights.graphs.onnx.model import Model, Step

X, A = "X", "A"
COMMUTING = {"Add", "Mul", "Max"}
NEAR = 1e-6  # a number, relative; or it is the nearest float16
SIXTHS = ("Clip", ("Add", X, 3), 0, 6)
ERF = tuple(("Erf", inside) for inside in (("Div", X, math.sqrt(2)), ("Mul", X, math.sqrt(0.5))))
CUBES = (("Pow", X, 3), ("Mul", ("Mul", X, X), X))
TANH = tuple(("Tanh", ("Mul", math.sqrt(2 / math.pi), ("Add", X, ("Mul", 0.044715, cube)))) for cube in CUBES)


def _halves(inside):
    """x (1 + inside) / 2, wherever the half stands."""
    one = ("Add", inside, 1)
    return ("Mul", ("Mul", X, 0.5), one), ("Mul", ("Mul", X, one), 0.5), ("Mul", X, ("Mul", one, 0.5))


# (pattern, the operator that it is, its attributes: a number, or A)
PATTERNS: list[tuple[Any, str, dict[str, Any]]] = [
    (("Mul", X, ("Sigmoid", X)), "Swish", {}),  # Elfwing et al. 2018
    (("Mul", X, ("HardSigmoid", X)), "HardSwish", {}),  # Howard et al. 2019
    (("Div", ("Mul", X, SIXTHS), 6), "HardSwish", {}),
    (("Mul", ("Mul", X, SIXTHS), 1 / 6), "HardSwish", {}),
    (("Mul", X, ("Div", SIXTHS, 6)), "HardSwish", {}),
    (("Mul", X, ("Mul", SIXTHS, 1 / 6)), "HardSwish", {}),
    (("Mul", X, ("Tanh", ("Softplus", X))), "Mish", {}),  # Misra 2019
    *((p, "Gelu", {}) for inside in ERF for p in _halves(inside)),  # Hendrycks & Gimpel 2016
    *((p, "Gelu", {"approximate": "tanh"}) for inside in TANH for p in _halves(inside)),
    (("Max", X, 0), "Relu", {}),
    (("Max", X, ("Mul", X, A)), "LeakyRelu", {"alpha": A}),
]


def in_one(model: Model) -> Model:
    """The model, its activations in pieces as one step each, which has the name of the last piece."""
    made = {value: step for step in model.steps for value in step.outputs if value}
    uses = Counter(value for step in model.steps for value in step.inputs)
    uses.update(model.outputs)
    for step in model.steps:
        for branch in step.branches():
            uses.update(value for s in branch.steps for value in s.inputs)
    numbers = _Numbers(model)
    found: dict[str, Step] = {}
    gone: set[str] = set()
    for step in model.steps:
        for pattern, op, attributes in PATTERNS:
            match = next(_matches(pattern, step.outputs[0], made, numbers, {}), None)
            if match is None or not _hidden(match, step, uses):
                continue
            said = {k: np.float32(match[A]) if v == A else v for k, v in attributes.items()}
            if not 0 < said.get("alpha", 0.5) < 1:
                continue
            found[step.outputs[0]] = Step(op, step.name, [match[X]], step.outputs[:1], said)
            gone |= {s.outputs[0] for s in match["steps"] if s is not step}
            break
    if not found:
        return model
    steps = [found.get(s.outputs[0], s) for s in model.steps if s.outputs[0] not in gone]
    return replace(model, steps=steps)


class _Numbers:
    """The numbers among the constants, from initializers and Constant nodes."""

    def __init__(self, model: Model) -> None:
        self.arrays = dict(model.constants)
        for step in model.steps:
            if step.op == "Constant":
                values = [
                    v for v in step.attributes.values() if isinstance(v, (np.ndarray, np.floating, float))
                ]
                self.arrays |= {value: np.asarray(v) for value, v in zip(step.outputs, values)}

    def of(self, value: str | float) -> float | None:
        """The number that a value is, if it is one."""
        if isinstance(value, float):
            return value
        array = self.arrays.get(value)
        one = array is not None and array.size == 1 and array.dtype.kind in "fiu"
        return float(np.reshape(array, ())) if one else None

    def like(self, value: str | float, wanted: float) -> bool:
        number = self.of(value)
        return number is not None and (
            abs(number - wanted) <= NEAR * abs(wanted) or number == float(np.float16(wanted))
        )


def _matches(pattern, value, made, numbers, found) -> Iterator[dict[str, Any]]:
    """{X: its value, A: its number, "steps": what was matched}, in every way in which it fits."""
    if pattern == X:
        if found.get(X, value) == value and numbers.of(value) is None:
            yield found | {X: value}
    elif pattern == A:
        if (number := numbers.of(value)) is not None:
            yield found | {A: number}
    elif not isinstance(pattern, tuple):
        if numbers.like(value, pattern):
            yield found
    else:
        op, *parts = pattern
        step = made.get(value)
        if step is None or step.op != op or not _usual(step):
            return
        inputs = _ends(step) if op == "Clip" else step.inputs
        if len(inputs) != len(parts):
            return
        seen = found | {"steps": (*found.get("steps", ()), step)}
        for order in permutations(inputs) if op in COMMUTING else [inputs]:
            yield from _all(parts, order, made, numbers, seen)


def _all(parts, values, made, numbers, found):
    if not parts:
        yield found
        return
    for match in _matches(parts[0], values[0], made, numbers, found):
        yield from _all(parts[1:], values[1:], made, numbers, match)


def _usual(step):
    """Whether an operator with numbers of its own has those that the pattern means."""
    if step.op == "HardSigmoid":
        alpha, beta = (float(step.attributes.get(n, d)) for n, d in (("alpha", 0.2), ("beta", 0.5)))
        return abs(alpha - 1 / 6) < NEAR and beta == 0.5
    return True


def _ends(step):
    """A Clip's input and its ends, which older operator sets had as attributes: numbers that are 0 and 6."""
    if len(step.inputs) > 1:
        return step.inputs
    ends = (float(step.attributes.get("min", math.nan)), float(step.attributes.get("max", math.nan)))
    return [*step.inputs, *ends]


def _hidden(match, last, uses):
    """Whether nobody else takes the values in between."""
    inside = Counter(value for step in match["steps"] for value in step.inputs)
    return all(uses[s.outputs[0]] == inside[s.outputs[0]] for s in match["steps"] if s is not last)
