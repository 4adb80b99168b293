"""An If whose condition is a constant is the branch that it takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from weights.errors import WeightsError
from weights.graphs.onnx.checking import called
from weights.graphs.onnx.model import Graph, Step


def taken(step: Step, condition: np.ndarray | None) -> Graph:
    """The branch of an If, its values renamed so that they fit into the graph around it: the outputs as the
    If's own, all others with the If's name in front.  WeightsError: the condition depends on the picture.
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
    handed = [
        Step("Identity", "", [names.get(inside, inside)], [outside])
        for inside, outside in zip(branch.outputs, step.outputs)
        if outside
    ]
    return Graph(steps + handed, {names[n]: a for n, a in branch.constants.items()}, step.outputs)


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
