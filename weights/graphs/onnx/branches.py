"""An If whose condition is a constant, or follows from the sizes of pictures, is the branch that it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from weights.errors import WeightsError
from weights.graphs.onnx.checking import called
from weights.graphs.onnx.model import Graph, Step

OF_SHAPES = {
    "Gather", "Slice", "Squeeze", "Unsqueeze", "Reshape", "Concat", "Cast", "Identity", "Equal", "Greater",
    "Less", "GreaterOrEqual", "LessOrEqual", "And", "Or", "Not", "Add", "Sub", "Mul", "Div", "Mod",
    "ReduceProd", "ReduceSum", "ReduceMax", "ReduceMin", "If",
}  # fmt: skip


def taken(step: Step, condition: np.ndarray | None, by_size: bool = False) -> Graph:
    """The branch of an If, its values renamed so that they fit into the graph around it: the outputs as the
    If's own, all others with the If's name in front.  by_size: the condition was true or false for one size,
    and is asked again for each.  WeightsError: the condition depends on the picture.
    """
    if condition is None or condition.size != 1:
        raise WeightsError(
            f"the node {called(step)} chooses its branch by the picture; only constant conditions are "
            "supported"
        )
    branch = step.attributes.get("then_branch" if condition.reshape(-1)[0] else "else_branch")
    if not isinstance(branch, Graph) or len(branch.outputs) != len(step.outputs):
        raise WeightsError(f"the node {called(step)} lacks a branch, or its branch an output")
    own = {*branch.constants, *(value for s in branch.steps for value in s.outputs)} - {""}
    names = {value: f"{step.outputs[0]}/{value}" for value in own}
    steps = [_renamed(s, names) for s in branch.steps]
    here = {"then": int(bool(condition.reshape(-1)[0]))}
    handed = [
        Step("If", "", [names.get(inside, inside), step.inputs[0]], [outside], here) if by_size
        else Step("Identity", "", [names.get(inside, inside)], [outside])
        for inside, outside in zip(branch.outputs, step.outputs)
        if outside
    ]  # fmt: skip
    return Graph(steps + handed, {names[n]: a for n, a in branch.constants.items()}, step.outputs)


def still(x: Any, condition: Any, *, then: int) -> Any:
    """x, if the condition is what it was when the branch was chosen."""
    if bool(np.reshape(condition, ())) != bool(then):
        raise WeightsError(
            "pictures of this size take another branch of the graph than those for which it was read: give "
            "them the size that the file states or its description says"
        )
    return x


def by_sizes(steps: Sequence[Step], value: str) -> bool:
    """Whether a value follows from constants and the shapes of others alone."""
    made = {v: step for step in steps for v in step.outputs}
    asked, seen = [value], set()
    while asked:
        step = made.get(v := asked.pop())
        if step is None or v in seen or step.op in ("Shape", "Size"):
            continue
        if step.op not in OF_SHAPES:
            return False
        seen.add(v)
        asked += [i for i in step.inputs if i]
    return value in made


def _renamed(step, names):
    attributes = {
        key: _inside(value, names) if isinstance(value, Graph) else value
        for key, value in step.attributes.items()
    }
    inputs, outputs = ([names.get(v, v) for v in values] for values in (step.inputs, step.outputs))
    return replace(step, inputs=inputs, outputs=outputs, attributes=attributes)


def _inside(graph, names):
    """A branch within the branch: what it takes from outside is renamed."""
    own = {*graph.constants, *(value for s in graph.steps for value in s.outputs)}
    outer = {old: new for old, new in names.items() if old not in own}
    steps = [_renamed(s, outer) for s in graph.steps]
    return Graph(steps, graph.constants, [outer.get(v, v) for v in graph.outputs])
