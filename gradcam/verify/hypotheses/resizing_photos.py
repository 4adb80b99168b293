"""Ways to bring a photo to the network's size: other geometry, other filters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from gradcam.image import prepare
from gradcam.image.preprocessing import ORDERS, brought_to
from gradcam.verify.reference.resizing import as_opencv, bilinear, places

FILTERS = (
    "nearest",
    "bilinear",
    "bicubic",
    "lanczos",
    "box",
)  # PIL's, which average over the old pixels where a picture shrinks


def resized_otherwise(photo: Any) -> Any:
    """{detail: input (1, C, rows, columns)} for (picture, preprocessing), without the right one; computed
    when called.
    """
    picture, meant = photo
    side = min(meant.sides)
    squashed = replace(meant, resize="squash", size=side)
    geometries = {
        "squashed, no crop": squashed,
        "squashed, then cropped": replace(meant, resize="squash"),
        "short side to the crop": replace(meant, resize="short", size=side),
        "short side to 256": replace(meant, resize="short", size=max(256, side)),
    }
    if meant.resize == "letterbox":  # whose size is the crop's
        del geometries["squashed, then cropped"]
    found = {
        name: lambda p=p: prepare(picture, p, np.float64) for name, p in geometries.items() if p != meant
    }
    for name, p in {"": meant, "squashed, no crop, ": squashed}.items():
        for how in FILTERS:
            other = replace(p, interpolation=how)
            if other not in (meant, *geometries.values()):
                found[f"{name}by {how}"] = lambda other=other: prepare(picture, other, np.float64)
        for how, resize in COARSE.items() if p.resize != "letterbox" else ():
            found[f"{name}{how}"] = lambda p=p, resize=resize: resized(picture, p, resize)
    return found


def resized(picture: Any, p: Any, resize: Any) -> Any:
    """`prepare` with another way to resize: resize(pixels (H, W, 3), (h, w)) -> pixels, as floats where the
    way has them.
    """
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(np.asarray(picture, np.uint8))
    pixels = np.asarray(image.convert("L" if p.channels == "L" else "RGB").convert("RGB"))
    new, (rows, columns) = brought_to(image.size, p)[::-1], p.sides
    top, left = (new[0] - rows) // 2, (new[1] - columns) // 2
    values = resize(pixels, new)[top : top + rows, left : left + columns, ORDERS[p.channels]]
    return ((values * (p.scale / 255) - np.asarray(p.mean)) / np.asarray(p.std)).transpose(2, 0, 1)[None]


def in_floats(pixels: np.ndarray, size: Any) -> Any:
    """Bilinear between the four nearest old pixels, however far the new ones lie apart."""
    rows, columns = (bilinear(n, N) for n, N in zip(pixels.shape, size))
    return np.einsum("ij,jkc,lk->ilc", rows, pixels.astype(np.float64), columns, optimize=True)


def by_matrices(make: Any) -> Any:
    """Another share of every old pixel in every new one: make(n, N) -> (N, n), the same for both axes."""

    def resize(pixels, size):
        rows, columns = (make(n, N) for n, N in zip(pixels.shape, size))
        return np.einsum("ij,jkc,lk->ilc", rows, pixels.astype(np.float64), columns, optimize=True)

    return resize


def legacy(n: int, N: int) -> np.ndarray:
    """Bilinear at i n / N, the corner of a pixel instead of its centre (TensorFlow 1, resize_bilinear)."""
    return between(np.arange(N) * n / N, n)


def corners(n: int, N: int) -> np.ndarray:
    """Bilinear, the first and the last pixel's centres where they were (align_corners=True)."""
    return between(places(n, N, corners=True), n)


def between(at: np.ndarray, n: int) -> np.ndarray:
    """Shares of the two old pixels around each place."""
    R, left = np.zeros((len(at), n)), np.clip(np.floor(at).astype(int), 0, n - 1)
    i, share = np.arange(len(at)), np.clip(at, 0, n - 1) - left
    R[i, left] += 1 - share
    R[i, np.minimum(left + 1, n - 1)] += share
    return R


def antialiased(n: int, N: int) -> np.ndarray:
    """A triangle as wide as a new pixel, as PIL has it, but in floats (torchvision on tensors)."""
    wide = max(n / N, 1.0)
    centre = (np.arange(N)[:, None] + 0.5) * n / N
    R = np.maximum(1 - abs(np.arange(n) + 0.5 - centre) / wide, 0)
    return R / R.sum(axis=1, keepdims=True)


def areas(n: int, N: int) -> np.ndarray:
    """The mean over what a new pixel covers (OpenCV's INTER_AREA, Keras' average)."""
    i, j = np.arange(N)[:, None] * n / N, np.arange(n)
    R = np.clip(np.minimum(i + n / N, j + 1) - np.maximum(i, j), 0, None)
    return R / R.sum(axis=1, keepdims=True)


def at_corner(n: int, N: int) -> np.ndarray:
    """The old pixel at floor(i n / N) (OpenCV's INTER_NEAREST, TensorFlow 1, PyTorch's nearest)."""
    R = np.zeros((N, n))
    R[np.arange(N), np.arange(N) * n // N] = 1
    return R


def in_bytes(resize: Any) -> Any:
    return lambda pixels, size: np.clip(np.rint(resize(pixels, size)), 0, 255)


COARSE = {  # {name: f(pixels, (h, w))
    "bilinear without antialiasing, in floats (PyTorch, TensorFlow 2)": in_floats,
    "bilinear without antialiasing, in bytes (PyTorch)": lambda pixels, size: np.rint(
        in_floats(pixels, size)
    ),
    "bilinear without antialiasing (OpenCV)": as_opencv,
    "bilinear from the corners of the pixels (TensorFlow 1)": by_matrices(legacy),
    "bilinear with aligned corners": by_matrices(corners),
    "bilinear with antialiasing, in floats (torchvision)": by_matrices(antialiased),
    "averages over areas (OpenCV)": in_bytes(by_matrices(areas)),
    "averages over areas, in floats": by_matrices(areas),
    "the nearest pixel, by its corner (OpenCV)": by_matrices(at_corner),
}
