"""How far two arrays are apart, and how far rounding alone can bring them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

EPS = {"float32": 2.0**-24, "float64": 2.0**-53}
FLOOR = {"float32": 2e-6, "float64": 1e-11}  # what no comparison can ask for
CAP = 0.01  # of the largest value: what differs by more is never called equal
FAR = 10  # times the largest value: another scale rather than another map
MARGIN = 32  # another order of summation, another algorithm of convolution


@dataclass
class Difference:
    """largest: the largest |theirs - ours|, where: its place; relative: to our largest value; l2: relative in
    the L2 norm.
    """

    largest: float
    relative: float
    l2: float
    where: tuple[int, ...]

    def said(self, form: str) -> str:
        """In words, its number in this format."""
        if not np.isfinite(self.relative):
            return "from a reference that is zero everywhere"
        share = f"{self.relative:{form}} of" if self.relative < FAR else f"{self.relative:.3g} times"
        return f"by {share} its largest value"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"largest": self.largest, "relative": self.relative, "l2": self.l2, "where": list(self.where)}


def difference(theirs: np.ndarray, ours: np.ndarray) -> Difference:
    """How far theirs is from ours, two arrays of one shape.  A reference of zeros makes any difference
    infinite.
    """
    d = abs(theirs - ours)
    where = tuple(int(i) for i in np.unravel_index(int(d.argmax()), d.shape))
    largest, top = float(d.max()), abs(ours).max()
    return Difference(largest, _ratio(largest, top), _ratio(_norm(d, largest), _norm(ours, top)), where)


def _norm(a, top):
    """sqrt(sum a^2) without a square that overflows; top: the largest |a|."""
    return float(top * np.sqrt(((a / top) ** 2).sum())) if top and np.isfinite(top) else float(top)


def _ratio(a, b):
    return 0.0 if a == 0 else float(a / b) if b else float("inf")


def precision(array: np.ndarray, given: str = "float64") -> str:
    """What they can have been computed in, float32 or float64: their values fit float32, or are of a `given`
    type that does.
    """
    with np.errstate(over="ignore", under="ignore"):
        single = np.array_equal(array.astype(np.float32), array)
    return "float32" if single or given != "float64" else "float64"


def tolerance(kind: str, amplification: float = 1.0) -> float:
    """How far rounding brings a result of this type: its unit roundoff, as amplified by this computation (see
    `rounding.amplification`).
    """
    return max(FLOOR[kind], MARGIN * EPS[kind] * amplification)
