"""Every method and both baselines on one picture, by some measures."""

import numpy as np

from gradcam.measure.baselines import CENTRE, RANDOM, centre


def row(case, measures, failed):
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


def scores(case, measures):
    """{method or baseline: {figure: number}}"""
    values = {RANDOM: {}, CENTRE: {}, **{m: {} for m in case.maps}}
    for measure in measures:
        random = measure.of_random(case)
        values[RANDOM] |= random
        values[CENTRE] |= measure.of(centre(case.size), case)
        done = []  # two methods may have the same map, as a gradient and its saliency map have
        for method, map in case.maps.items():
            same = next((value for known, value in done if np.array_equal(known, map)), None)
            value = random if measure.ordered and not map.any() else same or measure.of(map, case)
            done.append((map, value))
            values[method] |= value
    return values
