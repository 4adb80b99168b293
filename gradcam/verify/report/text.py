"""A verdict for people: text, with colour on a terminal."""

from __future__ import annotations

from typing import Any

COLOURS = {
    "equal": 32,
    "convention": 32,
    "rounding": 32,
    "tie": 33,
    "differs": 31,
    "located": 31,
    "unknown": 35,
    "imprecise": 33,
    "refused": 33,
}


def in_words(verdict: Any, colour: Any = False) -> Any:
    """The first line answers whether the map is right; below it the causes with theory and fix, where, what
    was compared, what was ruled out.
    """
    word = f"\033[1;{COLOURS[verdict.kind]}m{verdict.kind}\033[0m" if colour else verdict.kind
    lines = [f"{word}: {headline(verdict)}"]
    if verdict.causes:
        cause = verdict.causes[0]
        lines += [
            f"  cause: {cause}  [{cause.kind}]",
            f"    fix:    {cause.fix}",
            f"    theory: {cause.theory}",
        ]
        if len(verdict.causes) > 1:
            lines.append(f"    the same numbers come by: {'; '.join(map(str, verdict.causes[1:]))}")
    if verdict.located and verdict.kind != "located":
        lines.append(f"  where: {verdict.located}")
    lines += [f"  note: {note}" for note in verdict.notes]
    if by := how_far(verdict):
        lines.append(f"  {by}")
    lines.append(f"  asked: {verdict.question}")
    if verdict.confidence:
        lines.append(f"  confidence: {verdict.confidence}")
    lines += [f"  {stage}{_but_for(stage, verdict)}" for stage in verdict.compared]
    if verdict.kind == "unknown" and verdict.ruled_out:
        lines.append(
            "  ruled out, nearest first: "
            + "; ".join(f"{name} (leaves {left:.2g})" for name, left in verdict.ruled_out[:6])
        )
    return "\n".join(lines)


def _but_for(stage, verdict):
    """Behind a step that differs though the map is right: by what, and what is left then."""
    if verdict.kind != "convention" or not stage.differs:
        return ""
    cause = verdict.causes[0]
    return f": {cause}; but for that, by relative L2 {cause.residual:.1e}"


def headline(verdict: Any) -> str:
    """One line: is the map right?"""
    cause = verdict.causes[0] if verdict.causes else None
    match verdict.kind:
        case "equal" | "rounding":
            return f"your map is right: {verdict.reason}"
        case "convention":
            return f"your map is right, in another convention: {cause}"
        case "tie":
            why = verdict.reason if cause is None else f"{cause}"
            return f"your map is right, but for what is done where the derivative is not defined: {why}"
        case "differs" if cause.kind == "convention":
            return f"your map is not the paper's, by a choice that others make, too: {named(verdict)}"
        case "differs":
            return f"your map has a mistake: {named(verdict)}"
        case "located":
            return f"your map is not the reference's: {verdict.located}; {verdict.reason}"
        case "unknown":
            return f"your map is not the reference's, and its mistake has no name here: {verdict.reason}"
        case "imprecise":
            return f"too imprecise to tell: {verdict.reason}"
    return f"could not compare: {verdict.reason}"


def named(verdict: Any) -> str:
    """The causes that are to blame, each once; what only rescales a map is said below."""
    blamed = list(dict.fromkeys(c.blamed for c in verdict.causes))
    more = f" (or one of {len(blamed) - 2} more, below)" if len(blamed) > 2 else ""
    return "; or, with the same numbers here, ".join(blamed[:2]) + more


def how_far(verdict: Any) -> str:
    """At which step theirs is another first, and by how much."""
    if verdict.kind not in ("convention", "tie", "differs", "located", "unknown") or not verdict.stage:
        return ""
    d = verdict.difference
    if d is None:
        return f"differs first at: {verdict.stage}, which has not even the reference's shape"
    first = "differs at or before" if verdict.kind in ("unknown", "located") else "differs first at"
    by = f"by {d.relative:.2g} of the largest value (relative L2 {d.l2:.2g}), most at {d.where}"
    return f"{first}: {verdict.stage}, {by}"
