"""A regression: what raises the number, and what lowers it?"""

from __future__ import annotations

import itertools

import numpy as np
from torch import nn

from gradcam.targets import Number
from lessons.gallery.drawn import COLOURS, apart, canvas, paint, shape
from lessons.gallery.example import Example
from lessons.gallery.pages import heat_tile, page, signed_tile

SIDE = 48


def batch(rng, n):
    """Scenes of discs and squares; the number: discs' area minus squares'."""
    pictures, truth = [], []
    for _ in range(n):
        x, number = canvas(rng, SIDE), 0.0
        for k, (place, radius) in enumerate(apart(rng, 3, SIDE, (5, 9))):
            kind = k if k < 2 else int(rng.integers(2))
            mask = shape(kind, SIDE, place, radius)
            paint(x, mask, COLOURS[kind], rng)
            number += (1 - 2 * kind) * mask.sum() / 100
        pictures.append(x)
        truth.append([number])
    return np.stack(pictures), np.array(truth, np.float32)


def model():
    """Four convolutions, a global average, one number."""
    widths, layers = [3, 8, 16, 24, 24], []
    for k, (C, F) in enumerate(itertools.pairwise(widths)):
        layers += [nn.Conv2d(C, F, 3, padding=1), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if k < 2 else []
    return nn.Sequential(
        nn.Sequential(*layers), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 1)
    )


def draw(x, e, y):
    """The scene, what raises the number, and both signs at once."""
    photo = np.rint(255 * np.clip(np.moveaxis(x[0], 0, -1), 0, 1)).astype(np.uint8)
    tiles = [
        (f"discs minus squares: {float(np.asarray(y)[0, 0]):.1f}", photo),
        ("Grad-CAM: what raises it", heat_tile(photo, e["grad_cam"][0])),
        ("HiResCAM: raises (red), lowers (blue)", signed_tile(photo, e["hirescam"][0])),
    ]
    return page("A regression", tiles)


EXAMPLE = Example(
    "regression",
    "A number: what raises it, what lowers it",
    "A regression has no class and no percentage. `Number(0)` asks what raises its "
    "number, `Number(0, downwards=True)` what lowers it; a signed method shows both.",
    'e = explain(net, x, Number(0), ["grad_cam", "hirescam"])',
    model,
    batch,
    nn.functional.mse_loss,
    "0.9",
    lambda x, y: Number(0),
    lambda y, x: y[0, 0],
    draw,
    methods=("grad_cam", "hirescam"),
    steps=100,
)
