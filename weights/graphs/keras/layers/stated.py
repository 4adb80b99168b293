"""Operators that Keras states as the common table has them, by the names that it says there.

A step is called as ONNX calls the operator, or, where ONNX has no word for it, as Keras does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from weights.errors import WeightsError
from weights.graphs.keras.building import Call, Value
from weights.graphs.keras.operators import OPERATORS as STEPS
from weights.graphs.operators import OPERATORS, Operator, activations


def _steps(operators: Iterable[Operator]) -> dict[str, str]:
    """{Keras' name: the step's}"""
    return {
        theirs: next(iter(operator.spelled("onnx")), theirs)
        for operator in operators
        for theirs in operator.spelled("keras")
    }


def _settings(step: str) -> dict[str, Any]:
    """{name: default}"""
    parameters = inspect.signature(STEPS[step]).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def _activation(step: str) -> Callable[[Call, Value], Value]:
    """Of another layer, whose settings say nothing of it."""
    settings = _settings(step)

    def activation(layer: Call, x: Value) -> Value:
        along = {"axis": layer.axis(x, settings["axis"])} if "axis" in settings else {}
        return layer(step, x, **along)

    return activation


def _operation(step: str) -> Callable[..., Value]:
    """With settings of its own, or arguments."""
    settings = _settings(step)

    def operation(layer: Call, x: Value, *given: Any, **others: Any) -> Value:
        said = dict(zip(settings, given)) | others | layer.config
        if "axis" in settings:
            if said.get("axis", settings["axis"]) is None:
                raise WeightsError("an operation on all values in one line is not supported")
            said["axis"] = layer.axis(x, said.get("axis", settings["axis"]))
        return layer(step, x, **{name: said[name] for name in settings if said.get(name) is not None})

    return operation


# Keras' name, its class's, TensorFlow's: f(layer, x, ...)
ACTIVATIONS = {theirs: _activation(step) for theirs, step in _steps(activations.OPERATORS).items()}
OPERATIONS = {
    "".join(word.capitalize() for word in theirs.split("_")): _operation(step)
    for theirs, step in _steps(OPERATORS).items()
}
FUNCTIONS_OF_TENSORFLOW = {
    f"{room}.{theirs}": _operation(step)
    for theirs, step in _steps(OPERATORS).items()
    for room in ("math", "nn")
    if "axis" not in _settings(step)
}
