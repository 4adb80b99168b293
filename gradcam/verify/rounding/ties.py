"""Rounding told from error: a few flipped gates and switches, or so many ties that only a band can be
measured.
"""

from __future__ import annotations

from typing import Any

from gradcam.verify.reference.pipelines import FORWARD, PATHS
from gradcam.verify.reference.run import Run
from gradcam.verify.rounding.differences import difference
from gradcam.verify.rounding.propagation import band, crowded, flips

BEYOND = 0.01  # of all places: so many may lie outside the measured band
FLIPPED = 0.2  # a flip moves a map by less than this (relative L2)
HOPELESS = 10  # times as far as the first tries of roundoff: no further ones are needed
MOVED = (
    "signal",
    "gradient",
    "weights",
    "result",
)  # behind the backward pass: a flip can move these, and nothing before them


def rounded(q: Any, verdict: Any, compared: Any, kinds: Any) -> Any:
    """Whether near ties explain everything that differs -> bool; the verdict then says so, and its table by
    how much they move it.

    compared: {step: Compared}; kinds: {step: precision}.
    """
    differ = [s for s, c in compared.items() if c.differs]
    if not differ or not set(differ) <= set(MOVED) or q.method in FORWARD:
        return False
    kind, limits = kinds[differ[0]], {s: compared[s].tolerance for s in differ}
    if q.method in PATHS or crowded(q, kind):  # on a path, every picture has ties of its own
        return tied(q, verdict, {s: compared[s] for s in differ}, kind)
    found = flips(q, q.reference, limits, kind) if compared[differ[0]].difference.l2 < FLIPPED else None
    if not found:
        return False
    names, run = found
    verdict.kind, verdict.reason = (
        "rounding",
        f"equal once these near ties fall to the other side: {', '.join(names)}",
    )
    for s in differ:
        compared[s].explained(
            "rounding", difference(run[s], q.reference[s]).l2 + difference(q.theirs[s], run[s]).l2
        )
    return True


def tied(q: Any, verdict: Any, compared: Any, kind: str) -> Any:
    """With more ties than can be tried: whether theirs lies, nearly everywhere, where roundoff at the input
    brings the reference itself.
    """
    far = within_band(q, q.reference, {s: c.tolerance for s, c in compared.items()}, kind)
    if far is None:
        return False
    most = max(far.values())
    where = (
        "on the path there are near ties, and"
        if q.method in PATHS
        else "so many gates and switches are tied that"
    )
    moves = f"{where} {kind}'s roundoff at the input moves the reference by {most:.1e} (relative L2)"
    if most > FLIPPED:
        verdict.kind, verdict.reason = "refused", f"{moves}: nothing can be said; take a less flat picture"
        return True
    verdict.kind = "tie" if kind == "float64" else "rounding"
    verdict.reason = f"{moves}; theirs lies within that"
    for s, c in compared.items():
        c.explained(verdict.kind, 2 * far[s])
    return True


def undecidable(q: Any, limit: float, kind: str) -> str:
    """Why nothing can be said of a map along a path, in whatever scale it was kept: float32's roundoff alone
    moves the reference that far; '' if it does not.
    """
    if q.method not in PATHS or kind != "float32" or not q.comparable("result"):
        return ""
    far = band(q, q.reference, kind, {"result": limit})["result"][0]
    if far <= FLIPPED:
        return ""
    return (
        f"on the path there are near ties, and {kind}'s roundoff at the input moves the reference by "
        f"{far:.1e} (relative L2): nothing can be said; take a less flat picture"
    )


def within_band(q: Any, run: Run, limits: Any, kind: str) -> Any:
    """{step: how far roundoff at the input moves that step of the run}, or None if theirs lies outside at one
    of the steps.
    """
    apart = {s: difference(q.theirs[s], run[s]).l2 for s in limits}
    if any(apart[s] > HOPELESS * far for s, (far, _) in band(q, run, kind, limits, tries=2).items()):
        return None
    moved, far = band(q, run, kind, limits), {}
    for s, limit in limits.items():
        far[s], width = moved[s]
        beyond = abs(q.theirs[s] - run[s]) > 3 * width + limit * abs(run[s]).max()
        if beyond.mean() > BEYOND or apart[s] > 2 * far[s]:
            return None
    return far
