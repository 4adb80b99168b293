"""Pictures of which the truth is known, for what is measured here: scenes of the shapes
world, or photos with boxes.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

import weights
from gradcam.image import prepare
from gradcam.measure import Photos
from gradcam.measure.statistics.intervals import interval
from lessons.scenes import scenes
from minicnn.layer import Layer

PHOTOS = "imagenette_loc_224_jpeg.npz"
NETWORKS = ("shapes", "mini_vgg", "squeezenet")


class Case(NamedTuple):
    """x (1, 3, H, W); classes: those that are asked for; truth: a mask (H, W) of bool
    for each object; boxes (B, 4) or None.
    """

    x: np.ndarray
    classes: list[int]
    truth: np.ndarray
    boxes: np.ndarray | None

    @property
    def touched(self) -> np.ndarray:
        """(H, W) bool: every pixel of any object."""
        return self.truth.any(axis=0)


def cases(
    net: Layer, data: Path | None, n: int, shapes: int = 2, first: int = 1300
) -> Iterator[Case]:
    """n pictures for `net`: scenes for the network shapes; for any other, the first n
    of the 500 photos, in the order of Photos, whose boxes cover less than a half.

    The classes of a photo: its own and, of all others, the one with the highest score.
    """
    if net.card.name == "shapes":
        _, x, classes, masks = scenes(n, first=first, shapes=shapes)
        for k in range(n):
            yield Case(x[k : k + 1], classes[k].tolist(), masks[k], None)
        return
    photos, found = Photos(data / PHOTOS, net.card), 0
    for number in photos.numbers:
        if found == n:
            return
        example = photos[number]
        if example.truth.mean() < 0.5:
            x, found = prepare(example.picture, photos.preprocessing), found + 1
            rival = next(c for c in np.argsort(-net(x)[0]).tolist() if c != example.c)
            yield Case(x, [example.c, rival], example.truth[None], example.boxes)


def opened(given: str) -> tuple[str, Layer]:
    """NAME, or NAME=FILE where the weights do not ship -> name, network"""
    name, _, file = given.partition("=")
    return name, weights.load(name, file or None)


def said(values: list, form: str = "{:.2f}") -> str:
    """Values, one for each picture -> their mean and its 95 % interval, in words."""
    mean, low, high = (form.format(value) for value in interval(values))
    return f"{mean} ({low} to {high})"


def arguments(
    parser: ArgumentParser, n: int = 60, networks: tuple[str, ...] = NETWORKS
) -> None:
    """The options that every table has."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help=f"where {PHOTOS} lies (photos with boxes; not needed for shapes)",
    )
    parser.add_argument(
        "--pictures", type=int, default=n, metavar="N", help=f"default: {n}"
    )
    parser.add_argument(
        "--networks",
        nargs="+",
        default=networks,
        metavar="NAME[=FILE]",
        help=f"a name more is a row more; default: {' '.join(networks)}",
    )
