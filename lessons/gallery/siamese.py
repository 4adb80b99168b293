"""A Siamese network (Bromley et al. 1993): what makes two pictures alike?"""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import nn

from gradcam.targets import Number
from lessons.gallery.drawn import COLOURS, apart, canvas, paint, shape
from lessons.gallery.example import Example
from lessons.gallery.pages import heat_tile, page

SIDE = 48


class Siamese(nn.Module):
    """Two pictures (N, 3, 48, 48) -> how alike they are (N, 1), by one network."""

    def __init__(self):
        super().__init__()
        widths, layers = [3, 8, 16, 24], []
        for C, F in itertools.pairwise(widths):
            layers += [nn.Conv2d(C, F, 3, padding=1), nn.ReLU()]
            layers += [nn.MaxPool2d(2)] if F < 24 else []
        self.body, self.shift = nn.Sequential(*layers), nn.Parameter(torch.tensor(0.5))

    def code(self, x):
        """The largest answer of each filter."""
        return self.body(x).amax((2, 3))

    def forward(self, x, other):
        """The codes' inner product, less a number that is learned."""
        return (self.code(x) * self.code(other)).sum(1, keepdim=True) - self.shift


def scene(rng, kinds):
    """Shapes of these kinds, anywhere."""
    x = canvas(rng, SIDE)
    for kind, (place, radius) in zip(kinds, apart(rng, len(kinds), SIDE, (7, 9))):
        paint(x, shape(kind, SIDE, place, radius), COLOURS[kind], rng)
    return x


def batch(rng, n):
    """Pairs of scenes, two shapes and one, and whether that kind is shared."""
    first, second, same = [], [], rng.integers(0, 2, n).astype(np.float32)
    same[-1] = 1
    for s in same:
        a, b, c = rng.permutation(3)
        first.append(scene(rng, [a, b]))
        second.append(scene(rng, [a] if s else [c]))
    return np.stack(first), np.stack(second), same[:, None]


def draw(x, e, y):
    """Both pictures, and what of the first one makes them alike."""
    one, other = (
        np.rint(255 * np.clip(np.moveaxis(v[0], 0, -1), 0, 1)).astype(np.uint8)
        for v in EXAMPLE.inputs()
    )
    tiles = [
        ("one picture", one),
        ("the other: what do they share?", other),
        ("Grad-CAM of their likeness", heat_tile(one, e["grad_cam"][0])),
    ]
    return page("A Siamese pair", tiles)


EXAMPLE = Example(
    "siamese",
    "A pair: what makes two pictures alike",
    "A network of two inputs is explained at one of them while the other stays: of an "
    'ONNX file, `describe(net, "pair", given={"other": b})`, on the command line '
    "`--given other=b.npy`.",
    'e = explain(net, a, Number(0), "grad_cam", layer="body.7")',
    Siamese,
    batch,
    nn.functional.binary_cross_entropy_with_logits,
    "body.7",
    lambda x, y: Number(0),
    lambda y, x: y[0, 0],
    draw,
    steps=120,
)
