"""A measure, or several, over many pictures: what `gradcam measure` and the table do."""

from __future__ import annotations

import copy
import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gradcam.image import prepare
from gradcam.measure.baselines import CENTRE, RANDOM, centre, random_point
from gradcam.measure.case import Case, unfit
from gradcam.measure.measures import MEASURES
from gradcam.measure.measures.deletion_insertion import STEPS, probability
from gradcam.measure.measures.sanity_check import ORDERS, randomised, similarity
from gradcam.measure.pictures.example import Pictures
from gradcam.measure.pictures.grids import PhotoGrids, SceneGrids
from gradcam.measure.pictures.scenes import Scenes
from gradcam.measure.study.collect import collect
from gradcam.measure.study.one_picture import row
from minicnn.convolution.fast.memory import keep_memory
from minicnn.layer import Layer

NOTHING = (np.zeros(1), np.zeros(1))  # in place of a map that could not be made


def over(
    net: Layer,
    data: Pictures,
    measures: Sequence[str],
    methods: Sequence[str],
    n: int | None = None,
    rows: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
    name: str | None = None,
) -> list[dict[str, Any]]:
    """Rows (see `one_picture.row`) of the first n pictures of `data`, one for each.

    measures: names; methods: names, "grad_cam@conv10" at a layer; rows: the file that keeps them.
    """
    net = from_the_score(net)
    numbers = data.numbers[:n]
    settings = {"measures": list(measures), "methods": list(methods), "steps": STEPS, **which(net, data)}
    known = [MEASURES[name] for name in measures]
    failed = unfit(net, data[numbers[0]], data.preprocessing, methods)
    possible = [m for m in methods if m not in failed]

    def one(number):
        return row(Case(net, data[number], data.preprocessing, number, possible), known, failed)

    keep_memory()
    return collect(rows, settings, numbers, one, workers, progress, name)


def grids(
    net: Layer,
    data: Pictures,
    n: int,
    rows: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> PhotoGrids | SceneGrids:
    """The grids for the grid pointing game, n of them, made of `data`."""
    if isinstance(data, Scenes):
        return SceneGrids(data, net, n)
    sure = certainty(net, data, rows, workers, progress)
    return PhotoGrids(data, net, sure, n)


def certainty(
    net: Layer,
    data: Pictures,
    rows: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> list[dict[str, Any]]:
    """[{"number", "class", "rank", "probability" of its class}] of every photo."""

    def one(number):
        example = data[number]
        x, c = prepare(example.picture, data.preprocessing), example.c
        y = net(x)[0]
        return {
            "number": number,
            "class": c,
            "rank": int((y > y[c]).sum()),
            "probability": float(probability(net, x, c)[0]),
        }

    return collect(
        rows, {"certainty": True, **which(net, data)}, data.numbers, one, workers, progress, "which it knows"
    )


def sanity(
    net: Layer,
    data: Pictures,
    methods: Sequence[str],
    n: int | None = None,
    rows: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
    name: str | None = None,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Rows {"number", "class", "values": {method: {order: [[signed, magnitude, ssim] for each layer]}},
    "zero": {method: maps}, "failed"}.

    The class is the one that the intact network scores highest.  zero: how many of the random networks' maps
    are.
    """
    net = from_the_score(net)
    failed = unfit(net, data[data.numbers[0]], data.preprocessing, methods)
    possible = [m for m in methods if m not in failed]
    networks = {order: randomised(net, order, seed) for order in ORDERS}
    settings = {"sanity check of": list(methods), "seed": seed, **which(net, data)}

    def one(number):
        example = data[number]
        example.c = int(net(prepare(example.picture, data.preprocessing))[0].argmax())

        def maps(net, k=0):
            """{method: (map as it is, what is drawn)}; k: which of the random points."""
            case = Case(net, example, data.preprocessing, number, possible, overlap=1)
            drawn = {
                RANDOM: random_point(case.size, [number, k]),
                CENTRE: centre(case.size),
            }
            return case, {m: (map, map) for m, map in drawn.items()} | {
                m: (case.raw[m], case.maps[m]) for m in case.maps
            }

        case, before = maps(net)
        empty = {m: "the intact network's map is zero" for m, (_, drawn) in before.items() if not drawn.any()}
        there = {m: map for m, map in before.items() if m not in empty}
        values, zero = {m: {order: [] for order in networks} for m in there}, dict.fromkeys(there, 0)
        for order, k in itertools.product(networks, range(len(networks[ORDERS[0]]))):
            _, after = maps(networks[order][k], k + 1)
            for m, map in there.items():
                same = similarity(map, after.get(m, NOTHING))
                values[m][order].append([round(v, 5) for v in same])
                zero[m] += not after.get(m, NOTHING)[1].any()
        return {
            "number": number,
            "class": example.c,
            "values": values,
            "zero": zero,
            "failed": {**failed, **case.failed, **empty},
        }

    keep_memory()
    return collect(rows, settings, data.numbers[:n], one, workers, progress, name)


def from_the_score(net: Layer) -> Layer:
    """The same network, whose deconvnet signal starts at the score, as every other method's does, unless a
    layer is named.
    """
    card = getattr(net, "card", None)
    net = copy.copy(net)
    net.card = replace(card, unit_layer=None) if card else None
    return net


def which(net: Layer, data: Pictures) -> dict[str, Any]:
    """What rows depend on besides the question: other weights, another default layer or other pictures would
    be other rows.
    """
    return {
        "weights": digest(net),
        "layer": getattr(getattr(net, "card", None), "layer", None),
        "data": data.digest,
    }


def digest(net: Layer) -> str:
    """A short name for exactly these weights."""
    sum = hashlib.sha256()
    for name, tensor in sorted(net.arrays().items()):
        sum.update(name.encode() + np.ascontiguousarray(tensor.data).tobytes())
    return sum.hexdigest()[:12]
