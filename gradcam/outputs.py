"""What a network returns: one tensor, or several of them in a dict, a list or a tuple."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gradcam.asking import AskError
from minicnn import LogSoftmax, Sigmoid, Softmax, Tensor

ENDS = {Softmax: "softmax", LogSoftmax: "softmax", Sigmoid: "sigmoid"}


def chosen(y: Any, output: str | int | None = None) -> Any:
    """One output of a network: its only one, or that of this name (of a dict) or number (of a tuple).

    AskError, which lists them, if there are several and none was named, or none of that name.
    """
    outputs = _by_name(y)
    if outputs is None:
        if output not in (None, 0):
            raise AskError(f"the network has one output, and no output {output!r}: leave output= out")
        return y
    if output is None and len(outputs) == 1:
        return next(iter(outputs.values()))
    if isinstance(output, (str, int)) and output in outputs:
        return outputs[output]
    listed = ", ".join(f"{name!r} {tuple(value.shape)}" for name, value in outputs.items())
    wrong = "" if output is None else f", and none is called {output!r}"
    raise AskError(f"the network has {len(outputs)} outputs, {listed}{wrong}: say which, output=...")


def each(f: Callable[[Any], Any], y: Any) -> Any:
    """f of every output, in the dict, list or tuple in which they came."""
    outputs = _by_name(y)
    if outputs is None:
        return f(y)
    done = {name: f(value) for name, value in outputs.items()}
    return done if isinstance(y, Mapping) else tuple(done.values())


def end_of(y: Tensor) -> str | None:
    """ "softmax" or "sigmoid", if the tensor was made by one; else None."""
    return ENDS.get(type(y.op)) if y.op else None


def ends(y: Any) -> list[str | None]:
    """With what each output ends, see `end_of`."""
    found: list[str | None] = []
    each(lambda output: found.append(end_of(output)), y)
    return found


def scores(y: Tensor) -> Tensor:
    """The scores in front of a final softmax or sigmoid; a tensor that was made by neither, as it is."""
    return y.op.inputs[0] if y.op and end_of(y) else y


class WithoutEnd:
    """A network without its final softmax or sigmoid: net(x) gives scores, of tensors and of arrays.

    Near saturation a probability has lost the digits of its score, so that no logarithm brings it back: the
    forward pass remembers, and the score is read where it was made.
    """

    def __init__(self, net: Any) -> None:
        self.net = net

    def __call__(self, x: Any) -> Any:
        if isinstance(x, Tensor):
            return each(scores, self.net(x))
        return each(lambda y: scores(y).data, self.net(Tensor(x, "x")))


def _by_name(y):
    """{name or number: output} of several; None for a single one."""
    if isinstance(y, Mapping):
        return {name: value for name, value in y.items() if value is not None}
    return dict(enumerate(y)) if isinstance(y, (list, tuple)) else None
