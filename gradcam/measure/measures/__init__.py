"""All measures of one map beside each other, in one form:  value(map, case) -> {figure: number}."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradcam.measure import baselines
from gradcam.measure.measures.deletion_insertion import area, deletion, insertion
from gradcam.measure.measures.energy_pointing_game import energy_pointing_game
from gradcam.measure.measures.localisation import ENOUGH, localisation
from gradcam.measure.measures.pointing_game import chance, pointing_game
from gradcam.measure.measures.rank_correlation import rank_correlation


class Figure(NamedTuple):
    """title: what it is called in a table; better: 1 if more is better, -1 if less is; percent: it is a share."""

    title: str
    better: int
    percent: bool


FIGURES = {
    "hit": Figure("pointing game, hits", 1, True),
    "energy": Figure("energy on the object", 1, True),
    "found": Figure("box found (IoU ≥ 0.5)", 1, True),
    "top1_error": Figure("top-1 localisation error", -1, True),
    "top5_error": Figure("top-5 localisation error", -1, True),
    "cell": Figure("grid: share in the right cell", 1, True),
    "rank_correlation": Figure("rank correlation with occlusion", 1, False),
    "deletion": Figure("deletion, area", -1, False),
    "insertion": Figure("insertion, area", 1, False),
}


@dataclass(frozen=True)
class Measure:
    """value(map, case) -> {figure: number}; figures: their names; chance(case): what a random point gets, where that is known exactly.

    An all-zero map says nothing: it misses, and where only an order counts (`ordered`) it is given a random point's.
    """

    paper: str
    figures: tuple
    value: object
    chance: object = None
    ordered: bool = False


def pointing(map, case):
    return {"hit": float(pointing_game(map, case.truth))}


def energy(map, case):
    return {"energy": energy_pointing_game(map, case.truth)}


def localised(map, case):
    """top-1 and top-5 error: the class is not among the first, or its box is wrong (Selvaraju et al. 2017, table 1).

    Where classes do not exclude each other, the first ones are those whose probability is at least a half.
    """
    found = localisation(map, case.boxes) >= ENOUGH
    multi_label = getattr(getattr(case.net, "card", None), "multi_label", False)
    named = case.scores[case.c] > 0 if multi_label else case.rank < 1
    return {
        "found": float(found),
        "top1_error": float(not (found and named)),
        "top5_error": float(not (found and case.rank < 5)),
    }


def grid(map, case):
    return {"cell": energy_pointing_game(map, case.truth)}


def ranked(map, case):
    return {"rank_correlation": rank_correlation(map, case.falls, *case.window)}


def deleted(map, case):
    return {"deletion": area(deletion(case.net, case.x, case.c, map))}


def inserted(map, case):
    return {"insertion": area(insertion(case.net, case.x, case.c, map))}


MEASURES = {
    "pointing_game": Measure(
        "Zhang et al. 2016", ("hit",), pointing, lambda case: {"hit": chance(case.truth)}
    ),
    "energy_pointing_game": Measure(
        "Wang et al. 2020", ("energy",), energy, lambda case: {"energy": chance(case.truth)}
    ),
    "localisation": Measure(
        "Selvaraju et al. 2017, sec. 4.1", ("found", "top1_error", "top5_error"), localised
    ),
    "grid_pointing_game": Measure(
        "Böhle et al. 2021", ("cell",), grid, lambda case: {"cell": chance(case.truth)}
    ),
    "rank_correlation": Measure("Selvaraju et al. 2017, sec. 5.3", ("rank_correlation",), ranked),
    "deletion": Measure("Petsiuk et al. 2018", ("deletion",), deleted, ordered=True),
    "insertion": Measure("Petsiuk et al. 2018", ("insertion",), inserted, ordered=True),
}


def measured(case, measures):
    """{method or baseline: {figure: number}}"""
    values = {baselines.RANDOM: {}, baselines.CENTRE: {}, **{m: {} for m in case.maps}}
    for measure in (MEASURES[name] for name in measures):
        random = measure.chance(case) if measure.chance else measure.value(case.random, case)
        values[baselines.RANDOM] |= random
        values[baselines.CENTRE] |= measure.value(baselines.centre(case.size), case)
        done = []  # two methods may have the same map, as a gradient and its saliency map have
        for method, map in case.maps.items():
            same = next((value for known, value in done if np.array_equal(known, map)), None)
            value = random if measure.ordered and not map.any() else same or measure.value(map, case)
            done.append((map, value))
            values[method] |= value
    return values


def row(case, measures, failed):
    """What is kept of one picture: plain numbers, ready for JSON.  failed: methods that were not even tried, and why."""
    return {
        "number": case.number, "class": case.c, "area": round(float(case.truth.mean()), 6), "rank": case.rank,
        "values": {m: {f: round(v, 6) for f, v in figures.items()} for m, figures in measured(case, measures).items()},
        "zero": [m for m, map in case.maps.items() if not map.any()], "failed": {**failed, **case.failed},
    }  # fmt: skip
