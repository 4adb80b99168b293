"""Photos with boxes, from a file."""

from __future__ import annotations

import io
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from gradcam.image import crop_shown
from gradcam.measure.checked import checked_boxes
from gradcam.measure.errors import DataError, MeasureError
from gradcam.measure.pictures.archive import arrays
from gradcam.measure.pictures.example import Example, squash
from weights import Preprocessing

ORDER_SEED = 0  # photos come in this random order, so that the first few are of all classes
FORMATS = ("JPEG", "PNG", "WEBP")  # of pictures inside the file
WANTED = "an npz file with images (or jpeg and offsets), labels, boxes and box_image"


class Photos:
    """Photos with boxes, from an npz file with

    images (N, H, W, 3) uint8, or jpeg (bytes, one file after the other) with offsets (N + 1,);
    labels (N,); boxes (B, 4) x0, y0, x1, y1 in pixels of the picture; box_image (B,): which picture a box
    belongs to; imagenet_index (labels,), if labels are not ImageNet's numbers and the network has ImageNet's
    classes.

    Photos are squashed to the side that the network takes.  A photo's truth is every pixel that one of its
    boxes touches; what lies outside the picture is cut off.  card: the network's, `net.card`.  DataError for
    a file that is damaged, or does not agree with itself.
    """

    numbers: list[int]
    preprocessing: Preprocessing
    says: str
    digest: str
    labels: np.ndarray
    boxes: np.ndarray
    box_image: np.ndarray

    def __init__(self, path: str | os.PathLike[str], card: Any) -> None:
        self._path, self.says = path, Path(path).name
        self.preprocessing = squash(card.preprocessing)
        found, self.digest = arrays(
            path, WANTED, ("labels", "boxes", "box_image"), ("images", "jpeg", "offsets", "imagenet_index")
        )
        try:
            self._pictures = _pictures(found)
            if not len(self._pictures) == len(found["labels"]) > 0:
                raise DataError(f"it holds {len(self._pictures)} pictures, but {len(found['labels'])} labels")
            self.labels = _classes(found, card)
            self.boxes, self.box_image = _boxes(found, len(self._pictures))
        except (DataError, MeasureError) as error:
            raise DataError(f"{path}: {error}") from None
        self.numbers = np.random.default_rng(ORDER_SEED).permutation(len(self.labels)).tolist()

    def __getitem__(self, number: int) -> Example:
        try:
            picture = self._pictures[number]
            side = self.preprocessing.crop
            boxes = self.boxes[self.box_image == number] * np.tile(
                [side / picture.width, side / picture.height], 2
            )
            boxes = clipped(boxes, (side, side))
        except DataError as error:
            raise DataError(f"{self._path}: picture {number}: {error}") from None
        return Example(
            crop_shown(picture, self.preprocessing),
            int(self.labels[number]),
            touched(boxes, (side, side)),
            boxes,
        )


def clipped(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Boxes (B, 4) without what lies outside a picture of size (H, W).

    DataError for one of which nothing is left.
    """
    inside = np.clip(boxes, 0, np.tile(size[::-1], 2))
    if not (inside[:, :2] < inside[:, 2:]).all():
        raise DataError("one of its boxes lies outside the picture")
    return inside


def touched(boxes: ArrayLike, size: tuple[int, int]) -> np.ndarray:
    """(H, W) bool: the pixels that a box inside the picture covers, if only in part."""
    truth = np.zeros(size, bool)
    for x0, y0, x1, y1 in np.asarray(boxes):
        truth[math.floor(y0) : math.ceil(y1), math.floor(x0) : math.ceil(x1)] = True
    return truth


class _Stack:
    def __init__(self, images):
        if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
            raise DataError(f"images are (N, H, W, 3), uint8; these are {images.shape}, {images.dtype}")
        self.images = images

    def __len__(self):
        return len(self.images)

    def __getitem__(self, number):
        return Image.fromarray(self.images[number])


class _Encoded:
    def __init__(self, stream, offsets):
        if (
            stream.dtype != np.uint8
            or stream.ndim != 1
            or offsets.ndim != 1
            or offsets.dtype.kind not in "iu"
        ):
            raise DataError("jpeg holds bytes, and offsets where each picture begins")
        offsets = offsets.astype(np.int64)
        if len(offsets) < 2 or offsets[0] < 0 or offsets[-1] > len(stream) or (np.diff(offsets) <= 0).any():
            raise DataError(f"offsets do not cut the {len(stream)} bytes of jpeg into pictures")
        self.stream, self.offsets = stream, offsets

    def __len__(self):
        return len(self.offsets) - 1

    def __getitem__(self, number):
        start, stop = self.offsets[number : number + 2]
        try:
            return Image.open(io.BytesIO(self.stream[start:stop].tobytes()), formats=FORMATS).convert("RGB")
        except Exception as error:  # Pillow's decoders raise whatever a damaged file drives them into
            raise DataError(f"it is damaged: {type(error).__name__}") from error


def _pictures(found):
    if "images" in found:
        return _Stack(found["images"])
    if "jpeg" not in found or "offsets" not in found:
        raise DataError(f"this is not {WANTED}")
    return _Encoded(found["jpeg"], found["offsets"])


def _boxes(found, pictures):
    """Boxes, and the picture of each; every picture has one."""
    boxes, owner = checked_boxes(found["boxes"]), whole_numbers(found["box_image"], "box_image", pictures)
    if len(boxes) != len(owner):
        raise DataError(f"it holds {len(boxes)} boxes, but {len(owner)} numbers of pictures in box_image")
    if bare := sorted(set(range(pictures)) - set(owner.tolist())):
        raise DataError(f"{len(bare)} of its {pictures} pictures have no box; the first is number {bare[0]}")
    return boxes, owner


def _classes(found, card):
    """The labels as numbers of the network's own classes."""
    count = len(card.classes) if card.classes else None
    index = found.get("imagenet_index")
    if index is None or count != 1000:
        return whole_numbers(found["labels"], "labels", count, f"{card.name} has {count} classes")
    index = whole_numbers(index, "imagenet_index", count)
    return index[whole_numbers(found["labels"], "labels", len(index))]


def whole_numbers(
    array: np.ndarray, name: str, below: int | None = None, why: str | None = None
) -> np.ndarray:
    """A row of numbers from 0 to below - 1, as int.  DataError otherwise."""
    if array.ndim != 1 or not (
        array.dtype.kind in "iu" or (array.dtype.kind == "f" and (array % 1 == 0).all())
    ):
        raise DataError(
            f"{name} are whole numbers, one after the other; these are {array.shape}, {array.dtype}"
        )
    numbers = array.astype(np.int64)
    if len(numbers) and numbers.min() < 0:
        raise DataError(f"its {name} go down to {numbers.min()}, but they count from 0")
    if len(numbers) and below is not None and numbers.max() >= below:
        raise DataError(
            f"its {name} go up to {numbers.max()}, but {why or f'there are {below} of them, from 0'}"
        )
    return numbers
