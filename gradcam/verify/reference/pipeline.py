"""How the reference makes one method's result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gradcam.verify.reference.steps import STEPS

BACK = ("start", "rules", "signal")  # a signal at the input
SUM = ("weights", "signed", "map", "upsampled")  # a weighted sum of feature maps


@dataclass(frozen=True)
class Pipeline:
    """The steps of one method.

    takes: their names; input, y and result, which all take, are added, and all are put in order
    own:   {step: f(question, run) -> value}, those that the method computes in a way of its own
    """

    takes: tuple[str, ...]
    own: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    @property
    def steps(self) -> list[str]:
        """The names of all its steps, in order."""
        return [name for name in STEPS if name in ("input", "y", "result", *self.takes)]

    def compute(self, step: str, q: Any, v: Any) -> Any:
        """The value of a step, for a question and a run of it."""
        return self.own.get(step, STEPS[step].compute)(q, v)


def the_map(q: Any, v: Any) -> Any:
    """The map itself, or enlarged if theirs is."""
    return v.upsampled if q.enlarged else v.map


def unclipped(q: Any, v: Any) -> Any:
    return v.signed
