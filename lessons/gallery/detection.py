"""A detector with a grid of boxes, as YOLO has (Redmon et al. 2016): why this box?"""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import nn

from gradcam.targets import Box
from lessons.gallery.drawn import COLOURS, apart, canvas, paint, shape
from lessons.gallery.example import Example
from lessons.gallery.pages import boxed, heat_tile, page

SIDE, CELLS = 64, 8
CLASSES = ("disc", "square", "ring")


class Detector(nn.Module):
    """x (N, 3, 64, 64) -> (N, 64, 8): box u, v, w, h, objectness, three classes."""

    def __init__(self):
        super().__init__()
        widths, layers = [3, 8, 16, 24], []
        for C, F in itertools.pairwise(widths):
            layers += [nn.Conv2d(C, F, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.body = nn.Sequential(*layers, nn.Conv2d(24, 24, 3, padding=1), nn.ReLU())
        self.head = nn.Conv2d(24, 8, 1)
        middles = (torch.arange(CELLS) + 0.5) / CELLS
        grid = torch.zeros(1, CELLS * CELLS, 8)
        grid[0, :, 0], grid[0, :, 1] = (
            middles.repeat(CELLS),
            middles.repeat_interleave(CELLS),
        )
        self.register_buffer("grid", grid)

    def forward(self, x):
        """A row for each cell of the grid; its box is told from the cell's middle."""
        return self.head(self.body(x)).flatten(2).transpose(1, 2) + self.grid


def batch(rng, n):
    """Scenes of three shapes, and what the cell in each one's middle should say."""
    pictures, truth = [], np.zeros((n, CELLS * CELLS, 8), np.float32)
    for i in range(n):
        x = canvas(rng, SIDE)
        for k, (place, radius) in enumerate(apart(rng, 3, SIDE, (6, 11))):
            paint(x, shape(k, SIDE, place, radius), COLOURS[k], rng)
            column, row = (place * CELLS / SIDE).astype(int)
            box = [*(place / SIDE), 2 * radius / SIDE, 2 * radius / SIDE]
            truth[i, row * CELLS + column] = [*box, 1, *np.eye(3)[k]]
        pictures.append(x)
    return np.stack(pictures), truth


def loss(y, truth):
    """Objectness everywhere; box and class where something is."""
    there = truth[..., 4] > 0
    objects = nn.functional.binary_cross_entropy_with_logits(
        y[..., 4], truth[..., 4], pos_weight=torch.tensor(8.0)
    )
    boxes = nn.functional.mse_loss(y[there][:, :4], truth[there][:, :4])
    return (
        objects
        + 5 * boxes
        + nn.functional.cross_entropy(y[there][:, 5:], truth[there][:, 5:])
    )


def row_of(y):
    """The box with the highest objectness."""
    return int(np.asarray(y.detach() if hasattr(y, "detach") else y)[0, :, 4].argmax())


def score(y, x):
    """The strongest class of that box."""
    return y[0, row_of(y), 5:].max()


def draw(x, e, y):
    """The scene with its boxes, and what one of them comes from."""
    photo = np.rint(255 * np.clip(np.moveaxis(x[0], 0, -1), 0, 1)).astype(np.uint8)
    rows = np.asarray(y)[0]
    i = row_of(y)
    best = [k for k in range(len(rows)) if rows[k, 4] > 0.5] or [i]
    said = CLASSES[int(rows[i, 5:].argmax())]
    one = [(rows[i, :4], "#ffffff")]
    tiles = [
        (
            f"its boxes, one of them asked: {said}",
            boxed(photo, [(rows[k, :4], "#9fb8d9") for k in best] + one),
        ),
        (
            f"Grad-CAM: {said}, of that box",
            boxed(heat_tile(photo, e["grad_cam"][0]), one),
        ),
    ]
    return page("A detector, and one of its boxes", tiles)


EXAMPLE = Example(
    "detection",
    "One box of a detector",
    "A detector gives rows of numbers, a box each. A target names the row; its "
    "strongest class is explained, before boxes are sorted out.",
    'explain(net, x, Box(i, columns=5), "grad_cam", layer="body.10")',
    Detector,
    batch,
    loss,
    "body.10",
    lambda x, y: Box(row_of(y), columns=5),
    score,
    draw,
    steps=130,
)
