"""A map of NaN is no explanation: numbers that are not finite are an error, which names the weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gradcam.asking import AskError
from gradcam.outputs import each
from gradcam.target import Target
from minicnn import Tensor, history
from minicnn.graph import inputs_of


class NotFiniteError(AskError):
    """Scores, or a map, hold NaN or infinite numbers, of this input, though the weights hold none."""


def check_scores(scores: np.ndarray, classes: Iterable[Any], y: Any) -> None:
    """An error if a score (N, classes) is NaN or plus infinity, or that of one of these classes infinite; of
    others minus infinity is an answer, of what a network rules out.  y: the network's output, or outputs.
    WeightsError names weights that are not finite; NotFiniteError: all of them are.
    """
    asked = [c for c in classes if not isinstance(c, Target)]
    explained = [scores[np.arange(len(scores)), np.clip(c, 0, scores.shape[1] - 1)] for c in asked]
    if not np.all(scores < np.inf) or not all(np.isfinite(score).all() for score in explained):
        _refuse("the network's scores", y)


def check_map(method: str, map: np.ndarray, y: Any) -> None:
    """The same errors, if a method's map holds NaN or infinite numbers."""
    if not np.isfinite(map).all():
        _refuse(f"the numbers of {method}'s map", y)


def _refuse(what, y):
    from weights import WeightsError
    from weights.finite import not_finite

    if found := not_finite(_constants(y)):
        raise WeightsError(f"{what} are not finite: there are {found}: such weights can explain nothing")
    raise NotFiniteError(
        f"{what} are not finite (NaN or infinite), though the weights are: values between its layers become "
        "too large for this input"
    )


def _constants(y):
    """{name: array} of what no operation made: weights, for the most part."""
    ends: list[Tensor] = []
    each(ends.append, y)
    found = {}
    for t in history(ends):
        for k, given in enumerate(inputs_of(t.op) if t.op is not None else ()):
            name = f"input {k} of {t.name or type(t.op).__name__}"
            if isinstance(given, Tensor) and given.op is None:
                found[given.name or name] = given.data
            elif hasattr(given, "dtype") and not isinstance(given, Tensor):
                found[name] = given
    return found
