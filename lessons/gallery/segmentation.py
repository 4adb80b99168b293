"""A U-Net (Ronneberger et al. 2015): why does it see discs here?"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from gradcam.targets import Region
from lessons.gallery.drawn import COLOURS, apart, canvas, paint, shape
from lessons.gallery.example import Example
from lessons.gallery.pages import heat_tile, outlined, page

SIDE = 48
CLASSES = ("background", "disc", "square")


def block(C, F):
    """Two convolutions with ReLU."""
    return nn.Sequential(
        nn.Conv2d(C, F, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(F, F, 3, padding=1),
        nn.ReLU(),
    )


class UNet(nn.Module):
    """x (N, 3, H, W) -> scores of three classes at every pixel (N, 3, H, W)."""

    def __init__(self):
        super().__init__()
        self.down1, self.down2, self.middle = block(3, 8), block(8, 16), block(16, 24)
        self.up2 = nn.ConvTranspose2d(24, 16, 2, 2)
        self.up1 = nn.ConvTranspose2d(16, 8, 2, 2)
        self.join2, self.join1 = block(32, 16), block(16, 8)
        self.pool, self.head = nn.MaxPool2d(2), nn.Conv2d(8, 3, 1)

    def forward(self, x):
        """Down, and up again with what was seen on the way down beside it."""
        a = self.down1(x)
        b = self.down2(self.pool(a))
        c = self.middle(self.pool(b))
        b = self.join2(torch.cat([self.up2(c), b], 1))
        return self.head(self.join1(torch.cat([self.up1(b), a], 1)))


def batch(rng, n):
    """Scenes of discs and squares, and the class of each pixel."""
    pictures, truth = [], []
    for _ in range(n):
        x, classes = canvas(rng, SIDE), np.zeros((SIDE, SIDE), np.int64)
        for k, (place, radius) in enumerate(apart(rng, 4, SIDE, (5, 8))):
            mask = shape(k % 2, SIDE, place, radius)
            paint(x, mask, COLOURS[k % 2], rng)
            classes[mask] = 1 + k % 2
        pictures.append(x)
        truth.append(classes)
    return np.stack(pictures), np.stack(truth)


def mask_of(x):
    """The disc that is asked about: the first of the scene, found by its place."""
    rng = np.random.default_rng(1234)
    canvas(rng, SIDE)
    place, radius = apart(rng, 4, SIDE, (5, 8))[0]
    return shape(0, SIDE, place, radius)


def score(y, x):
    """The scores of discs, summed inside the mask."""
    return (y[:, 1] * torch.as_tensor(mask_of(x), dtype=y.dtype)).sum()


def draw(x, e, y):
    """The scene, what the network says of each pixel, where that comes from."""
    photo = np.rint(255 * np.clip(np.moveaxis(x[0], 0, -1), 0, 1)).astype(np.uint8)
    palette = np.array([[38, 42, 56], [238, 118, 84], [86, 148, 220]], np.uint8)
    mask = mask_of(x)
    tiles = [
        ("the scene, the mask outlined", outlined(photo, mask)),
        (
            "what it says, after seconds of training",
            palette[np.asarray(y)[0].argmax(0)],
        ),
        ("Grad-CAM: disc, inside the mask", heat_tile(photo, e["grad_cam"][0], mask)),
        ("HiResCAM: the same", heat_tile(photo, e["hirescam"][0], mask)),
    ]
    return page("A U-Net, and one disc of its answer", tiles)


EXAMPLE = Example(
    "segmentation",
    "A class inside a mask, of a U-Net",
    "A segmentation has no score of a class but one at every pixel: ask for their sum "
    "inside a mask. Grad-CAM's weights are means over all places, so it finds all that "
    "looks so; HiResCAM weighs place by place, and stays where was asked.",
    'explain(net, x, Region(1, mask), ["grad_cam", "hirescam"], "join2.3")',
    UNet,
    batch,
    nn.functional.cross_entropy,
    "join2.3",
    lambda x, y: Region(1, mask_of(x)),
    score,
    draw,
    methods=("grad_cam", "hirescam"),
    steps=90,
)
