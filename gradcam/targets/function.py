from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcam.outputs import each
from gradcam.target import Start, Target
from gradcam.targets.arithmetic import Traced
from minicnn import Error, GraphError


@dataclass(frozen=True)
class Function(Target):
    """Any function of the outputs, written as for NumPy arrays:

        Function(lambda y: y[:, 3] - np.log(np.exp(y).sum(axis=1)))
        Function(lambda y: y["boxes"][:, 0, 2] * y["boxes"][:, 0, 3], "the area of box 0")

    f      takes the output (N, ...), or the dict or tuple of them; returns a number for each picture (N,),
           by +, -, *, /, **, @, indexing, sum, mean, max, min, reshape, and the functions of NumPy that
           `gradcam.targets.arithmetic` lists
    said   what is explained, in a phrase
    """

    f: Callable[[Any], Any]
    phrase: str = "a function of the output"

    def __post_init__(self) -> None:
        if not callable(self.f) or not isinstance(self.phrase, str):
            raise GraphError("Function takes a function of the output, and what it is called, in words")

    def begin(self, y: Any) -> Start:
        value = self._of(each(Traced, y))
        if not isinstance(value, Traced):
            raise GraphError(
                f"{self.phrase} gives {type(value).__name__}, which does not depend on the output: write it "
                "with operators, indexing, and functions of NumPy"
            )
        tensor = value.tensor
        return tensor, np.ones_like(tensor.data)

    def numbers(self, y: Any) -> np.ndarray:
        sizes: list[int] = []
        each(lambda output: sizes.append(len(output)), y)
        return np.stack([self._of_arrays(each(lambda output, m=m: output[m], y)) for m in range(sizes[0])])

    def _of_arrays(self, y):
        shape: list[int] = []
        each(lambda output: shape.append(len(output)), y)
        value = np.asarray(self._of(y))
        if value.shape[:1] != (shape[0],):
            raise GraphError(
                f"{self.phrase} must give a number for each picture ({shape[0]},), not {value.shape}: a "
                "method without gradients compares pictures"
            )
        return value.reshape(len(value), -1).sum(axis=1)

    def _of(self, y):
        """f(y); what goes wrong in the user's function is said as such."""
        try:
            return self.f(y)
        except Error:
            raise
        except Exception as error:
            shapes: list[str] = []
            each(lambda output: shapes.append(str(tuple(output.shape))), y)
            said = " ".join(str(error).split()) or type(error).__name__
            raise GraphError(f"{self.phrase} cannot be computed of {', '.join(shapes)}: {said}") from error

    def said(self, name: Callable[[int], str] = "class {}".format) -> str:
        return self.phrase
