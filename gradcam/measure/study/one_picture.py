"""Every method and both baselines on one picture, by some measures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gradcam.measure.asked import NotAsked
from gradcam.measure.baselines import CENTRE, RANDOM, centre
from gradcam.measure.case import Case
from gradcam.measure.measure import Measure


def row(case: Case, measures: Iterable[Measure], failed: dict[str, str]) -> dict[str, Any]:
    """What is kept of one picture: plain numbers, ready for JSON.

    measures: Measure objects; failed: methods not even tried, and why.
    """
    return {
        "number": case.number,
        "class": case.c,
        "area": round(float(case.truth.mean()), 6),
        "rank": case.rank,
        "values": {m: {f: round(v, 6) for f, v in of.items()} for m, of in scores(case, measures).items()},
        "zero": [m for m, map in case.maps.items() if not map.any()],
        "failed": {**failed, **case.failed},
    }


def scores(case: Case, measures: Iterable[Measure]) -> dict[str, dict[str, float]]:
    """{method or baseline: {figure: number}}"""
    values = {RANDOM: {}, CENTRE: {}, **{m: {} for m in case.maps}}
    for measure in measures:
        random = measure.of_random(case)
        values[RANDOM] |= random
        values[CENTRE] |= measure.of(centre(case.size), case)
        done = []  # two methods may have the same map, as a gradient and its saliency map have
        for method, map in case.maps.items():
            same = next((value for known, value in done if np.array_equal(known, map)), None)
            if measure.asks:
                value = _asked(measure, map, case, method)
            else:
                value = random if measure.ordered and not map.any() else same or measure.of(map, case)
            done.append((map, value))
            values[method] |= value
    return values


def _asked(measure, map, case, method):
    """Nothing of a map that was made elsewhere, where the method itself is asked for others."""
    try:
        return measure.of(map, case, method)
    except NotAsked:
        return {}
