"""Pictures with known truth, one at a time: photos with boxes from a file, or scenes of the shapes world with exact masks."""

import io
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from gradcam.image import crop_shown
from gradcam.measure.measures.localisation import box_around
from minicnn import Error

ORDER_SEED = 0  # photos come in this random order, so that the first few are of all classes


class DataError(Error, ValueError):
    """A file that cannot be measured on: the message says what it lacks."""


@dataclass
class Example:
    """A picture on the network's own grid: uint8 (H, W, 3); c: a class that it shows; truth (H, W) bool: where; boxes (B, 4), pixels."""

    picture: np.ndarray
    c: int
    truth: np.ndarray
    boxes: np.ndarray


class Photos:
    """Photos with boxes, from an npz file with

    images (N, H, W, 3) uint8, or jpeg (bytes, one file after the other) with offsets (N + 1,);
    labels (N,); boxes (B, 4) x0, y0, x1, y1 in pixels of the picture; box_image (B,): which picture a box belongs to;
    imagenet_index (labels,), if labels are not ImageNet's numbers and the network has ImageNet's classes.

    Photos are squashed to the side that the network takes.  A photo's truth is every pixel that one of its boxes touches.
    """

    def __init__(self, path, card):
        self.preprocessing, self.says = squash(card.preprocessing), Path(path).name
        try:
            with np.load(path, allow_pickle=False) as file:
                self.pictures = (
                    _Stack(file["images"])
                    if "images" in file
                    else _Jpegs(file["jpeg"].tobytes(), file["offsets"])
                )
                self.boxes, self.box_image = file["boxes"], file["box_image"]
                self.labels = _indices(file, card)
            if not len(self.pictures) == len(self.labels) > 0:
                raise DataError(f"it holds {len(self.pictures)} pictures, but {len(self.labels)} labels")
        except FileNotFoundError:
            raise DataError(f"{path}: there is no such file") from None
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
        except (OSError, KeyError, ValueError, EOFError):
            wanted = "an npz file with images (or jpeg and offsets), labels, boxes and box_image"
            raise DataError(f"{path}: this is not {wanted}") from None
        self.numbers = np.random.default_rng(ORDER_SEED).permutation(len(self.labels)).tolist()

    def __getitem__(self, number):
        picture, side = self.pictures[number], self.preprocessing.crop
        boxes = self.boxes[self.box_image == number] * np.tile(
            [side / picture.width, side / picture.height], 2
        )
        return Example(
            crop_shown(picture, self.preprocessing),
            int(self.labels[number]),
            touched(boxes, (side, side)),
            boxes,
        )


class Scenes:
    """Scenes that no training saw, of the shapes world's stream `test`; the truth of a scene is what can be seen of one of its shapes."""

    says = "scenes of the shapes world, stream test"

    def __init__(self, n, card):
        from weights.recipes import shapes_world as world

        self.world, self.classes = world, list(card.classes or ())
        if sorted(self.classes) != sorted(world.KINDS):
            raise DataError(
                f"{card.name} does not know the kinds of the shapes world, {', '.join(world.KINDS)}: give photos with --data"
            )
        self.numbers, self.preprocessing = list(range(n)), squash(card.preprocessing)

    def __getitem__(self, number):
        scene = self.world.scene(number, "test")
        chosen = scene.shapes[number % len(scene.shapes)]
        return Example(
            scene.picture, self.classes.index(chosen.kind), chosen.visible, box_around(chosen.visible)[None]
        )


def squash(preprocessing):
    """The same preparation of a whole picture: nothing is cut off, and one that has the right size already stays as it is."""
    return replace(preprocessing, resize="squash", size=preprocessing.crop)


def touched(boxes, size):
    """(H, W) bool: the pixels that a box covers, if only in part."""
    truth = np.zeros(size, bool)
    for x0, y0, x1, y1 in boxes:
        truth[math.floor(y0) : math.ceil(y1), math.floor(x0) : math.ceil(x1)] = True
    return truth


class _Stack:
    def __init__(self, images):
        self.images = images

    def __len__(self):
        return len(self.images)

    def __getitem__(self, number):
        return Image.fromarray(self.images[number])


class _Jpegs:
    def __init__(self, stream, offsets):
        self.stream, self.offsets = stream, offsets

    def __len__(self):
        return len(self.offsets) - 1

    def __getitem__(self, number):
        return Image.open(io.BytesIO(self.stream[self.offsets[number] : self.offsets[number + 1]])).convert(
            "RGB"
        )


def _indices(file, card):
    """The labels as numbers of the network's own classes."""
    labels = file["labels"].astype(int)
    if "imagenet_index" in file and card.classes and len(card.classes) == 1000:
        return file["imagenet_index"][labels]
    if card.classes and labels.max() >= len(card.classes):
        raise DataError(
            f"its labels go up to {labels.max()}, but {card.name} has {len(card.classes)} classes"
        )
    return labels
