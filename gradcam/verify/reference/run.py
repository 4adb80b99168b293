"""The steps of one question under some changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from gradcam.verify.reference.steps import STEPS, upstream
from minicnn import Tensor

Change = tuple[str, str, Callable[..., Any]]  # (name, step, f(question, run, old) -> the step's value)
BEFORE = ("input", "y", "start", "rules")  # what a gradient is made from


class Run:
    """The steps of one question, each an attribute: computed when it is asked for, once for all runs that
    share it.

    changes: ((name, step, f), ...), applied in this order: f(q, v, old) -> the step's value, where old() is
    what it would have been.  Without changes it is the reference.  A change never alters what it is given: it
    returns something else.
    """

    question: Any
    changes: tuple[Change, ...]

    def __init__(self, question: Any, changes: Sequence[Change] = ()) -> None:
        self.question, self.changes = question, tuple(changes)

    def __getattr__(self, step: str) -> Any:
        if step not in STEPS:
            raise AttributeError(step)
        q = self.question
        key = (step, tuple(name for name, at, _ in self.changes if at in upstream(step)))
        if key not in q.values:
            mine = [f for _, at, f in self.changes if at == step]
            if mine:
                before = [c for c in self.changes if c[1] != step]
                old = lambda: getattr(Run(q, before), step)  # noqa: E731
                for f in mine:
                    old = _once(f, q, self, old)
                q.remember(key, old())
            else:
                q.remember(key, q.pipeline.compute(step, q, self))
        return q.values[key]

    def elsewhere(self, pictures: Any = None, scores: Any = None) -> Run:
        """A gradient's run under the same changes for other pictures, or for their scores; nothing of it is
        remembered.

        pictures (M, N, C, H, W); scores: a tensor (M N, classes)
        """
        left_out = "input" if scores is None else "y"
        value = pictures.reshape(-1, *pictures.shape[2:]) if scores is None else scores
        q = self.question.times(value.shape[0] // len(self.question.x))
        kept = [c for c in self.changes if c[1] in BEFORE and c[1] != left_out]
        return Run(q, (("elsewhere", left_out, lambda q, v, old: value), *kept))

    def __getitem__(self, step: str) -> Any:
        """The step as an array."""
        value = getattr(self, step)
        return value.data if isinstance(value, Tensor) else value


def _once(f, q, v, old):
    """f(q, v, old), computed when it is first asked for."""
    return cache(lambda: f(q, v, old))
