"""The ablations of Grad-CAM's paper, again: how often the box around the map's largest
segment misses the object's box.

    python -m lessons.measured.final_relu --data FOLDER [--networks shapes ...]
        vgg16_gap=FILE: VGG-16's published convolutions, with the last layer that ships

Localisation as in Selvaraju et al. 2017, sec. 4.1: cut at 15 % of the maximum, box
around the largest segment, an error where the intersection over union is below a half.
Prints the table that lesson 12 quotes; stored beside this file as final_relu.txt.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gradcam import BACKPROP, DECONVNET, GUIDED, upsample
from gradcam.measure import localisation
from lessons.measured.cases import (
    Case,
    arguments,
    cases,
    command,
    measured,
    opened,
    said,
)
from minicnn import ReLU, Tensor, backward, find, history, one_hot
from minicnn.layer import Layer

COMMAND = "python -m lessons.measured.final_relu --data FOLDER"


def mean(g: np.ndarray) -> np.ndarray:
    return g.mean(axis=(-2, -1), keepdims=True)


def stretched(L: np.ndarray) -> np.ndarray:
    return (L - L.min()) / (L.max() - L.min())


def relu(L: np.ndarray) -> np.ndarray:
    return np.maximum(L, 0)


# name: (rules of the backward pass, alpha of the gradient, what is done with the sum)
WAYS: dict[str, tuple[Any, Callable, Callable]] = {
    "Grad-CAM": (BACKPROP, mean, relu),
    "no ReLU, cut at 15 % of the maximum": (BACKPROP, mean, lambda L: L),
    "no ReLU, stretched to 0 to 1": (BACKPROP, mean, stretched),
    "no ReLU, magnitude": (BACKPROP, mean, np.abs),
    "absolute gradients": (BACKPROP, lambda g: mean(np.abs(g)), relu),
    "largest gradient instead of their mean": (
        BACKPROP,
        lambda g: g.max(axis=(-2, -1), keepdims=True),
        relu,
    ),
    "deconvnet's ReLU in the backward pass": (DECONVNET, mean, relu),
    "guided backprop's ReLU": (GUIDED, mean, relu),
}


def errors(net: Layer, case: Case) -> Iterator[tuple[str, float, float]]:
    """-> (way, 1 if the box is missed, the share of the sum that is below 0)"""
    y = net(Tensor(case.x, "x"))
    c, A, size = case.classes[0], find(y, net.card.layer), case.x.shape[2:]
    above = {*history(y)} - {*history(A)}
    gates = any(isinstance(t.op, ReLU) for t in above)
    for way, (rules, alpha, treat) in WAYS.items():
        if rules != BACKPROP and not gates:  # the rule has no ReLU to act on
            continue
        g = backward(y, one_hot(y, c), wrt=A, rules=rules)
        L = upsample((alpha(g) * A.data).sum(axis=1), size)[0]
        M = np.maximum(treat(L), 0)  # a cut at 15 % of the maximum sees nothing below 0
        missed = localisation(M, boxes(case)) < 0.5
        yield way, float(missed), float((L < 0).mean())


def boxes(case: Case) -> np.ndarray:
    """Its boxes; of a scene, the one around the first shape."""
    if case.boxes is not None:
        return case.boxes
    (y0, *_, y1), (x0, *_, x1) = (
        np.flatnonzero(case.truth[0].any(axis=axis)) for axis in (1, 0)
    )
    return np.array([[x0, y0, x1 + 1, y1 + 1]], float)


def rows(net: Layer, given: list[Case], kept: Path | None) -> Iterator[str]:
    found = {way: [] for way in WAYS}
    for each in measured(net.card.name, lambda of: list(errors(net, of)), given, kept):
        for way, *values in each:
            found[way].append(values)
    for way, values in found.items():
        if not values:
            yield f"{way:39} (no ReLU above {net.card.layer})"
            continue
        missed, below = zip(*values)
        yield f"{way:39} {said(missed, '{:.0%}'):>18} {np.mean(below):18.0%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments(parser, 100, ("shapes", "mini_vgg"))
    args = parser.parse_args()
    print(f"run by: {command(COMMAND, parser, args)}")
    for each in args.networks:
        name, net = opened(each)
        given = list(cases(net, args.data, args.pictures, first=1200))
        print(f"{name}, {len(given)} pictures{'':20} box missed    of the sum below 0")
        print("\n".join(rows(net, given, args.kept)), flush=True)


if __name__ == "__main__":
    main()
