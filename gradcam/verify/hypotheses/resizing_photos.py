"""Ways to bring a photo to the network's size: other geometry, other filters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from gradcam.image import prepare
from gradcam.verify.reference.resizing import as_opencv, bilinear

FILTERS = (
    "nearest",
    "bilinear",
    "bicubic",
    "lanczos",
    "box",
)  # PIL's, which average over the old pixels where a picture shrinks


def resized_otherwise(photo: Any) -> Any:
    """{detail: input (1, C, crop, crop)} for (picture, preprocessing), without the right one; computed when
    called.
    """
    picture, meant = photo
    crop = meant.crop
    squashed = replace(meant, resize="squash", size=crop)
    geometries = {
        "squashed, no crop": squashed,
        "squashed, then cropped": replace(meant, resize="squash"),
        "short side to the crop": replace(meant, resize="short", size=crop),
        "short side to 256": replace(meant, resize="short", size=max(256, crop)),
    }
    found = {
        name: lambda p=p: prepare(picture, p, np.float64) for name, p in geometries.items() if p != meant
    }
    for name, p in {"": meant, "squashed, no crop, ": squashed}.items():
        for how in FILTERS:
            other = replace(p, interpolation=how)
            if other not in (meant, *geometries.values()):
                found[f"{name}by {how}"] = lambda other=other: prepare(picture, other, np.float64)
        for how, resize in COARSE.items():
            found[f"{name}{how}"] = lambda p=p, resize=resize: resized(picture, p, resize)
    return found


def resized(picture: Any, p: Any, resize: Any) -> Any:
    """`prepare` with another way to resize: resize(pixels (H, W, 3), (h, w)) -> pixels, as floats where the
    way has them.
    """
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(np.asarray(picture, np.uint8))
    pixels = np.asarray(image.convert("L" if p.channels == "L" else "RGB").convert("RGB"))
    sides = pixels.shape[:2]
    new = [round(p.size * side / min(sides)) for side in sides] if p.resize == "short" else [p.size, p.size]
    top, left = ((side - p.crop) // 2 for side in new)
    values = resize(pixels, new)[
        top : top + p.crop, left : left + p.crop, {"BGR": [2, 1, 0], "RGB": [0, 1, 2], "L": [0]}[p.channels]
    ]
    return ((values * (p.scale / 255) - np.asarray(p.mean)) / np.asarray(p.std)).transpose(2, 0, 1)[None]


def in_floats(pixels: np.ndarray, size: Any) -> Any:
    """Bilinear between the four nearest old pixels, however far the new ones lie apart."""
    rows, columns = (bilinear(n, N) for n, N in zip(pixels.shape, size))
    return np.einsum("ij,jkc,lk->ilc", rows, pixels.astype(np.float64), columns, optimize=True)


COARSE = {  # {name: f(pixels, (h, w))
    "bilinear without antialiasing, in floats (PyTorch)": in_floats,
    "bilinear without antialiasing, in bytes (PyTorch)": lambda pixels, size: np.rint(
        in_floats(pixels, size)
    ),
    "bilinear without antialiasing (OpenCV)": as_opencv,
}
