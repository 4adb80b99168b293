from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcam.outputs import chosen
from gradcam.target import Start, Target, at_output, class_name
from minicnn import GraphError, Tensor, one_hot


@dataclass(frozen=True)
class Step(Target):
    """The score of class c at step t of a sequence, of an output (N, steps, classes).

    t counts from 0, or from the end: -1 is the last.
    """

    t: int
    c: Any
    output: str | int | None = None

    def begin(self, y: Any) -> Start:
        y = chosen(y, self.output)
        return y, one_hot(y, (self._step(y.shape), self.c))

    def numbers(self, y: Any) -> np.ndarray:
        y = chosen(y, self.output)
        t = self._step(y.shape[1:])
        one_hot(Tensor(y[0]), (t, self.c))  # an error if there is no such class
        return y[:, :, t, self.c]

    def _step(self, shape):
        if len(shape) != 3:
            raise GraphError(f"a step of a sequence is of an output (N, steps, classes), not {tuple(shape)}")
        if not -shape[1] <= self.t < shape[1]:
            raise GraphError(f"there is no step {self.t}: the output {tuple(shape)} has {shape[1]} of them")
        return self.t % shape[1]

    def numbered(self, index: Callable[[str], int]) -> Target:
        return replace(self, c=index(self.c))

    def said(self, name: Callable[[int], str] = "class {}".format) -> str:
        return f"the score of {class_name(self.c, name)} at step {self.t}{at_output(self.output)}"
