"""A verdict for people: text, with colour on a terminal."""

from __future__ import annotations

from typing import Any

COLOURS = {"equal": 32, "rounding": 32, "tie": 33, "differs": 31, "unknown": 35, "refused": 33}


def in_words(verdict: Any, colour: Any = False) -> Any:
    """A few lines: the verdict, the stage, the causes with theory and fix, what was compared, what was ruled
    out.
    """
    word = f"\033[1;{COLOURS[verdict.kind]}m{verdict.kind}\033[0m" if colour else verdict.kind
    lines = [f"{word}: {headline(verdict)}", f"  asked: {verdict.question}"]
    for n, cause in enumerate(verdict.causes):
        lines += [
            f"  {'cause' if n == 0 else 'or, with the same numbers'}: {cause}  [{cause.kind}]",
            f"    theory: {cause.theory}",
            f"    fix:    {cause.fix}",
        ]
    if verdict.confidence:
        lines.append(f"  confidence: {verdict.confidence}")
    lines += [f"  {stage}" for stage in verdict.compared]
    if verdict.kind == "unknown" and verdict.ruled_out:
        lines.append(
            "  ruled out, nearest first: "
            + "; ".join(f"{name} (leaves {left:.2g})" for name, left in verdict.ruled_out[:6])
        )
    return "\n".join(lines + [f"  note: {note}" for note in verdict.notes])


def headline(verdict: Any) -> Any:
    """One line."""
    if verdict.kind in ("equal", "rounding", "refused") or (verdict.kind == "tie" and not verdict.causes):
        return verdict.reason
    d = verdict.difference
    if d is None:
        return f"differs first at the {verdict.stage}: it has not even the reference's shape"
    by = f"by {d.relative:.2g} of the largest value (relative L2 {d.l2:.2g}), most at {d.where}"
    if verdict.kind == "unknown":
        return f"differs at the {verdict.stage} or before it, {by}; {verdict.reason}"
    if verdict.kind == "tie":
        return f"equal but for what is done where the derivative is not defined; that moves it {by}"
    return f"differs first at the {verdict.stage}; there {by}"
