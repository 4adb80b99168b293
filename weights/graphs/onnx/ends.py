"""What stands behind the scores: softmax or sigmoid, also behind nodes that change no value, or written by
hand.  Explanations start at the scores (Simonyan et al. 2014, sec. 3); the ending says what the
probabilities are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from weights.graphs.onnx.model import Step

PASSIVE = {"Identity", "Cast", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"}
PASSIVE |= {"ai.onnx.ml.ZipMap", "TopK"}  # its values are the scores, in another order
QUANTISED = {"QuantizeLinear", "DequantizeLinear"}
ENDINGS = {"Softmax": "softmax", "LogSoftmax": "softmax", "Sigmoid": "sigmoid"}
Made = Mapping[str, Step]


def scores_of(
    steps: Sequence[Step], output: str, constants: Mapping[str, np.ndarray]
) -> tuple[str, str | None]:
    """(the value in front of the ending, "softmax" or "sigmoid"); (output, None) if there is no ending."""
    made: Made = {value: step for step in steps for value in step.outputs if value}
    value, seen = output, set()
    while (step := made.get(value)) and value not in seen:
        seen.add(value)
        if step.op in ENDINGS:
            return _further(made, step.inputs[0], constants, ENDINGS[step.op])
        if step.op == "Exp":  # of log-probabilities
            inner, ending = scores_of(steps, step.inputs[0], constants)
            return (inner, ending) if ending == "softmax" else (output, None)
        for by_hand in BY_HAND:
            if found := by_hand(step, made, constants):
                return found
        if step.op not in PASSIVE and step.was not in QUANTISED:
            break
        value = step.inputs[0]
    return output, None


def _further(made, scores, constants, ending):
    """A softmax of log-probabilities gives the same probabilities: the scores stand in front of those."""
    inner, again = scores_of([*made.values()], scores, constants)
    return (inner, ending) if ending == again == "softmax" else (scores, ending)


def _op(value, made, *ops):
    """The step that made a value, through nodes that change none, if it is one of `ops`."""
    step = made.get(value)
    while (
        step
        and step.op in ("Identity", "Cast", "Reshape", "Expand", "Unsqueeze", "Squeeze")
        and step.op not in ops
    ):
        step = made.get(step.inputs[0])
    return step if step and step.op in ops else None


def softmax_by_hand(step, made, constants):
    """exp(s) / sum exp(s), s perhaps less its maximum."""
    if step.op != "Div":
        return None
    exp, total = _op(step.inputs[0], made, "Exp"), _op(step.inputs[1], made, "ReduceSum")
    if not (exp and total and _op(total.inputs[0], made, "Exp") is exp):
        return None
    return _shifted(exp.inputs[0], made), "softmax"


def log_softmax_by_hand(step, made, constants):
    """s - log sum exp(s)."""
    if step.op != "Sub":
        return None
    log = _op(step.inputs[1], made, "Log", "ReduceLogSumExp")
    if log and log.op == "ReduceLogSumExp" and log.inputs[0] == step.inputs[0]:
        return _shifted(step.inputs[0], made), "softmax"
    total = log and log.op == "Log" and _op(log.inputs[0], made, "ReduceSum")
    exp = total and _op(total.inputs[0], made, "Exp")
    return (_shifted(step.inputs[0], made), "softmax") if exp and exp.inputs[0] == step.inputs[0] else None


def sigmoid_by_hand(step, made, constants):
    """1 / (1 + exp(-s))."""
    if step.op == "Div" and _is(step.inputs[0], constants, 1):
        below = step.inputs[1]
    elif step.op == "Reciprocal":
        below = step.inputs[0]
    else:
        return None
    total = _op(below, made, "Add")
    for one, other in [total.inputs, total.inputs[::-1]] if total else []:
        exp = _op(other, made, "Exp")
        minus = exp and _op(exp.inputs[0], made, "Neg", "Mul")
        if not (_is(one, constants, 1) and minus):
            continue
        if minus.op == "Neg":
            return minus.inputs[0], "sigmoid"
        for factor, score in (minus.inputs, minus.inputs[::-1]):
            if _is(factor, constants, -1):
                return score, "sigmoid"
    return None


def two_of_one(step, made, constants):
    """[1 - p, p] of one sigmoid p: a yes or no."""
    if step.op != "Concat" or len(step.inputs) != 2:
        return None
    less, p = made.get(step.inputs[0]), step.inputs[1]
    if less is None or less.op != "Sub" or less.inputs[1] != p or not _is(less.inputs[0], constants, 1):
        return None
    scores, ending = scores_of([*made.values()], p, constants)
    return (scores, ending) if ending == "sigmoid" else None


def _shifted(value, made):
    """s, of s - max s."""
    step = made.get(value)
    if step and step.op == "Sub":
        largest = _op(step.inputs[1], made, "ReduceMax")
        if largest and largest.inputs[0] == step.inputs[0]:
            return step.inputs[0]
    return value


def _is(value, constants, number):
    return value in constants and constants[value].size == 1 and constants[value].reshape(-1)[0] == number


BY_HAND: tuple[Callable[..., tuple[str, str] | None], ...] = (
    softmax_by_hand,
    log_softmax_by_hand,
    sigmoid_by_hand,
    two_of_one,
)
