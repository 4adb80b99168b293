"""A picture to the network's input, and back.

`crop_shown` cuts out the pixels that the network will see; `prepare` makes its input of them, with the
channel order, scale, mean and deviation that the network was trained with; `restore` undoes that.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from PIL import Image

from gradcam.image.decoding import ImageError
from minicnn import Error

LONGEST = 20  # times as long as wide: of anything longer only the middle is looked at
ORDERS = {
    "RGB": [0, 1, 2],
    "BGR": [2, 1, 0],
    "L": [0],
}  # which of red, green and blue a network's channels are; L: grey


class PictureTypeError(Error, TypeError):
    """Something that is no picture: its file's name, say."""


def prepare(image: Any, preprocessing: Any, dtype: Any = np.float32) -> np.ndarray:
    """The network's input -> (1, C, rows, columns): `as_input` of what `crop_shown` cuts out.

    image: PIL image, or uint8 array (H, W, 3), RGB; preprocessing: a network's `net.card.preprocessing`.
    """
    return as_input(crop_shown(image, preprocessing), preprocessing, dtype)


def crop_shown(image: Any, preprocessing: Any) -> np.ndarray:
    """Exactly the pixels that the network sees: resized and cropped -> uint8 (rows, columns, 3), RGB; all
    equal if it sees greys.

    image: PIL image, or uint8 array (H, W, 3) or (H, W).  The long side becomes
    round(size * long / short), and the crop starts at half of what is left over, rounded down; so does the
    photo in a letterbox.
    """
    if isinstance(image, (str, os.PathLike)):
        raise PictureTypeError(f"this is a name, not a picture: prepare(read({str(image)!r}), ...)")
    if not isinstance(image, Image.Image):
        image = Image.fromarray(np.asarray(image, np.uint8))
    ground = Image.new("RGB", (1, 1), tuple(preprocessing.fill))
    mode = "L" if preprocessing.channels == "L" else "RGB"
    placed = _placed(image.convert(mode), preprocessing, ground.convert(mode).getpixel((0, 0)))
    return np.asarray(placed.convert("RGB"))


def crop_values(values: np.ndarray, preprocessing: Any) -> np.ndarray:
    """A map or a mask as large as a photo, brought to what the network sees of that photo, as its pixels are.

    values (H, W) or (C, H, W), numbers -> (..., rows, columns) float32; 0 where a letterbox shows no photo.
    """
    if values.ndim == 3:
        return np.stack([crop_values(v, preprocessing) for v in values])
    return np.asarray(_placed(Image.fromarray(values.astype(np.float32)), preprocessing, 0.0))


def as_input(pixels: np.ndarray, preprocessing: Any, dtype: Any = np.float32) -> np.ndarray:
    """x = (scale * pixel / 255 - mean) / std, channels in the network's order.

    pixels: RGB of the network's own size, uint8 (rows, columns, 3) -> (1, C, rows, columns).
    """
    pixels = pixels[..., _order(preprocessing)].astype(dtype)
    mean, std = (np.asarray(v, dtype) for v in (preprocessing.mean, preprocessing.std))
    x = (pixels * dtype(preprocessing.scale / 255) - mean) / std
    return np.ascontiguousarray(x.transpose(2, 0, 1)[None])


def restore(x: np.ndarray, preprocessing: Any) -> np.ndarray:
    """The photo in a network's input, the inverse of `prepare`: (..., C, H, W)
    -> uint8 (..., H, W, 3), RGB.
    """
    mean, std = (np.asarray(v, np.float64) for v in (preprocessing.mean, preprocessing.std))
    pixels = (np.moveaxis(np.asarray(x, np.float64), -3, -1) * std + mean) * (255 / preprocessing.scale)
    order = _order(preprocessing)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)[..., order if len(order) == 3 else [0, 0, 0]]


def _placed(image, preprocessing, ground):
    """Resized and cropped -> PIL image of the same mode.  ground: what is around the photo in a letterbox."""
    size, (rows, columns) = preprocessing.size, preprocessing.sides
    image = _middle(image)
    if preprocessing.resize == "letterbox":
        return _letterbox(image, preprocessing, ground)
    if size < min(rows, columns):
        raise ImageError(f"a crop of {min(rows, columns)} pixels does not fit a picture resized to {size}")
    new = brought_to(image.size, preprocessing)
    image = image.resize(new, Image.Resampling[preprocessing.interpolation.upper()])
    left, top = ((side - crop) // 2 for side, crop in zip(new, (columns, rows)))
    return image.crop((left, top, left + columns, top + rows))


def brought_to(photo: tuple[int, int], preprocessing: Any) -> tuple[int, int]:
    """(width, height) that a photo has before it is cropped.  photo: its own."""
    size, (rows, columns) = preprocessing.size, preprocessing.sides
    if preprocessing.resize == "short":
        return _covering(photo, size, rows, columns)
    if preprocessing.resize == "squash":
        width, height = (round(size * side / min(rows, columns)) for side in (columns, rows))
        return width, height
    raise ImageError(f"resize is 'short', 'squash' or 'letterbox', not '{preprocessing.resize}'")


def _covering(photo, size, rows, columns):
    """(width, height) of a photo, its shape kept: its shorter side is `size` or, where the input is not
    square, it covers the input, enlarged so that that one's shorter side is `size`.
    """
    if rows == columns:
        return tuple(round(size * side / min(photo)) for side in photo)
    scale = size / min(rows, columns) * max(columns / photo[0], rows / photo[1])
    return tuple(round(scale * length) for length in photo)


def _letterbox(image, preprocessing, ground):
    """The whole photo in the middle of a ground of one colour -> PIL image (rows, columns)"""
    rows, columns = preprocessing.sides
    scale = min(columns / image.width, rows / image.height)
    new = tuple(max(1, round(scale * side)) for side in image.size)
    whole = Image.new(image.mode, (columns, rows), ground)
    image = image.resize(new, Image.Resampling[preprocessing.interpolation.upper()])
    whole.paste(image, ((columns - new[0]) // 2, (rows - new[1]) // 2))
    return whole


def _middle(image):
    """The middle of a picture that is so long that resizing all of it would cost gigabytes."""
    width, height = image.size
    longest = LONGEST * min(image.size)
    if max(image.size) <= longest:
        return image
    shown = min(width, longest), min(height, longest)
    left, top = (width - shown[0]) // 2, (height - shown[1]) // 2
    return image.crop((left, top, left + shown[0], top + shown[1]))


def _order(preprocessing):
    if preprocessing.channels not in ORDERS:
        raise ImageError(f"channels are 'RGB', 'BGR' or 'L' (grey), not '{preprocessing.channels}'")
    return ORDERS[preprocessing.channels]
