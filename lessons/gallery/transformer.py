"""A small vision transformer (Dosovitskiy et al. 2021): tokens as rows and columns."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from gradcam import Target
from lessons.gallery.drawn import COLOURS, apart, canvas, paint, shape
from lessons.gallery.example import Example
from lessons.gallery.pages import heat_tile, page

SIDE, PATCH, WIDTH = 64, 8, 64
CLASSES = ("disc", "square", "ring")


class Attention(nn.Module):
    """Each token asks all others, with four heads."""

    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        """x (N, T, WIDTH) -> the same shape."""
        N, T, D = x.shape
        q, k, v = self.qkv(x).reshape(N, T, 3, 4, D // 4).permute(2, 0, 3, 1, 4)
        p = (q @ k.transpose(-2, -1) / (D // 4) ** 0.5).softmax(-1)
        return self.out((p @ v).transpose(1, 2).reshape(N, T, D))


class Block(nn.Module):
    """Attention and a small network for each token, beside the tokens themselves."""

    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention = Attention()
        self.each = nn.Sequential(
            nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH)
        )

    def forward(self, x):
        """x (N, T, WIDTH) -> the same shape."""
        x = x + self.attention(self.norm1(x))
        return x + self.each(self.norm2(x))


class ViT(nn.Module):
    """x (N, 3, 64, 64) -> scores (N, 3), read from the class token."""

    def __init__(self):
        super().__init__()
        count = (SIDE // PATCH) ** 2
        self.patches = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.token = nn.Parameter(0.1 * torch.randn(1, 1, WIDTH))
        self.places = nn.Parameter(0.1 * torch.randn(1, 1 + count, WIDTH))
        self.blocks = nn.ModuleList(Block() for _ in range(3))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3)

    def forward(self, x):
        """Patches become tokens; the class token stands in front of them."""
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.places
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


def batch(rng, n):
    """One shape in a scene of small dots, and its kind."""
    pictures, truth = [], rng.integers(0, 3, n)
    for kind in truth:
        x = canvas(rng, SIDE)
        (place, radius), *dots = apart(rng, 1, SIDE, (11, 15)) + apart(
            rng, 3, SIDE, (2, 3)
        )
        for at, small in dots:
            paint(x, shape(0, SIDE, at, small), COLOURS[rng.integers(3)], rng)
        paint(x, shape(kind, SIDE, place, radius), COLOURS[kind], rng)
        pictures.append(x)
    return np.stack(pictures), truth


def draw(x, e, y):
    """The scene, and two maps of its tokens."""
    photo = np.rint(255 * np.clip(np.moveaxis(x[0], 0, -1), 0, 1)).astype(np.uint8)
    said = CLASSES[e.target(e.classes[0]).class_of()]
    tiles = [
        (f"the scene, in patches of {PATCH} x {PATCH}", photo),
        (f"Grad-CAM of {said}, 8 x 8 tokens", heat_tile(photo, e["grad_cam"][0])),
        (f"LayerCAM of {said}", heat_tile(photo, e["layercam"][0])),
    ]
    return page("A vision transformer", tiles)


def top(y):
    """The strongest class."""
    return int(np.asarray(y.detach() if hasattr(y, "detach") else y)[0].argmax())


EXAMPLE = Example(
    "transformer",
    "Tokens of a vision transformer",
    "No `reshape_transform` is needed: that the 65 tokens of the last block are 8 x 8 "
    "places and a class token is found in the graph, and said. The default layer is "
    "the last one that the scores depend on beside the class token. This map lies "
    "around the ring, not on it: attention lets any token carry the answer, and a "
    "token's place is where it started.",
    'e = explain(net, x, methods=["grad_cam", "layercam"])',
    ViT,
    batch,
    nn.functional.cross_entropy,
    "blocks.2.norm1",
    lambda x, y: Target.score(top(y)),
    lambda y, x: y[0, top(y)],
    draw,
    methods=("grad_cam", "layercam"),
    maps=lambda A: A[:, 1:].transpose(1, 2).reshape(len(A), WIDTH, 8, 8),
    steps=60,
)
