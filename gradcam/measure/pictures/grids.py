"""Grids of 2 x 2 pictures of four classes, for the grid pointing game (Böhle et al. 2021, sec. 4.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from gradcam.image import prepare
from gradcam.measure.errors import DataError
from gradcam.measure.measures.localisation import box_around
from gradcam.measure.pictures.example import Example, Pictures
from gradcam.measure.pictures.scenes import Scenes
from minicnn.layer import Layer
from weights import Preprocessing

CELLS = 2  # along a side
SUREST = 20  # photos of a class that may enter a grid
TRIES = 100


class PhotoGrids:
    """Grids of photos that the network recognises alone: one of the SUREST of each of four classes.  Grid n
    is always the same.

    rows: of `certainty`, for every photo.  The input is as large as the grid; a network that takes only one
    size gets smaller cells.
    """

    numbers: list[int]
    preprocessing: Preprocessing
    says: str
    digest: str
    side: int
    photos: Pictures
    classes: list[int]
    surest: dict[int, list[int]]

    def __init__(self, photos: Pictures, net: Layer, rows: list[dict[str, Any]], n: int) -> None:
        self.numbers, self.says = list(range(n)), f"grids of {photos.says}"
        self.digest = f"grids of {len(photos.numbers)} of {photos.digest}"
        self.photos, side = photos, photos.preprocessing.crop
        self.side = side if takes(net, CELLS * side) else side // CELLS
        self.preprocessing = _whole(photos.preprocessing, self.side)
        right = sorted((row for row in rows if row["rank"] == 0), key=lambda row: -row["probability"])
        self.classes = sorted({row["class"] for row in right})
        self.surest = {
            c: [row["number"] for row in right if row["class"] == c][:SUREST] for c in self.classes
        }
        if len(self.classes) < CELLS**2:
            raise DataError(
                f"a grid needs photos of {CELLS**2} classes that the network recognises; "
                f"it does so for {len(self.classes)}"
            )

    def __getitem__(self, n: int) -> Example:
        random = np.random.default_rng(n)
        chosen = random.permutation(self.classes)[: CELLS**2]
        photos = [self.photos[random.choice(self.surest[c])].picture for c in chosen]
        return grid([_shrunk(photo, self.side) for photo in photos], chosen, n % CELLS**2)


class SceneGrids:
    """Grids of shapes, each alone on its background and cut out of its scene: as large as one scene.

    Those are taken in which the network finds the kind that is asked for.
    """

    numbers: list[int]
    preprocessing: Preprocessing
    says: str = "grids of shapes"
    digest: str = says
    side: int
    scenes: Scenes
    net: Layer

    def __init__(self, scenes: Scenes, net: Layer, n: int) -> None:
        self.scenes, self.net, self.numbers = scenes, net, list(range(n))
        self.preprocessing, self.side = scenes.preprocessing, scenes.preprocessing.crop // CELLS

    def __getitem__(self, n: int) -> Example:
        for attempt in range(TRIES):
            example = self.drawn(n, attempt)
            if self.net(prepare(example.picture, self.preprocessing))[0, example.c] > 0:
                break
        return example

    def drawn(self, n: int, attempt: int) -> Example:
        """Grid n as it is drawn the first time, the second, ..."""
        random, classes, world = np.random.default_rng([n, attempt]), self.scenes.classes, self.scenes.world
        chosen = random.permutation(len(classes))[: CELLS**2]
        cells = []
        for c in chosen:
            scene = world.scene(
                int(random.integers(2**31)), "test", kinds=[classes[c]], size=(20, self.side - 4)
            )
            x, y = (
                int(np.clip(at - self.side / 2, 0, world.SIDE - self.side)) for at in scene.shapes[0].centre
            )
            cells.append(scene.picture[y : y + self.side, x : x + self.side])
        return grid(cells, chosen, n % CELLS**2)


def grid(cells: list[np.ndarray], classes: np.ndarray, asked: int) -> Example:
    """Pictures (side, side, 3), row by row, -> an Example of the class in cell number `asked`, whose truth is
    that cell.
    """
    rows = [np.concatenate(cells[i : i + CELLS], axis=1) for i in range(0, CELLS**2, CELLS)]
    picture, side = np.concatenate(rows), len(cells[0])
    truth = np.zeros(picture.shape[:2], bool)
    y, x = side * (asked // CELLS), side * (asked % CELLS)
    truth[y : y + side, x : x + side] = True
    return Example(picture, int(classes[asked]), truth, box_around(truth)[None])


def takes(net: Layer, side: int) -> bool:
    """Whether the network has scores for pictures of this side."""
    try:
        net(np.zeros((1, 3, side, side), np.float32))
    except ValueError:
        return False
    return True


def _whole(preprocessing, side):
    return replace(preprocessing, resize="squash", size=CELLS * side, crop=CELLS * side)


def _shrunk(photo, side):
    return (
        photo
        if len(photo) == side
        else np.asarray(Image.fromarray(photo).resize((side, side), Image.Resampling.BILINEAR))
    )
