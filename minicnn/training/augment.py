"""Augmentation: other pictures of the same thing.

Pictures are (N, H, W, 3) uint8; what comes out is (N, 3, h, w) float32, 0 to 1.

Every function draws from the Generator it is given, so an augmented batch is a function of its seed.
"""

from __future__ import annotations

import numpy as np

from minicnn.graph import Array

Boxes = tuple[Array, Array, Array, Array]  # y0, y1, x0, x1, each (N,), in pixels
LUMA = np.float32([0.299, 0.587, 0.114])  # how bright red, green and blue look (ITU-R BT.601)


def to_input(pictures: Array) -> Array:
    """(N, H, W, 3) uint8 -> (N, 3, H, W) float32, 0 to 1."""
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)).astype(np.float32) / 255


def random_boxes(
    random: np.random.Generator,
    n: int,
    size: tuple[int, int],
    area: tuple[float, float] = (0.35, 1.0),
    ratio: tuple[float, float] = (3 / 4, 4 / 3),
) -> Boxes:
    """n boxes inside a picture of size (H, W), with a share of its area and a ratio width/height drawn evenly
    (the ratio on a log scale).

    The "inception crop" (Szegedy et al. 2015, sec. 6), clipped to the picture where others draw again. -> y0,
    y1, x0, x1, each (n,), pixels
    """
    H, W = size
    share, shape = random.uniform(*area, n), np.exp(random.uniform(*np.log(ratio), n))
    h, w = (np.minimum(np.sqrt(share / shape), 1) * H, np.minimum(np.sqrt(share * shape), 1) * W)
    y0, x0 = random.random(n) * (H - h), random.random(n) * (W - w)
    return y0, y0 + h, x0, x0 + w


def crop_and_resize(x: Array, boxes: Boxes, side: int) -> Array:
    """Cut a box out of every picture and resize it to side x side.

    x (N, C, H, W), boxes y0, y1, x0, x1 -> (N, C, side, side)

    Linear interpolation, widened where it shrinks so that nothing is skipped; along each axis it is one
    matrix: y = R x C^T.  A box with x0 and x1 exchanged is mirrored.
    """
    y0, y1, x0, x1 = boxes
    R, C = _interpolation(y0, y1, side, x.shape[-2]), _interpolation(x0, x1, side, x.shape[-1])
    return R[:, None] @ x @ C[:, None].swapaxes(-1, -2)


def _interpolation(start, end, side, size):
    """(N, side, size): row i holds what each pixel counts in pixel i of the result."""
    step = ((end - start) / side)[:, None]
    centres = start[:, None] + (np.arange(side) + 0.5) * step - 0.5
    reach = np.maximum(np.abs(step), 1)[..., None]
    weights = np.maximum(0, 1 - np.abs(np.arange(size) - centres[..., None]) / reach)
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)


def flip(random: np.random.Generator, boxes: Boxes) -> Boxes:
    """Mirror every other box, by chance."""
    y0, y1, x0, x1 = boxes
    mirrored = random.random(len(x0)) < 0.5
    return y0, y1, np.where(mirrored, x1, x0), np.where(mirrored, x0, x1)


def jitter(
    random: np.random.Generator,
    x: Array,
    brightness: float = 0.3,
    contrast: float = 0.3,
    saturation: float = 0.3,
) -> Array:
    """Change brightness, contrast and saturation by factors from 1 - v to 1 + v, drawn for each picture.

    x (N, 3, H, W), 0 to 1.
    """
    b, c, s = (
        random.uniform(1 - v, 1 + v, (len(x), 1, 1, 1)).astype(np.float32)
        for v in (brightness, contrast, saturation)
    )
    grey = np.tensordot(LUMA, x, axes=(0, 1))[:, None]
    mean = grey.mean(axis=(-2, -1), keepdims=True)
    saturated = grey + s * (x - grey)
    return np.clip(b * (mean + c * (saturated - mean)), 0, 1)
