"""What the network says about a picture, in words: its first classes, and whether it is sure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradcam.explanation.answer import name_of, naming, without_map
from minicnn.ops.sigmoid import sigmoid

if TYPE_CHECKING:
    from gradcam.explanation import Explanation

SURE = 0.5  # below this, the first class is less likely than all the others together
CLOSE = 0.1  # two classes nearer than this are a tie to a reader


def answers(e: Explanation, n: int = 0, card: Any = None, most: int = 5) -> list[tuple[str, str]]:
    """What the network says of picture n, [(name, '86.7 %' or a number), ...], the first `most` classes."""
    card, name = card or e.card, naming(e, card)
    if e.ends is None:
        return [("its output", " × ".join(map(str, e.scores[n].shape)) + " numbers")]
    if e.probabilities is None:
        shown = first(e.scores[n], most) if e.ends == "place" else range(min(most, len(e.scores[n])))
        return [(name(c), f"{e.scores[n, c]:.4g}".replace("-", "−")) for c in shown]
    if len(e.scores[n]) == 1:
        no = (getattr(card, "classes", None) or ("no", "yes"))[0] if name(0) != "yes" else "no"
        both = [(name(0), float(e.probabilities[n, 0])), (no, float(sigmoid(-e.scores[n, 0])))]
        both = both[: 1 if no == name(0) else 2]
        return [(who, percent(p)) for who, p in sorted(both, key=lambda pair: -pair[1])]
    # where probabilities are equal to the last digit, scores are not
    return [(name(c), percent(e.probabilities[n, c])) for c in first(e.scores[n], most)]


def facts(e: Explanation, card: Any = None) -> list[str]:
    """What its figures are, in sentences, where they are no shares of a hundred; and what was chosen where
    nobody said anything.  Which methods have no map is said where their maps would be.
    """
    lacking = without_map(e.undefined)
    return [*_figures(e, card), *(said for said in e.remarks if said not in lacking)]


def _figures(e, card):
    if e.ends is None:
        return ["Its output is no table of classes: no class and no percentage is named."]
    if e.ends == "place":
        return [f"Its scores are {getattr(card or e.card, 'place', '')}: of these there is no percentage."]
    if e.ends == "number":
        assumed = getattr(card or e.card, "ends", None) != "number" and e.scores.shape[1] == 1
        ask = " If it is the score of a yes-or-no network, ask for the probability of 0." if assumed else ""
        return [f"Its output is a number, of which there is no percentage.{ask}"]
    if e.ends == "sigmoid" and e.scores.shape[1] > 1:
        return ["Its classes do not exclude each other: each has a probability of its own."]
    return []


def doubts(e: Explanation, n: int = 0, card: Any = None) -> list[str]:
    """Whether it is sure of picture n, and whether it knows such pictures at all, in sentences."""
    if e.probabilities is None:
        return []
    card, p = card or e.card, e.probabilities[n]
    if len(p) == 1:
        close = abs(2 * p[0] - 1) < CLOSE
        return ["The network is unsure: it can hardly decide between yes and no."] * bool(close)
    return [*filter(None, [doubt(p, card, among=e.ends != "sigmoid"), strange(p, card)])]


def first(probabilities: np.ndarray, n: int = 5) -> list[int]:
    """The n most probable classes of one picture, (classes,) -> list of int, most probable first."""
    return np.argsort(-probabilities, kind="stable")[:n].tolist()


def percent(p: float) -> str:
    """0.8666 -> '86.7 %'"""
    return "< 0.1 %" if p < 0.0005 else f"{100 * p:.1f} %"


def doubt(probabilities: np.ndarray, card: Any = None, of: str = "class", among: bool = True) -> str:
    """A sentence about how unsure the network is, '' if it is not.

    probabilities: of one picture, (classes,); of: what they are of; among: whether they exclude one another
    """
    a, b, *_ = [*first(probabilities, 2), None]
    if not among:
        return (
            "" if probabilities[a] >= SURE else "The network is unsure: it finds none of its classes likely."
        )
    if b is not None and probabilities[a] - probabilities[b] < CLOSE:
        return (
            f"The network is unsure: it can hardly decide between {name_of(a, card)} and {name_of(b, card)}."
        )
    return "" if probabilities[a] >= SURE else f"The network is unsure: it gives no {of} more than half."


def strange(probabilities: np.ndarray, card: Any = None) -> str:
    """A sentence if the picture probably shows none of the network's classes, '' if it may,
    or if nobody measured.  (classes,)
    """
    least = getattr(card, "strange", None)
    return (
        "This photo probably shows none of its classes."
        if least is not None and probabilities.max() < least
        else ""
    )
