"""The answer: equal, rounding, tie, differs (at this stage, by this much, because of this), unknown, or refused."""

from dataclasses import dataclass, field

import numpy as np

EQUAL, DIFFERS, CANNOT = 0, 1, 2
STATUS = {"equal": EQUAL, "rounding": EQUAL, "tie": EQUAL, "differs": DIFFERS, "unknown": DIFFERS, "refused": CANNOT}


@dataclass(frozen=True)
class Cause:
    """One way to get their numbers from the reference.  parts: one hypothesis, or two that act together; residual: what they leave."""

    names: tuple
    details: tuple
    stage: str
    theory: str
    fix: str
    kind: str
    residual: float

    @property
    def name(self):
        return " AND ".join(self.names)

    def __str__(self):
        return " AND ".join(f"{n} ({d})" if d else n for n, d in zip(self.names, self.details))


@dataclass
class Verdict:
    """kind: one of STATUS; stage: the first that differs; difference: of that stage; causes: the class that gives their numbers.

    compared: [(stage, Difference, tolerance)]; ruled_out: hypotheses that were tried and do not give their numbers, nearest first, with
    what they leave; confidence: in words; notes: what a reader must know; maps: {"theirs", "ours"} at the differing stage.
    """

    kind: str
    question: str
    reason: str = ""
    stage: str = ""
    difference: object = None
    causes: list = field(default_factory=list)
    compared: list = field(default_factory=list)
    ruled_out: list = field(default_factory=list)
    confidence: str = ""
    notes: list = field(default_factory=list)
    maps: dict = field(default_factory=dict)

    @property
    def status(self):
        """The exit status: 0 equal, 1 differs, 2 could not compare."""
        return STATUS[self.kind]

    def __bool__(self):
        return self.status == EQUAL

    def names(self, cause):
        """Whether the class holds a cause of this name (a part of it will do)."""
        return any(cause in str(c) for c in self.causes)

    def as_dict(self):
        """For JSON: words and numbers, no arrays."""
        return {
            "verdict": self.kind, "status": self.status, "question": self.question, "reason": self.reason, "stage": self.stage,
            "difference": self.difference and self.difference.as_dict(), "confidence": self.confidence,
            "causes": [{"cause": str(c), "stage": c.stage, "theory": c.theory, "fix": c.fix, "kind": c.kind, "residual": c.residual}
                       for c in self.causes],
            "compared": [{"stage": s, "relative": d.relative, "tolerance": t} for s, d, t in self.compared],
            "ruled_out": [{"cause": name, "leaves": left} for name, left in self.ruled_out], "notes": self.notes,
        }  # fmt: skip

    def __str__(self):
        from gradcam.verify.report import in_words

        return in_words(self)


def picture(array):
    """Any map or signal of the first picture, as (H, W), for a reader."""
    while array.ndim > 3:
        array = array[0]
    if array.ndim == 3:
        array = array[0] if array.shape[0] != 3 else array.sum(axis=0)
    return np.asarray(array, np.float64)
