"""Functions that a file defines for itself: each call is written out, until only operators remain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from weights.errors import WeightsError

if TYPE_CHECKING:
    from weights.graphs.onnx.model import Function, Step

MOST = 100_000  # steps
DEEPEST = 32  # functions that call functions


def written_out(steps: Sequence[Step], functions: Mapping[str, Function]) -> list[Step]:
    """The steps, each call of a function as the function's own steps.  Values inside have the name of the
    call's first output in front; what computes an output has the call's own name.
    """
    made: list[Step] = []
    for step in steps:
        made += _written(step, functions, 0)
        if len(made) > MOST:
            raise WeightsError(f"its functions, written out, have more than {MOST:,} steps")
    return made


def _written(step, functions, depth):
    function = functions.get(step.op)
    if function is None:
        return [step]
    if depth == DEEPEST:
        raise WeightsError(f"its function {step.op} calls itself, or others, more than {DEEPEST} deep")
    given = dict(zip(function.inputs, [*step.inputs, *[""] * len(function.inputs)]))
    given |= dict(zip(function.outputs, step.outputs))
    place = next(filter(None, step.outputs), step.name)
    own = {value for s in function.steps for value in s.outputs} - {*given}
    names = given | {value: f"{place}/{value}" for value in own} | {"": ""}
    said = function.defaults | step.attributes
    found = []
    for inner in function.steps:
        if inner.branches():
            raise WeightsError(f"its function {step.op} chooses between branches, which is not supported")
        attributes = inner.attributes | {name: said[ask] for name, ask in inner.asked.items() if ask in said}
        inputs, outputs = ([names.get(v, v) for v in values] for values in (inner.inputs, inner.outputs))
        last = bool({*outputs} & {*step.outputs} - {""})
        called = step.name if last and step.name else f"{place}/{inner.name or outputs[0]}"
        found += _written(replace(inner, name=called, inputs=inputs, outputs=outputs, attributes=attributes,
                                  asked={}), functions, depth + 1)  # fmt: skip
        if len(found) > MOST:
            raise WeightsError(f"its functions, written out, have more than {MOST:,} steps")
    return found
