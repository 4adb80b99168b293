"""A hypothesis: one thing that goes wrong out there, as a change of a few lines to the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcam.verify.question import Question
from gradcam.verify.reference.pipelines import ALL
from gradcam.verify.reference.run import Change
from gradcam.verify.reference.steps import STEPS
from minicnn import Error, GraphError, RuleError

Variants = dict[str, Callable[..., Any]]  # {detail: change}
Old = Callable[[], Any]  # gives what a step would have been
CHEAP = ("weights", "signed", "map", "upsampled", "result")  # no backward pass is computed again


class DoesNotApply(Error):
    """This cause cannot be what happened here; a hypothesis raises it, and nothing else on purpose."""


# The engine refuses the graph or the table that a cause asks for, or its numbers have no singular vectors.
# Any other exception is a mistake in the hypothesis, and is not caught.
DOES_NOT_APPLY = (DoesNotApply, GraphError, RuleError, np.linalg.LinAlgError)


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """A cause, as a change of the reference.

    name, says   the cause in words, and the line of the theory that it breaks; fix: what to do, or
                 f(detail) -> that, where the variants ask for other things
    headline     f(detail) -> how the first line of a verdict says a variant; default: name (detail)
    step         the step that it changes
    change       f(question, run, old) -> the step's value, where old() is the reference's; or, for a cause
                 that has several
    variants     f(question, y) -> {detail: change}, none if it cannot occur here
    also         {step: change} that goes with it
    methods      where it can occur, if the step is one of theirs
    kind         "mistake", "convention" (both are in use), "scale" (a convention that leaves a right map
                 right: the same picture in other units) or "tie"
    brings       f(run so changed) -> how far rounding to float32 moves the result of this cause, relative to
                 its largest value, where it loses more digits than the reference (adding 1 to small numbers)
    alone        whether it is not tried together with another cause
    rare         how the details of variants begin that are many, and seldom the cause: a large network tries
                 them after all others, while time is left
    of_class     whether it speaks of a class's score, and so cannot occur where another target is explained
    """

    name: str
    step: str
    says: str
    fix: str | Callable[[str], str]
    headline: Callable[[str], str] | None = None
    change: Callable[..., Any] | None = None
    variants: Callable[..., Variants] | None = None
    also: Mapping[str, Callable[..., Any]] = field(default_factory=dict, hash=False)
    methods: tuple[str, ...] = ALL
    kind: str = "mistake"
    brings: Callable[[Any], float] | None = None
    alone: bool = False
    rare: tuple[str, ...] = ()
    of_class: bool = False

    @property
    def stage(self) -> str:
        """What a report calls its step."""
        return STEPS[self.step].title

    def fix_of(self, detail: str) -> str:
        """What to do about a variant, or about several, joined by \" or \"."""
        return self.fix if isinstance(self.fix, str) else self.fix(detail)

    def headline_of(self, detail: str) -> str:
        """How the first line of a verdict says a variant, or several, joined by " or "."""
        if self.headline:
            return self.headline(detail)
        return f"{self.name} ({detail})" if detail else self.name

    def forms(self, q: Question) -> list[Form]:
        """Every variant of this cause for a question."""
        if not self._occurs(q) or self.step not in q.pipeline.steps:
            return []
        if self.of_class and (q.c is None or q.asked):
            return []
        changes = {"": self.change} if self.change else self.variants(q, q.reference.y)
        return [Form(self, detail, change) for detail, change in changes.items()]

    def _occurs(self, q):
        """Whether it speaks of the method; or of the one that a variant is made of, before its result."""
        return q.method in self.methods or (self.step != "result" and q.base in self.methods)


@dataclass(frozen=True)
class Form:
    """One variant of a hypothesis."""

    of: Hypothesis
    detail: str
    change: Callable[..., Any]

    @property
    def name(self) -> str:
        """The cause and its detail."""
        return f"{self.of.name}: {self.detail}" if self.detail else self.of.name

    @property
    def fix(self) -> str:
        """What to do about it."""
        return self.of.fix_of(self.detail)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What a `Run` takes."""
        return (
            (self.name, self.of.step, self.change),
            *((self.name, step, change) for step, change in self.of.also.items()),
        )

    @property
    def rare(self) -> bool:
        """Whether a large network tries it last, while time is left."""
        return self.detail.startswith(self.of.rare)

    @property
    def cheap(self) -> bool:
        """Whether no backward pass is computed again."""
        return self.of.step in CHEAP

    @property
    def place(self) -> int:
        """The place of its step among all."""
        return list(STEPS).index(self.of.step)
