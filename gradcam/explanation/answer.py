"""What a network answers: classes that exclude one another, labels that do not, yes or no, a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcam.asking import AskError
from gradcam.outputs import chosen, end_of
from gradcam.outputs import scores as in_front
from gradcam.target import OfClass, OfSum, Target
from gradcam.targets import Number
from minicnn import Softmax
from minicnn.ops.sigmoid import sigmoid

if TYPE_CHECKING:
    from gradcam.explanation import Explanation


@dataclass(frozen=True)
class Answer:
    """scores: the output (N, classes), or as it is; ends: "softmax" or "sigmoid", which make probabilities of
    them, "number" and "place" (sums over places, see `weights.Card`) where a percentage would say nothing,
    None for an output that is no table; output: which
    one it is, of several.
    """

    scores: np.ndarray
    ends: str | None
    output: str | int | None = None

    @property
    def probabilities(self) -> np.ndarray | None:
        """(N, classes), of a network whose scores become probabilities."""
        if self.ends not in ("softmax", "sigmoid"):
            return None
        return sigmoid(self.scores) if self.ends == "sigmoid" else Softmax()(self.scores)


def answer_of(y: Any, targets: Sequence[Target], start: str = "score", card: Any = None) -> Answer:
    """y: what the network returned; targets: what is asked of it; card: what is known of it.

    By what scores become probabilities is what the network ends in; else what its description says
    (card.ends: "softmax", "sigmoid" or "number"; card.multi_label); else softmax, of several scores.
    One score alone is a number, unless a probability of it is asked for.
    """
    asked = [part for target in targets for part in _parts(target)]
    named = (getattr(part, "output", None) for part in asked)
    output = next((name for name in named if name is not None), None)
    end, y = end_of(chosen(y, output)), in_front(chosen(y, output))
    if y.ndim not in (1, 2):
        return Answer(y.data, None, output)
    scores = y.data if y.ndim == 2 else y.data[:, None]
    by = end or getattr(card, "ends", None)
    if by is None and getattr(card, "multi_label", False):
        by = "sigmoid"
    probable = start == "probability" or any(
        isinstance(p, OfClass) and p.start == "probability" for p in asked
    )
    if by == "place" and probable:
        raise AskError(f"the scores are {card.place}: a probability is of one place, --at 3 5 say")
    if by is None:
        by = "softmax" if scores.shape[1] > 1 else "sigmoid" if probable else "number"
    return Answer(scores, "number" if not end and any(isinstance(p, Number) for p in asked) else by, output)


def _parts(target):
    return [part for _, part in target.parts] if isinstance(target, OfSum) else [target]


def name_of(c: int, card: Any = None) -> str:
    """The name of class c: by the network's description, or 'class 7' if it has none."""
    names = getattr(card, "classes", None)
    return names[c] if names and c < len(names) else f"class {c}"


def without_map(undefined: Mapping[str, str]) -> list[str]:
    """Which methods have no map, and why, a sentence for each reason.  undefined: {method: why}"""
    reasons: dict[str, list[str]] = {}
    for method, why in undefined.items():
        reasons.setdefault(why, []).append(method)
    return [f"There is no map of {', '.join(methods)}: {why}" for why, methods in reasons.items()]


def called(e: Explanation, c: Any, card: Any = None, n: int = 0) -> str:
    """What was explained of picture n, c an entry of e.classes: a class by its name, anything else in its own
    phrase; and where, in an output that has places.
    """
    target = e.target(c)
    index = target.class_of(n)
    alone = isinstance(target, OfClass) and target.start == "score" and target.output is None
    if not alone or index is None:
        return phrase(e, c, card)
    return f"{naming(e, card)(index)}{_place(card or e.card)}"


def phrase(e: Explanation, c: Any, card: Any = None) -> str:
    """What was explained, in full: 'the score of class 1 at row 3, column 5'."""
    return f"{e.target(c).said(naming(e, card))}{_place(card or e.card)}"


def _place(card):
    place = getattr(card, "place", "")
    return f", {place}" if place.startswith("summed") else f" {place}" if place else ""


def naming(e: Explanation, card: Any = None) -> Callable[[int], str]:
    """What the classes of an explanation are called: a function of their number.

    A single output has the second of two names, (no, yes), or the only one; without names it is called 'yes',
    or, of a regression, 'its number'.
    """
    card = card or e.card
    if e.ends is None or e.scores.shape[1] > 1:
        return partial(name_of, card=card)
    names = getattr(card, "classes", None) or (("yes",) if e.probabilities is not None else ("its number",))
    return lambda c: names[-1] if c == 0 else f"class {c}"
