"""The objects in a photo, as its truth says them, and their masks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from gradcam.measure.errors import DataError

VOID = 255  # of a mask with a palette: belongs to nothing, as in Pascal VOC


@dataclass
class Objects:
    """What is said of one photo and one label.

    label: as it is written there, None: nothing is said; boxes: x0, y0, x1, y1 in pixels of the photo;
    polygons: corners (n, 2); mask: a file.  size: (width, height) of the photo that was annotated, if known.
    """

    label: str | None
    boxes: list[tuple[float, ...]] = field(default_factory=list)
    polygons: list[np.ndarray] = field(default_factory=list)
    mask: Path | None = None
    size: tuple[int, int] | None = None

    def masks(self, size: tuple[int, int]) -> list[np.ndarray]:
        """A mask (height, width) of 0 and 1 for each object, of a photo of this size, (width, height).

        DataError: it does not fit the photo.
        """
        if self.size not in (None, size):
            said = "{} x {}".format(*self.size)
            raise DataError(f"it is {size[0]} x {size[1]} pixels, and what was annotated was {said}")
        if self.mask is not None:
            return [mask_in(self.mask, size)]
        drawn = [_drawn(size, polygon) for polygon in self.polygons]
        return drawn + [_box(size, box) for box in self.boxes]


def mask_in(path: Path, size: tuple[int, int]) -> np.ndarray:
    """The mask in a picture of this size (width, height), 0 and 1: brighter than half of its brightest; of a
    picture with a palette, any colour but the first and VOID.
    """
    try:
        with Image.open(path) as image:
            if image.size != tuple(size):  # before it is decoded
                raise DataError(
                    f"its mask, {path}, is {image.width} x {image.height}, and not as large as it"
                )
            palette = image.mode == "P"
            values = np.asarray(image if palette or image.mode in ("1", "L") else image.convert("L"), float)
    except DataError:
        raise
    except Exception as error:  # Pillow's decoders raise whatever a damaged file drives them into
        raise DataError(f"its mask, {path}, cannot be read: {type(error).__name__}") from None
    return (values > 0) & (values != VOID) if palette else values > values.max() / 2


def _drawn(size, polygon):
    image = Image.new("1", size)
    ImageDraw.Draw(image).polygon([tuple(corner) for corner in polygon.tolist()], fill=1)
    return np.asarray(image)


def _box(size, box):
    """The pixels that a box touches."""
    x0, y0, x1, y1 = box
    mask = np.zeros(size[::-1], bool)
    mask[max(int(np.floor(y0)), 0) : int(np.ceil(y1)), max(int(np.floor(x0)), 0) : int(np.ceil(x1))] = True
    return mask
