from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcam.outputs import chosen, scores
from gradcam.target import Start, Target, at_output, class_name
from gradcam.targets.function import Function
from minicnn import GraphError


@dataclass(frozen=True)
class Finer(Target):
    """What tells class c from those that look like it: y_c - alpha sum_o w_o y_o, w = softmax of their scores
    y_o (Finer-CAM, Zhang et al. 2025, with Grad-CAM).

    others: the classes to tell it from; None: the three whose scores are nearest to y_c, of one picture
    alpha: how strongly; 0 is the score of c alone
    """

    c: Any
    others: tuple[Any, ...] | None = None
    alpha: float = 1.0
    output: str | int | None = None

    def begin(self, y: Any) -> Start:
        y = scores(chosen(y, self.output))
        return self._function(y.data).begin(y)

    def numbers(self, y: Any) -> np.ndarray:
        y = chosen(y, self.output)
        return self._function(y[0]).numbers(y)

    def settled(self, y: Any, by: str | None = None) -> Target:
        return replace(self, others=self._others(scores(chosen(y, self.output)).data))

    def numbered(self, index: Callable[[str], int]) -> Target:
        others = None if self.others is None else tuple(map(index, self.others))
        return replace(self, c=index(self.c), others=others)

    def _function(self, y):
        others = list(self._others(y))

        def value(y):
            shifted = y[:, others] - y.max()  # so that no exponential overflows
            share = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
            return y[:, self.c] - self.alpha * (share * y[:, others]).sum(axis=1)

        return Function(value, self.said())

    def _others(self, y):
        """The classes to tell c from; an error if one is none."""
        if y.ndim != 2:
            raise GraphError(f"classes are told apart in an output (N, classes), not {tuple(y.shape)}")
        asked = (self.c, *(self.others or ()))
        if wrong := [c for c in asked if not (np.asarray(c).dtype.kind in "iu" and 0 <= c < y.shape[1])]:
            raise GraphError(f"there is no class {wrong[0]}: the output {tuple(y.shape)} has {y.shape[1]}")
        if self.others:
            return self.others
        if len(y) > 1:
            raise GraphError("which classes look like it differs from picture to picture: name them, others=")
        nearest = abs(y[0] - y[0, self.c]).argsort(kind="stable")
        return tuple(int(i) for i in nearest if i != self.c)[:3]

    def said(self, name: Callable[[int], str] = "class {}".format) -> str:
        named = ", ".join(class_name(c, name) for c in self.others or ())
        return (
            f"what tells {class_name(self.c, name)} from {named or 'those like it'}{at_output(self.output)}"
        )
