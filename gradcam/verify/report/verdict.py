"""The answer: equal, convention, rounding, tie, differs (where, by how much, because of what), located,
unknown, imprecise, or refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcam.verify.rounding.differences import Difference

EQUAL, DIFFERS, CANNOT = 0, 1, 2
STATUS = {
    "equal": EQUAL,
    "convention": EQUAL,
    "rounding": EQUAL,
    "tie": EQUAL,
    "differs": DIFFERS,
    "located": DIFFERS,
    "unknown": DIFFERS,
    "imprecise": CANNOT,
    "refused": CANNOT,
}


@dataclass(frozen=True)
class Cause:
    """One way to get their numbers from the reference: one hypothesis, or two that act together.

    names, details, kinds, fixes, said: of each part; said: how the first line of a verdict says it; residual:
    what they leave.
    """

    names: tuple[str, ...]
    details: tuple[str, ...]
    stage: str
    theory: str
    fixes: tuple[str, ...]
    kind: str
    residual: float
    kinds: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Without details."""
        return " AND ".join(self.names)

    @property
    def fix(self) -> str:
        """What to do, each thing once; where only a scale is left, that."""
        return "; ".join(dict.fromkeys(self._blamed(self.fixes)))

    @property
    def blamed(self) -> str:
        """Without what leaves a right map right (a scale), unless that is all."""
        return " AND ".join(self._blamed(self.said))

    @property
    def scale(self) -> str:
        """What it holds of what leaves a right map right, if there is more."""
        parts = [part for part, kind in zip(self._parts, self.kinds) if kind == "scale"]
        return " AND ".join(parts) if len(parts) < len(self.names) else ""

    def _blamed(self, parts):
        return [part for part, kind in zip(parts, self.kinds) if kind != "scale"] or list(parts)

    @property
    def _parts(self):
        return [f"{n} ({d})" if d else n for n, d in zip(self.names, self.details)]

    def __str__(self) -> str:
        return " AND ".join(self._parts)


@dataclass
class Compared:
    """One step compared with the reference's.

    tolerance   what rounding alone does to it, relative to its largest value
    mark        same, DIFFERS, or, where the map is right all the same, rescaled, rounding or tie; moves: how
                far near ties move it (relative L2)
    """

    stage: str
    difference: Difference
    tolerance: float
    mark: str = ""
    moves: float = 0.0

    def __post_init__(self) -> None:
        self.mark = "DIFFERS" if self.difference.relative > self.tolerance else "same"

    @property
    def differs(self) -> bool:
        """Whether rounding does not explain the difference."""
        return self.mark == "DIFFERS"

    def explained(self, mark: str, moves: float = 0.0) -> None:
        """This stage is right all the same; near ties move it by so much."""
        if self.differs:
            self.mark, self.moves = mark, moves

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "stage": self.stage,
            "mark": self.mark,
            "relative": self.difference.relative,
            "l2": self.difference.l2,
            "tolerance": self.tolerance,
            "near_ties_move_it_by": self.moves,
        }

    def __str__(self) -> str:
        by = f"{self.difference.said('.1e')} (rounding: {self.tolerance:.1e}"
        moved = (
            f"; by relative L2 {self.difference.l2:.1e}, and near ties move it by up to {self.moves:.1e}"
            if self.moves
            else ""
        )
        return f"{self.stage:<28} {self.mark:<8} {by}{moved})"


@dataclass
class Verdict:
    """kind: one of STATUS; stage: the first that differs, which may be what the cause says; measured: the
    first of those compared that differs; difference: there; causes: the class that gives their numbers.

    compared: [Compared], stage by stage; ruled_out: hypotheses that were tried and do not give their numbers,
    nearest first, with what they leave; located: where theirs leaves the reference, in words; confidence: in
    words; notes: what a reader must know; maps:
    {"theirs", "ours"} at the differing stage.
    """

    kind: str
    question: str
    reason: str = ""
    stage: str = ""
    measured: str = ""
    difference: Difference | None = None
    causes: list[Cause] = field(default_factory=list)
    compared: list[Compared] = field(default_factory=list)
    ruled_out: list[tuple[str, float]] = field(default_factory=list)
    located: str = ""
    confidence: str = ""
    notes: list[str] = field(default_factory=list)
    maps: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The exit status: 0 equal, also in another convention, a tie or rounding (each choice is right
        there), 1 differs, located or unknown, 2 too imprecise or could not compare.
        """
        return STATUS[self.kind]

    def __bool__(self) -> bool:
        return self.status == EQUAL

    def names(self, cause: str) -> bool:
        """Whether the class holds a cause of this name (a part of it will do)."""
        return any(cause in str(c) for c in self.causes)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: words and numbers, no arrays; None for what is infinite."""
        return finite(
            {
                "verdict": self.kind,
                "status": self.status,
                "question": self.question,
                "reason": self.reason,
                "stage": self.stage,
                "located": self.located,
                "measured": self.measured,
                "difference": self.difference and self.difference.as_dict(),
                "confidence": self.confidence,
                "causes": [
                    {
                        "cause": str(c),
                        "stage": c.stage,
                        "theory": c.theory,
                        "fix": c.fix,
                        "kind": c.kind,
                        "residual": c.residual,
                    }
                    for c in self.causes
                ],
                "compared": [c.as_dict() for c in self.compared],
                "ruled_out": [{"cause": name, "leaves": left} for name, left in self.ruled_out],
                "notes": self.notes,
            }
        )

    def __str__(self) -> str:
        from gradcam.verify.report.text import in_words

        return in_words(self)


def finite(tree: Any) -> Any:
    """A tree of dicts and lists, None for numbers that are not finite."""
    if isinstance(tree, dict):
        return {key: finite(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [finite(value) for value in tree]
    return None if isinstance(tree, float) and not np.isfinite(tree) else tree


def picture(array: np.ndarray) -> np.ndarray:
    """Any map or signal of the first picture, as (H, W), for a reader."""
    while array.ndim > 3:
        array = array[0]
    if array.ndim == 3:
        array = array[0] if array.shape[0] != 3 else array.sum(axis=0)
    return np.asarray(array, np.float64)
