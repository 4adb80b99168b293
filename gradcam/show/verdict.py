"""What the network says about a picture, in words: its first classes, and whether it is sure."""

from __future__ import annotations

from typing import Any

import numpy as np

SURE = 0.5  # below this, the first class is less likely than all the others together
CLOSE = 0.1  # two classes nearer than this are a tie to a reader


def name_of(c: int, card: Any = None) -> str:
    """The name of class c: by the network's description, or 'class 7' if it has none."""
    names = getattr(card, "classes", None)
    return names[c] if names and c < len(names) else f"class {c}"


def first(probabilities: np.ndarray, n: int = 5) -> list[int]:
    """The n most probable classes of one picture, (classes,) -> list of int, most probable first."""
    return np.argsort(-probabilities, kind="stable")[:n].tolist()


def percent(p: float) -> str:
    """0.8666 -> '86.7 %'"""
    return "< 0.1 %" if p < 0.0005 else f"{100 * p:.1f} %"


def sureness(p: float | None, score: float) -> str:
    """'86.7 %', the probability of a class; the score, where there are no probabilities."""
    return f"{score:.4g}".replace("-", "−") if p is None else percent(p)


def independent(card: Any = None) -> str:
    """A sentence about percentages that need not add up to a hundred, '' if they do, or if there is one."""
    return (
        "Its classes do not exclude each other: each has a probability of its own."
        if getattr(card, "multi_label", False) and not _alone(card)
        else ""
    )


def _alone(card):
    """Whether there is one class only: a yes or no, a number."""
    return len(getattr(card, "classes", None) or ()) == 1


def doubt(probabilities: np.ndarray | None, card: Any = None, of: str = "class") -> str:
    """A sentence about how unsure the network is, '' if it is not.

    probabilities: of one picture, (classes,); of: what they are of
    """
    if probabilities is None or _alone(card):
        return ""
    a, b, *_ = [*first(probabilities, 2), None]
    if getattr(card, "multi_label", False):
        return (
            "" if probabilities[a] >= SURE else "The network is unsure: it finds none of its classes likely."
        )
    if b is not None and probabilities[a] - probabilities[b] < CLOSE:
        return (
            f"The network is unsure: it can hardly decide between {name_of(a, card)} and {name_of(b, card)}."
        )
    return "" if probabilities[a] >= SURE else f"The network is unsure: it gives no {of} more than half."


def strange(probabilities: np.ndarray | None, card: Any = None) -> str:
    """A sentence if the picture probably shows none of the network's classes, '' if it may,
    or if nobody measured.  (classes,)
    """
    least = getattr(card, "strange", None)
    return (
        "This photo probably shows none of its classes."
        if least is not None and probabilities is not None and probabilities.max() < least
        else ""
    )
