"""A hypothesis: one thing that goes wrong out there, as a change of a few lines to the reference."""

from dataclasses import dataclass, field
from itertools import chain

from gradcam.verify.reference.pipeline import (
    CAMS,
    FORWARD,
    GRADED,
    METHODS,
    PATHS,
    RELEVANCE,
    STAGES,
    STEPS,
    steps_of,
)

SIGNED = ("gradient", "saliency", "deconvnet", "guided_backprop", *PATHS, *RELEVANCE)  # at the input
BY_GATES = tuple(m for m in METHODS if m not in RELEVANCE)  # whose table says something of ReLUs
WEIGHED = (*GRADED, *FORWARD)  # sum_k w_k A^k
RULED = ("deconvnet", "guided_backprop", "guided_grad_cam")
CHEAP = ("weights", "signed", "map", "upsampled", "result")  # no way back is computed again


@dataclass(frozen=True)
class Hypothesis:
    """name: the cause in words; step: the step of the pipeline that it changes; theory: the line it breaks; fix: what to do.

    way: f(q, v, old) -> the step's value, where old() is the reference's.  Or ways: f(q, y) -> {detail: way}, for a cause that has
    several forms.  also: {step: way} that goes with it.  methods: where it can occur.  kind: "mistake", "convention" (both are in use)
    or "tie".  turns: it exchanges the result's H and W.
    """

    name: str
    step: str
    theory: str
    fix: str
    way: object = None
    ways: object = None
    also: dict = field(default_factory=dict, hash=False)
    methods: tuple = METHODS
    kind: str = "mistake"
    turns: bool = False

    @property
    def stage(self):
        return STAGES[self.step]

    def forms(self, q):
        """Every form of this cause for this question."""
        if q.method not in self.methods or self.step not in steps_of(q.method):
            return []
        ways = {"": self.way} if self.way else self.ways(q, q.reference.y)
        return [Form(self, detail, way) for detail, way in ways.items()]


@dataclass(frozen=True)
class Form:
    """One form of a hypothesis; changes: what `pipeline.Run` takes."""

    of: Hypothesis
    detail: str
    way: object

    @property
    def name(self):
        return f"{self.of.name}: {self.detail}" if self.detail else self.of.name

    @property
    def changes(self):
        return (
            (self.name, self.of.step, self.way),
            *((self.name, step, f) for step, f in self.of.also.items()),
        )

    @property
    def cheap(self):
        return self.of.step in CHEAP

    @property
    def place(self):
        return list(STEPS).index(self.of.step)


def table(*parts):
    """One list of hypotheses, names unique."""
    entries = list(chain(*parts))
    assert len({h.name for h in entries}) == len(entries)
    return entries


__all__ = [
    "BY_GATES",
    "CAMS",
    "GRADED",
    "PATHS",
    "RELEVANCE",
    "RULED",
    "SIGNED",
    "WEIGHED",
    "Form",
    "Hypothesis",
    "table",
]
