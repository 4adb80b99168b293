"""Is it a graph?  What ONNX's specification asks of one, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from weights.errors import WeightsError

if TYPE_CHECKING:
    from weights.graphs.onnx.model import Graph, Model, Step

AT_LEAST_ONE = {"strides", "dilations", "kernel_shape", "group", "blocksize", "hidden_size", "num_groups"}
WHOLE = AT_LEAST_ONE | {"axis", "axes", "pads", "perm", "output_padding", "output_shape", "split", "keepdims"}
WINDOWED = {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "MaxUnpool"}
WINDOW = {"kernel_shape": 1, "strides": 1, "dilations": 1, "output_padding": 1, "pads": 2}
LONGEST = 80  # letters of a name that a message shows


def check(model: Model) -> None:
    """WeightsError in one sentence, if the graph cannot be computed as it is: values that nothing computes,
    that are computed later, twice or from themselves; nodes without outputs; strides of 0.
    """
    check_steps(model, {*model.inputs})
    known = {*model.inputs, *model.constants, *(value for step in model.steps for value in step.outputs)}
    for output in model.outputs:
        if output not in known:
            raise WeightsError(f"the graph's output '{short(output)}' is computed by no node")


def check_explainable(model: Model) -> None:
    """WeightsError if no picture goes in, or nothing that depends on one comes out."""
    if not model.inputs:
        raise WeightsError("the graph takes no input: there is no picture that it could look at")
    if not depending(model.steps, model.inputs) & {*model.outputs}:
        raise WeightsError(
            f"the graph's output '{short(model.outputs[0])}' does not depend on its input: there is nothing "
            "to explain"
        )


def check_steps(graph: Graph, known: set[str]) -> None:
    """The nodes of a graph, or of a branch.  known: what there is before the first node."""
    known = known | {*graph.constants}
    maker = {value: number for number, step in enumerate(graph.steps) for value in step.outputs}
    for number, step in enumerate(graph.steps):
        if not any(step.outputs):
            raise WeightsError(f"the node {called(step)} has no outputs")
        for value in step.inputs:
            if value and value not in known:
                raise WeightsError(
                    f"the node {called(step)} takes '{short(value)}', {_why(graph, maker, number, value)}"
                )
        for value in filter(None, step.outputs):
            if value in known or step.outputs.count(value) > 1:
                raise WeightsError(
                    f"the node {called(step)} computes '{short(value)}', which there is already"
                )
        check_attributes(step)
        for branch in step.branches() if step.op == "If" else ():  # a loop's body has inputs of its own
            check_steps(branch, known)
        known |= {*step.outputs}


def check_attributes(step: Step) -> None:
    """WeightsError for numbers that no window, axis or variance can have."""
    for name, value in step.attributes.items():
        numbers = value if isinstance(value, list) else [value]
        if name in WHOLE and not all(isinstance(n, int) for n in numbers):
            raise WeightsError(
                f"the node {called(step)} has {name} {_said(value)}, which must be whole numbers"
            )
        if name in AT_LEAST_ONE and min(numbers, default=1) < 1:
            raise WeightsError(f"the node {called(step)} has {name} {_said(value)}, which must be 1 or more")
        if name == "epsilon" and not (isinstance(value, np.floating) and value >= 0):
            raise WeightsError(
                f"the node {called(step)} has an epsilon of {_said(value)}, which must not be negative"
            )


def check_windows(step: Step, ndim: int) -> None:
    """WeightsError if a window over a signal with `ndim` axes has too many or too few sizes: one for each
    axis behind (N, C), two for its borders.
    """
    for name, each in WINDOW.items() if step.op in WINDOWED else ():
        numbers = step.attributes.get(name)
        if isinstance(numbers, list) and numbers and len(numbers) != each * (ndim - 2):
            raise WeightsError(
                f"the node {called(step)} has {name} {_said(numbers)}, which does not fit a signal with "
                f"{ndim} axes"
            )


def depending(steps: Iterable[Step], inputs: Iterable[str]) -> set[str]:
    """The values that depend on any of `inputs`, themselves among them."""
    found = {*inputs} - {""}
    for step in steps:
        taken = {
            *step.inputs,
            *(value for branch in step.branches() for s in branch.steps for value in s.inputs),
        }
        if taken & found:
            found |= {*step.outputs} - {""}
    return found


def needed(steps: list[Step], outputs: Iterable[str]) -> set[str]:
    """The values that lead to any of `outputs`, themselves among them."""
    found = {*outputs} - {""}
    for step in reversed(steps):
        if found & {*step.outputs}:
            found |= {*step.inputs} - {""}
            for branch in step.branches():
                found |= needed(branch.steps, branch.outputs)
    return found


def called(step: Step) -> str:
    """'/layer1/Conv' (Conv): a node as messages name it."""
    return f"'{short(step.name or next(filter(None, step.outputs), ''))}' ({short(step.was or step.op)})"


def short(name: str, longest: int = LONGEST) -> str:
    """A name from a file, as far as a message shows it."""
    return name if len(name) <= longest else f"{name[: longest - 3]}..."


def _why(graph, maker, number, value):
    """Why a value is not there yet."""
    if value not in maker:
        return "which nothing in the graph computes"
    makes = {v: graph.steps[m] for v, m in maker.items()}
    seen, todo = set(), [value]
    while todo:
        step = makes.get(v := todo.pop())
        if v in seen or step is None:
            continue
        if step is graph.steps[number]:
            return "which is computed from its own result: the graph has a cycle"
        seen.add(v)
        todo += step.inputs
    return "which is computed only later: the nodes do not stand in an order of computation"


def _said(value):
    return short(str(value))
