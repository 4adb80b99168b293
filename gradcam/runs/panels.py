"""The panel of one photo among many: what the network saw and its maps, side by side, without words, which
the contact sheet writes around it.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from gradcam.runs.layout import GAP, PANELS, SIDE
from gradcam.show import tiles


def name_of(number: int) -> str:
    """The file of a photo's panel, in the folder of the run."""
    return f"{PANELS}/{number + 1:06d}.jpg"


def strips(e: Any, photo: np.ndarray) -> bytes:
    """A JPEG file: a strip for each class, of the photo (H, W, 3) and then of each method."""
    drawn = [[_small(tile.picture) for tile in tiles.row(e, c, photo, e.card)] for c in e.classes]
    height, width = drawn[0][0].shape[:2]
    page = np.full((len(drawn) * (height + GAP) - GAP, len(drawn[0]) * (width + GAP) - GAP, 3), 255, np.uint8)
    for i, row in enumerate(drawn):
        for k, picture in enumerate(row):
            top, left = i * (height + GAP), k * (width + GAP)
            page[top : top + height, left : left + width] = picture
    file = io.BytesIO()
    Image.fromarray(page).save(file, "JPEG", quality=88)
    return file.getvalue()


def _small(picture):
    pixels = picture if picture.dtype == np.uint8 else np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    height, width = pixels.shape[:2]
    size = SIDE, max(1, round(SIDE * height / width))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
