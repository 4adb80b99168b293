"""Which maps notice that the network was randomised, and which are like the edges of
the bare picture, on 60 scenes or photos, with intervals.

    python -m lessons.measured.sanity_checks [--pictures 60]
    python -m lessons.measured.sanity_checks --data FOLDER --networks squeezenet
        vgg16_gap=FILE: VGG-16's published convolutions, with the last layer that ships

Three draws of random weights, a third of the pictures each.  Prints the tables that
lesson 15 quotes; stored beside this file as sanity_checks.txt; those of SqueezeNet, of
20 photos: tests/results/sanity_checks_squeezenet.txt.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from gradcam import DECONVNET, GUIDED, grad_cam, upsample
from gradcam.measure import layers_with_weights, randomised, spearman
from lessons.measured.cases import (
    Case,
    arguments,
    cases,
    command,
    measured,
    opened,
    said,
)
from minicnn import Tensor, backward, find, one_hot
from minicnn.layer import Layer

COMMAND = "python -m lessons.measured.sanity_checks"
SHOWN = (0, 3, -2, -1)  # of the cascade: the last layer, four, all but one, all
DRAWS = 3


def edges(p: np.ndarray) -> np.ndarray:
    """p (3, H, W) -> the size of the picture's own slope (H, W)"""
    return np.hypot(*np.gradient(p, axis=(1, 2))).sum(axis=0)


def maps(net: Layer, layer: str, p: np.ndarray, c: int) -> dict[str, np.ndarray]:
    """p (1, 3, H, W); layer: Grad-CAM's -> {method: |M| (H, W)}"""
    x = Tensor(p, "x")
    y = net(x)
    three = backward(y, one_hot(y, c), wrt=x, rules=[{}, DECONVNET, GUIDED])
    names = "gradient", "deconvnet", "guided backprop"
    fine = dict(zip(names, three)) | {"input x gradient": p * three[0]}
    large = upsample(grad_cam(y, c, find(y, layer))[0], p.shape[2:])
    return {name: abs(g[0]).sum(axis=0) for name, g in fine.items()} | {
        "Grad-CAM": large
    }


def compared(net: Layer) -> Callable[[tuple[int, Case]], dict[str, Any]]:
    """-> f((draw, case)): {method: [alike, like]}, the rank correlations of |M| with
    the trained network's at each of SHOWN, and those with the picture's edges, of the
    trained network and of the one that is random but for its first layer.
    """
    layer = net.card.layer

    @cache
    def drawn(seed: int) -> list[Layer]:
        cascade = randomised(net, "cascading", seed)
        return [cascade[k] for k in SHOWN]

    def one(given: tuple[int, Case]) -> dict[str, Any]:
        seed, (p, (c, *_), *_) = given
        slope, trained = edges(p[0]), maps(net, layer, p, c)
        random = [maps(each, layer, p, c) for each in drawn(seed)]
        return {
            name: [
                [float(spearman(each[name], M)) for each in random],
                [float(spearman(of[name], slope)) for of in (trained, random[2])],
            ]
            for name, M in trained.items()
        }

    return one


def table(net: Layer, found: list[dict[str, Any]], pictures: str) -> None:
    """Print both tables of one network."""
    layers = layers_with_weights(net)
    upto = [layers[k] for k in SHOWN]
    print(f"{pictures}, {DRAWS} draws; rank correlation of |M|, 95 %")
    print(f"{'random down to':17}", *(f"{name:>20}" for name in upto))
    for name in found[0]:
        alike = zip(*(one[name][0] for one in found))
        print(f"{name:17}", *(f"{said(each):>20}" for each in alike))
    print("\nwith the edges of the bare picture")
    head = "trained", f"random but {layers[-1]}", "difference"
    print(f"{'':17}", *(f"{words:>20}" for words in head))
    for name in found[0]:
        trained, random = np.array([one[name][1] for one in found]).T
        three = said(trained), said(random), said(random - trained)
        print(
            f"{name:17}",
            *(f"{each:>20}" for each in three),
            f" larger in {(random > trained).sum()} of {len(found)}",
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments(parser, networks=("shapes",))
    args = parser.parse_args()
    given = f"{COMMAND} --data FOLDER" if args.data else COMMAND
    print(f"run by: {command(given, parser, args)}")
    for name, net in map(opened, args.networks):
        some = list(cases(net, args.data, args.pictures, shapes=1, first=1500))
        by_draw = [(k, each) for k in range(DRAWS) for each in some[k::DRAWS]]
        found = measured(name, compared(net), by_draw, args.kept)
        kind = "scenes" if name == "shapes" else f"photos, {name}"
        table(net, found, f"{len(found)} {kind}")


if __name__ == "__main__":
    main()
