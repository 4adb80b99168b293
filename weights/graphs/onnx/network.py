"""The network: one layer per node, run in the order of the graph.

Values are what flows along the graph's edges: tensors where the picture went, plain arrays where only
numbers did (shapes, say), so shape arithmetic needs no treatment of its own.  What depends on constants
alone is computed once, when the network is made.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minicnn import GraphError, Tensor
from minicnn.layer import Layer
from weights.errors import WeightsError
from weights.graphs.onnx.model import Model, Step
from weights.graphs.onnx.operators import OPERATORS
from weights.graphs.onnx.operators.values import Value


class Node(Layer):
    """One operator with its weights: constant inputs are attributes named after the function's parameters,
    so self.W, self.b.
    """

    def __init__(self, step: Step, name: str, constants: dict[str, np.ndarray], opset: int) -> None:
        super().__init__(name)
        self.step: Step = step
        self.function: Callable[..., Any] = _function(step, name)
        self.options: dict[str, Any] = _options(step, self.function, opset)
        # for each input: ("weight" | "setting" | "value", parameter, value's name)
        self.slots: list[tuple[str, str, str]] = []
        for parameter, value in zip(_parameters(self.function, len(step.inputs)), step.inputs):
            constant = constants.get(value)
            weight = constant is not None and not parameter.setting and constant.dtype.kind == "f"
            self.slots.append(
                ("weight" if weight else "setting" if parameter.setting else "value", parameter.name, value)
            )
            if weight:
                setattr(self, parameter.name, Tensor(constant, f"{name}.{parameter.name}"))

    def forward(self, values: dict[str, Value]) -> tuple[Value, ...]:
        """{name: tensor or array} -> the outputs, a tuple."""
        inputs = [
            values[value] if kind == "value" and value else None
            for kind, _, value in self.slots
            if kind != "setting"
        ]
        remember = any(isinstance(v, Tensor) for v in inputs)
        weights = [
            getattr(self, name) if kind == "weight" else None
            for kind, name, _ in self.slots
            if kind != "setting"
        ]
        inputs = [v if w is None else w if remember else w.data for v, w in zip(inputs, weights)]
        settings = {
            name: _number(values[value], name)
            for kind, name, value in self.slots
            if kind == "setting" and value
        }
        try:
            out = self.function(*inputs, **self.options, **settings)
        except WeightsError as error:
            raise WeightsError(f"ONNX node '{self.name}' ({self.step.op}): {error}") from None
        except (ValueError, TypeError, IndexError) as error:
            shapes = ", ".join(str(tuple(np.shape(getattr(v, "data", v)))) for v in inputs if v is not None)
            raise GraphError(
                f"ONNX node '{self.name}' ({self.step.op}) does not fit what arrives at it, {shapes}: {error}"
            ) from error
        out = out if isinstance(out, tuple) else (out,)
        if any(self.step.outputs[len(out) :]):
            raise WeightsError(
                f"ONNX node '{self.name}' ({self.step.op}): only its first output is supported, not "
                f"{self.step.outputs[-1]}"
            )
        for v in out:
            if isinstance(v, Tensor) and v.op is not None and v.name is None:
                v.name, v.layer = self.name, self
        return out


class Network(Layer):
    """All nodes of a model.  inputs {name: shape, -1 where free}; outputs: names."""

    def __init__(self, model: Model) -> None:
        super().__init__("onnx")
        self.inputs: dict[str, tuple[int, ...] | None] = model.inputs
        self.outputs: list[str] = model.outputs
        self.constants: dict[str, np.ndarray] = dict(model.constants)
        self.nodes: list[Node] = []
        taken = set()
        for step in model.steps:
            name = step.name if step.name and step.name not in taken else step.outputs[0]
            taken.add(name)
            node = Node(step, name, self.constants, model.opset)
            if all(value in self.constants or not value for value in step.inputs) and step.op not in (
                "Dropout",
            ):
                self.constants |= zip(step.outputs, node({n: self.constants[n] for n in step.inputs if n}))
            else:
                self.nodes.append(node)
        used = {value for node in self.nodes for kind, _, value in node.slots if kind != "weight"} | set(
            self.outputs
        )
        self.constants = {name: array for name, array in self.constants.items() if name in used}

    def give_scores(self) -> None:
        """If the graph's first output is a softmax, return what that was made from: explanations start at
        scores.
        """
        made = {node.step.outputs[0]: node.step for node in self.nodes}
        while (step := made.get(self.outputs[0])) and step.op in ("Softmax", "Identity"):
            self.outputs = [step.inputs[0], *self.outputs[1:]]

    def forward(self, x: Value) -> Value:
        """x: the graph's only input -> its first output."""
        if len(self.inputs) != 1:
            raise WeightsError(
                f"this graph has {len(self.inputs)} inputs ({', '.join(self.inputs)}); use run"
            )
        return self.run({next(iter(self.inputs)): x})[0]

    def run(self, inputs: Mapping[str, Value]) -> list[Value]:
        """{name: tensor or array} for every input -> the graph's outputs."""
        values = self.constants | inputs
        last_use = {
            value: node for node in self.nodes for value in node.step.inputs if value not in self.outputs
        }
        for node in self.nodes:
            values |= zip(node.step.outputs, node.forward(values))
            for value in node.step.inputs:  # nobody will ask again
                if last_use.get(value) is node:
                    values.pop(value, None)
        return [values[name] for name in self.outputs]


class _Parameter:
    def __init__(self, name, setting):
        self.name, self.setting = name, setting


def _parameters(function, count):
    """The function's parameters in order, as many as there are inputs; what stands after the star is a
    setting.
    """
    found = []
    for p in inspect.signature(function).parameters.values():
        if p.kind is p.VAR_POSITIONAL:
            return [_Parameter(f"{p.name}{i}", False) for i in range(count)]
        found.append(_Parameter(p.name, p.kind is p.KEYWORD_ONLY))
    return found[:count]


def _function(step, name):
    if step.op not in OPERATORS:
        raise WeightsError(
            f"the operator {step.op} (node '{name}') is not known; known are {', '.join(OPERATORS)}"
        )
    return OPERATORS[step.op]


def _options(step, function, opset):
    """The node's attributes as keywords; the version of the operator set for those that ask for it."""
    known = inspect.signature(function).parameters
    unknown = [a for a in step.attributes if a not in known]
    if unknown:
        raise WeightsError(f"{step.op} has an attribute '{unknown[0]}', which is not supported")
    return step.attributes | ({"opset": opset} if "opset" in known else {})


def _number(value, name):
    if isinstance(value, Tensor):
        raise WeightsError(
            f"'{name}' depends on the picture itself; it must be a number, or follow from shapes"
        )
    return value
