from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcam.outputs import chosen
from gradcam.target import Start, Target, at_output, class_name
from minicnn import GraphError


@dataclass(frozen=True)
class Box(Target):
    """The class score of one row of a detector's output, before boxes are sorted out.

    i         which row, from 0
    c         which class; None: the row's strongest
    columns   how many numbers stand in a row before the class scores: 4 of the box itself, 5 with an
              objectness, 0 where scores are an output of their own (output="scores", say)
    axis      1 for an output (N, boxes, numbers), 2 for (N, numbers, boxes), as of YOLOv8
    """

    i: int
    c: Any = None
    columns: int = 4
    axis: int = 1
    output: str | int | None = None

    def begin(self, y: Any) -> Start:
        y = chosen(y, self.output)
        one = self._of_class(y.data)
        signal = np.zeros_like(y.data)
        one._scores(signal)[:, np.arange(len(signal)), one.c] = 1
        return y, signal

    def numbers(self, y: Any) -> np.ndarray:
        y = chosen(y, self.output)
        one = self._of_class(y[0])
        found = np.stack([one._scores(batch)[0] for batch in y])
        return found[:, np.arange(y.shape[1]), one.c]

    def settled(self, y: Any, by: str | None = None) -> Target:
        return self._of_class(chosen(y, self.output).data)

    def _of_class(self, y):
        """The same, with the class that it leaves open; an error if there is no such box or class."""
        scores = self._scores(y)[0]  # (N, classes)
        c = tuple(scores.argmax(axis=-1).tolist()) if self.c is None else self.c
        if np.any(np.asarray(c) < 0) or np.any(np.asarray(c) >= scores.shape[-1]):
            raise GraphError(f"there is no class {c}: a row has {scores.shape[-1]} of them, see `columns`")
        return replace(self, c=c[0] if isinstance(c, tuple) and len(c) == 1 else c)

    def _scores(self, y):
        """(1, N, classes), a view of row i"""
        if y.ndim != 3 or self.axis not in (1, 2):
            wanted = "(N, boxes, numbers), or (N, numbers, boxes) with axis=2"
            raise GraphError(f"a row of a detector is of an output {wanted}, not {tuple(y.shape)}")
        rows = y.shape[self.axis]
        if not 0 <= self.i < rows:
            raise GraphError(f"there is no box {self.i}: the output {tuple(y.shape)} has 0 to {rows - 1}")
        row = y[:, self.i, self.columns :] if self.axis == 1 else y[:, self.columns :, self.i]
        if not row.shape[1]:
            raise GraphError(f"no class score is left of {y.shape[3 - self.axis]} numbers: see `columns`")
        return row[None]

    def repeated(self, M: int) -> Target:
        return replace(self, c=self.c * M) if isinstance(self.c, tuple) else self

    def numbered(self, index: Callable[[str], int]) -> Target:
        return self if self.c is None else replace(self, c=index(self.c))

    def said(self, name: Callable[[int], str] = "class {}".format) -> str:
        each = self.c if isinstance(self.c, tuple) else (self.c,)
        which = "its strongest class" if self.c is None else ", ".join(class_name(c, name) for c in each)
        return f"the score of {which} in box {self.i}{at_output(self.output)}"
