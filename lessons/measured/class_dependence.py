"""How alike the maps of two classes of one picture are: does a method know the class?

    python -m lessons.measured.class_dependence --data FOLDER [--networks shapes ...]
        vgg16_gap=FILE: VGG-16's published convolutions, with the last layer that ships

The one statistic of lessons 13, 15 and 16: Spearman's rank correlation of |M|, the sum
of the magnitudes of the colours, for two classes (1: the same map), on the objects and
over the whole picture.  Pearson's correlation stands beside it, since it is what
figures look like.  Stored beside this file as class_dependence.txt.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import weights
from gradcam import grad_cam, gradient, guided_backprop, upsample
from gradcam.measure import spearman
from gradcam.methods.guided_grad_cam import localise
from lessons.measured.cases import (
    Case,
    arguments,
    cases,
    command,
    measured,
    opened,
    said,
)
from minicnn import Tensor, find
from minicnn.layer import Layer

COMMAND = "python -m lessons.measured.class_dependence --data FOLDER"
METHODS = ("gradient", "guided backprop", "Grad-CAM", "Guided Grad-CAM")


def magnitudes(net: Layer, x: np.ndarray, c: int) -> dict[str, np.ndarray]:
    """x (1, 3, H, W) -> {method: |M| (H, W)} for class c"""
    x = Tensor(x, "x")
    y = net(x)
    guided, L = guided_backprop(y, c, x), grad_cam(y, c, find(y, net.card.layer))
    maps = gradient(y, c, x), guided, L[:, None], localise(guided, L)
    size = x.shape[2:]
    return {
        name: np.abs(upsample(M[0], size)).sum(axis=0) for name, M in zip(METHODS, maps)
    }


def alike(a: np.ndarray, b: np.ndarray, on: np.ndarray) -> tuple[float, ...]:
    """Maps a, b (H, W) of two classes, objects (H, W) of bool -> rank correlation on
    the objects and over everything, Pearson's on the objects and over everything; 0
    where a map is zero.
    """
    if not (a[on].any() and b[on].any()):
        return 0.0, 0.0, 0.0, 0.0
    pearson = [
        np.corrcoef(p.ravel(), q.ravel())[0, 1] for p, q in ((a[on], b[on]), (a, b))
    ]
    return spearman(a[on], b[on]), spearman(a, b), *pearson


def rows(name: str, net: Layer, given: list[Case], kept: Path | None) -> Iterator[str]:
    """Lines of the table, one for each method."""

    def both(case: Case) -> dict[str, tuple[float, ...]]:
        first, second = (magnitudes(net, case.x, c) for c in case.classes)
        return {m: alike(first[m], second[m], case.touched) for m in METHODS}

    found = measured(name, both, given, kept)
    for method in METHODS:
        on, over, *pearson = zip(*(each[method] for each in found))
        yield (
            f"{name:18} {method:15} {said(on):>21} {said(over):>21}"
            f" {np.mean(pearson[0]):5.2f} {np.mean(pearson[1]):5.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments(parser)
    args = parser.parse_args()
    print(f"run by: {command(COMMAND, parser, args)}")
    print(
        f"{args.pictures} pictures; means and 95 % intervals of the correlation of the "
        "maps of two classes"
    )
    print(
        f"{'':34} {'rank, on the objects':>21} {'rank, everywhere':>21} Pearson, both"
    )
    for each in args.networks:
        name, net = opened(each)
        given = list(cases(net, args.data, args.pictures))
        blank = weights.build(name).initialise(1)
        blank.card = net.card
        for title, of in ((name, net), (f"{name}, random", blank)):
            print("\n".join(rows(title, of, given, args.kept)), flush=True)


if __name__ == "__main__":
    main()
