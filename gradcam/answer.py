"""What a network answers: classes that exclude one another, labels that do not, yes or no, a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcam.outputs import chosen, end_of
from gradcam.outputs import scores as in_front
from gradcam.target import OfClass, OfSum, Target
from gradcam.targets import Number
from minicnn import Softmax
from minicnn.ops.sigmoid import sigmoid


@dataclass(frozen=True)
class Answer:
    """scores: the output (N, classes), or as it is; by: "softmax", "sigmoid", or None where a percentage
    would say nothing.
    """

    scores: np.ndarray
    by: str | None

    @property
    def probabilities(self) -> np.ndarray | None:
        """(N, classes), of a network whose scores become probabilities."""
        if self.by is None:
            return None
        return sigmoid(self.scores) if self.by == "sigmoid" else Softmax()(self.scores)


def answer_of(y: Any, targets: Sequence[Target], start: str = "score", card: Any = None) -> Answer:
    """y: what the network returned; targets: what is asked of it; card: what is known of it.

    By what scores become probabilities is what the network ends in; else what its description says
    (card.ends: "softmax", "sigmoid" or "number"; multi_label); else softmax, of several scores.
    One score alone is a number, unless a probability of it is asked for.
    """
    asked = [part for target in targets for part in _parts(target)]
    output = chosen(
        y, next((part.output for part in asked if getattr(part, "output", None) is not None), None)
    )
    end, y = end_of(output), in_front(output)
    if y.ndim not in (1, 2):
        return Answer(y.data, None)
    scores = y.data if y.ndim == 2 else y.data[:, None]
    by = end or getattr(card, "ends", None) or ("sigmoid" if getattr(card, "multi_label", False) else None)
    probable = start == "probability" or any(
        isinstance(p, OfClass) and p.start == "probability" for p in asked
    )
    if by is None:
        by = "softmax" if scores.shape[1] > 1 else "sigmoid" if probable else "number"
    numbers = by == "number" or (not end and any(isinstance(p, Number) for p in asked))
    return Answer(scores, None if numbers else by)


def _parts(target):
    return [part for _, part in target.parts] if isinstance(target, OfSum) else [target]
