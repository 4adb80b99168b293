from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcam.outputs import chosen
from gradcam.target import OfClass, Start, Target, at_output


@dataclass(frozen=True)
class Number(Target):
    """A number of a regression: what raises it, or with downwards=True what lowers it.

    i: which one, of an output (N, numbers); the only one of an output (N,) is 0.
    """

    i: int = 0
    downwards: bool = False
    output: str | int | None = None

    def begin(self, y: Any) -> Start:
        y, signal = OfClass(self.i).begin(chosen(y, self.output))
        return y, -signal if self.downwards else signal

    def numbers(self, y: Any) -> np.ndarray:
        value = OfClass(self.i).numbers(chosen(y, self.output))
        return -value if self.downwards else value

    def class_of(self, picture: int = 0) -> int | None:
        return self.i

    def said(self, name: Callable[[int], str] = "class {}".format) -> str:
        way = "downwards" if self.downwards else "upwards"
        called = name(self.i)
        called = f"number {self.i}" if called == f"class {self.i}" else called
        return f"{called}{at_output(self.output)}, {way}"
