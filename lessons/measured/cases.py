"""Pictures of which the truth is known, for what is measured here: scenes of the shapes
world, or photos with boxes.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

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


def measured(
    of: str, f: Callable[[Case], Any], given: list[Case], kept: Path | None
) -> list[Any]:
    """f of each picture, in their order.  With `kept`, each result is written there at
    once, a line of JSON under the title `of`, and what stands there is not done again:
    a run that was killed goes on where it was.
    """
    known = {}
    if kept and kept.exists():
        *lines, _ = kept.read_text("utf-8").split("\n")  # the last may be cut off
        rows = [json.loads(line) for line in lines]
        known = {row["n"]: row["found"] for row in rows if row["of"] == of}
        kept.write_text("".join(line + "\n" for line in lines), "utf-8")
    for n, case in enumerate(tqdm(given, desc=of)):
        if n in known:
            continue
        known[n] = f(case)
        if kept:
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"of": of, "n": n, "found": known[n]}) + "\n")
    return [known[n] for n in range(len(given))]


def command(usual: str, parser: ArgumentParser, args: Namespace) -> str:
    """A table's usual command, with the options that are not the usual ones; a file is
    called FILE, whatever its name.
    """
    words = [usual]
    if list(args.networks) != list(parser.get_default("networks")):
        names = (
            name.partition("=")[0] + "=FILE" * ("=" in name) for name in args.networks
        )
        words.append(" ".join(["--networks", *names]))
    if args.pictures != parser.get_default("pictures"):
        words.append(f"--pictures {args.pictures}")
    return " ".join(words)


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
        "--kept",
        type=Path,
        metavar="FILE",
        help="write each picture's result there; the same command goes on with it",
    )
    parser.add_argument(
        "--networks",
        nargs="*",
        default=networks,
        metavar="NAME[=FILE]",
        help=f"a name more is a row more; default: {' '.join(networks)}",
    )
