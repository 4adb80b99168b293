"""A verdict for people: text, with colour on a terminal."""

from __future__ import annotations

from typing import Any

NEAR = 0.5  # what a cause may leave (relative L2) to be worth a look, though it is ruled out
SHOWN = 2  # causes with the same numbers that the first line says
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
    """The first line answers whether the map is right; below it what to do and why, where, what was compared,
    what was ruled out.
    """
    word = f"\033[1;{COLOURS[verdict.kind]}m{verdict.kind}\033[0m" if colour else verdict.kind
    lines = [f"{word}: {headline(verdict)}", *remedies(verdict)]
    if verdict.located and verdict.kind != "located":
        lines.append(f"  where: {verdict.located}")
    if by := not_named(verdict):
        lines.append(f"  {by}")
    lines += [f"  note: {note}" for note in verdict.notes]
    if by := how_far(verdict):
        lines.append(f"  {by}")
    lines.append(f"  asked: {verdict.question}")
    if verdict.confidence:
        lines.append(f"  confidence: {verdict.confidence}")
    lines += [f"  {stage}{_but_for(stage, verdict)}" for stage in verdict.compared]
    near = [f"{name} (leaves {left:.2g})" for name, left in verdict.ruled_out[:6] if left < NEAR]
    if verdict.kind == "unknown" and near:
        lines.append(f"  ruled out, nearest first: {'; '.join(near)}")
    return "\n".join(lines)


def not_named(verdict: Any) -> str:
    """Of a map whose difference is located: that no cause was found."""
    located = verdict.kind == "located" and verdict.reason
    return f"what made it so is not named: {verdict.reason}" if located else ""


def remedies(verdict: Any) -> list[str]:
    """What to do about each of the causes that the first line says, and the theory; what the first line does
    not say of them.
    """
    if not verdict.causes:
        return []
    cause, lines = verdict.causes[0], []
    if str(cause) not in headline(verdict):
        lines.append(f"  cause: {cause}  [{cause.kind}]")
    fixes = dict.fromkeys(c.fix for c in _blamed_once(verdict)[:SHOWN])
    fix = "to compare it" if verdict.kind == "convention" else "fix"
    lines += [f"  {'or ' * bool(n)}{fix}: {what}" for n, what in enumerate(fixes)]
    lines.append(f"  theory: {cause.theory}")
    if scales := list(dict.fromkeys(c.scale for c in verdict.causes if c.scale)):
        lines.append(f"  in another scale, too, which is no mistake: {'; or '.join(scales)}")
    if more := _blamed_once(verdict)[1:]:
        lines.append(f"  the same numbers would come of: {'; '.join(map(_without_scale, more))}")
    return lines


def _blamed_once(verdict):
    """One cause for each thing that is blamed."""
    found = {}
    for cause in verdict.causes:
        found.setdefault(cause.blamed, cause)
    return list(found.values())


def _without_scale(cause):
    return cause.blamed if cause.scale else str(cause)


def _but_for(stage, verdict):
    """Behind a step of a map that is right in another scale: which, and what is left then."""
    if stage.mark != "rescaled":
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
            return f"your map is not the reference's: {verdict.located}"
        case "unknown":
            return f"your map is not the reference's, and what made it so is not known: {verdict.reason}"
        case "imprecise":
            return f"too imprecise to tell: {verdict.reason}"
    return f"could not compare: {verdict.reason}"


def named(verdict: Any) -> str:
    """The causes that are to blame, each once; what only rescales a map is said below."""
    blamed = [c.blamed for c in _blamed_once(verdict)]
    more = f" (or one of {len(blamed) - SHOWN} more, below)" if len(blamed) > SHOWN else ""
    return "; or, with the same numbers here, ".join(blamed[:SHOWN]) + more


def how_far(verdict: Any) -> str:
    """At which step theirs is another first, and by how much, if that step was compared."""
    if verdict.kind not in ("tie", "differs", "located", "unknown") or not verdict.stage:
        return ""
    d, first = verdict.difference, "differs first at"
    if verdict.kind in ("unknown", "located"):
        first = "differs at or before"
    if verdict.stage != verdict.measured:
        return f"{first}: {verdict.stage} (that follows from the cause)"
    if d is None:
        return f"{first}: {verdict.stage}, which has not even the reference's shape"
    by = f"{d.said('.2g')} (relative L2 {d.l2:.2g}), most at {d.where}"
    return f"{first}: {verdict.stage}, {by}"
