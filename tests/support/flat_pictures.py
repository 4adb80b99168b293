"""Photos with flat areas, as people have them: on black (a scan), on white (a product), letterboxed; and
plain."""

import numpy as np
from PIL import Image

KINDS = ("plain", "on black", "on white", "letterboxed")


def picture(path, kind, size):
    """(size, size, 3) uint8; the photo's centre fills 60 % of the sides of a flat ground, or 9/16 of the
    height of a letterbox."""
    photo = Image.open(path).convert("RGB")
    if kind == "plain":
        return np.asarray(_filling(photo, size, size))
    width, height = (size, size * 9 // 16) if kind == "letterboxed" else (size * 6 // 10,) * 2
    ground = np.full((size, size, 3), 255 if kind == "on white" else 0, np.uint8)
    top, left = (size - height) // 2, (size - width) // 2
    ground[top : top + height, left : left + width] = np.asarray(_filling(photo, width, height))
    return ground


def _filling(photo, width, height):
    """The largest centre of this shape, resized."""
    scale = max(width / photo.width, height / photo.height)
    photo = photo.resize(
        [max(1, round(side * scale)) for side in photo.size], Image.Resampling.BILINEAR
    ).resize((max(width, round(photo.width * scale)), max(height, round(photo.height * scale))))
    left, top = (photo.width - width) // 2, (photo.height - height) // 2
    return photo.crop((left, top, left + width, top + height))
