"""The pictures that the lessons look at: scenes of the shapes world, with the network
that knows them, and one photo.
"""

from __future__ import annotations

import numpy as np
from matplotlib import cbook

import weights
from gradcam.image import crop_shown, prepare, read
from minicnn.layer import Layer
from minicnn.nets import shapes
from weights.recipes import shapes_world

CLASSES = weights.classes("shapes")
LAYER = "relu4_2"  # its feature maps are (64, 12, 12)


def network(dtype: type = np.float32) -> Layer:
    """The network `shapes` that ships with the package: x (N, 3, 96, 96) -> scores (N,
    8), before a sigmoid for each.
    """
    net = weights.load("shapes")
    return net if dtype == np.float32 else _with_card(net.astype(dtype))


def untrained(dtype: type = np.float32, seed: int = 1) -> Layer:
    """The same network with random weights."""
    return _with_card(shapes().initialise(seed).astype(dtype))


def scenes(
    n: int, first: int = 0, shapes: int = 2, dtype: type = np.float32
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scenes of the stream "test", which training never saw, from number `first` on.

    -> pictures (n, 96, 96, 3) uint8; x (n, 3, 96, 96), what the network takes; classes
    (n, shapes), the lowest shape first; masks (n, shapes, 96, 96) bool: where each
    shape can be seen
    """
    drawn = [
        shapes_world.scene(k, split="test", count=shapes)
        for k in range(first, first + n)
    ]
    preprocessing = weights.card("shapes").preprocessing
    x = np.concatenate(
        [prepare(scene.picture, preprocessing) for scene in drawn]
    ).astype(dtype)
    classes = np.array(
        [[CLASSES.index(shape.kind) for shape in scene.shapes] for scene in drawn]
    )
    masks = np.stack([[shape.visible for shape in scene.shapes] for scene in drawn])
    return np.stack([scene.picture for scene in drawn]), x, classes, masks


def portrait() -> np.ndarray:
    """Grace Hopper, the sample photo that Matplotlib ships: (600, 512, 3) uint8."""
    return read(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))


def hopper() -> tuple[Layer, Layer, np.ndarray, np.ndarray, list[int]]:
    """Grace Hopper as SqueezeNet sees her -> the network, and with random weights; the
    photo as it is shown (H, W, 3), x (1, 3, 227, 227), and its two best classes
    """
    net, blank = weights.load("squeezenet"), weights.build("squeezenet").initialise(0)
    blank.card = net.card
    x = prepare(portrait(), net.card.preprocessing)
    best = np.argsort(-net(x)[0])[:2].tolist()
    return net, blank, crop_shown(portrait(), net.card.preprocessing)[::2, ::2], x, best


def _with_card(net):
    net.card = weights.card("shapes")
    return net
