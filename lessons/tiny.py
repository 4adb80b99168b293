"""A tiny world and a tiny network: what most lessons look at.

Pictures have 32 x 32 grey pixels, 0 to 1, and one shape (or two, left and right), drawn
from the signed distances of the shapes world. The network is trained in minutes by
`python -m lessons.tiny`; its weights come with the course.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from minicnn import (
    CrossEntropy,
    GlobalAvgPool,
    MaxPool,
    Mul,
    ReLU,
    Tensor,
    backward,
    load,
)
from minicnn.layer import Apply, ConvLayer, Layer, LinearLayer, Sequential
from minicnn.optimise import Adam
from weights.recipes.shapes_world import KINDS

SIDE = 32
CLASSES = ("disk", "ring", "square", "cross")
WEIGHTS = Path(__file__).with_name("tiny.npz")


def shape(
    kind: str, row: float, column: float, radius: float, angle: float
) -> np.ndarray:
    """How much of each pixel the shape covers, (SIDE, SIDE), 0 to 1.  radius and place
    in pixels, angle in radians.
    """
    i, j = np.mgrid[:SIDE, :SIDE] + 0.5
    down, right = (i - row) / radius, (j - column) / radius
    x, y = (
        np.cos(angle) * right + np.sin(angle) * down,
        np.cos(angle) * down - np.sin(angle) * right,
    )
    return np.clip(0.5 - KINDS[kind](x, y) * radius, 0, 1)


def pictures(
    n: int, seed: int = 0, shapes: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """-> x (n, 1, SIDE, SIDE) float32; classes (n, shapes), no class twice, left before
    right; masks (n, shapes, SIDE, SIDE) bool
    """
    random = np.random.default_rng(seed)
    x = random.uniform(0.0, 0.25, (n, 1, SIDE, SIDE))
    classes = np.stack([random.permutation(len(CLASSES))[:shapes] for _ in range(n)])
    masks = np.zeros((n, shapes, SIDE, SIDE), bool)
    for picture, row, mask in zip(x, classes, masks):
        for s, c in enumerate(row):
            radius = random.uniform(5.5, 9) if shapes == 1 else random.uniform(5.5, 7.5)
            across = (
                random.uniform(radius, SIDE - radius)
                if shapes == 1
                else (8, 24)[s] + random.uniform(-0.4, 0.4)
            )
            cover = shape(
                CLASSES[c],
                random.uniform(radius, SIDE - radius),
                across,
                radius,
                random.uniform(0, 2 * np.pi),
            )
            picture[0] += random.uniform(0.35, 0.7) * cover
            mask[s] = cover > 0.5
    return x.astype(np.float32), classes, masks


def network(filters: Sequence[int] = (12, 24, 32, 32), seed: int = 0) -> Sequential:
    """Four convolutions, global average pooling, one linear layer: x (N, 1, H, W) ->
    scores (N, 4), before softmax.  Random weights.
    """
    a, b, c, d = filters
    return Sequential(
        *(
            ConvLayer("conv1", 1, a, kernel=3, pad=1),
            Apply("relu1", ReLU),
            Apply("pool1", MaxPool, kernel=2),
        ),
        *(
            ConvLayer("conv2", a, b, kernel=3, pad=1),
            Apply("relu2", ReLU),
            Apply("pool2", MaxPool, kernel=2),
        ),
        *(
            ConvLayer("conv3", b, c, kernel=3, pad=1),
            Apply("relu3", ReLU),
            ConvLayer("conv4", c, d, kernel=3, pad=1),
            Apply("relu4", ReLU),
        ),
        *(Apply("gap", GlobalAvgPool), LinearLayer("fc", d, len(CLASSES))),
    ).initialise(seed)


class Minus(Layer):
    """y = -x"""

    def forward(self, x: Tensor) -> Tensor:
        return self.apply(Mul(), x, -1.0)


def trained() -> Sequential:
    """The network that comes with the course, in float64."""
    with np.load(WEIGHTS) as arrays:
        return load(
            network(), {name: arrays[name].astype(np.float64) for name in arrays.files}
        )


def train(
    net: Layer,
    x: np.ndarray,
    targets: np.ndarray,
    steps: int,
    batch: int = 64,
    rate: float = 4e-3,
    seed: int = 0,
    say: Callable[[int, float], object] = lambda step, loss: None,
) -> Layer:
    """Adam with a falling rate, on pictures x and target distributions (n, 4).  Changes
    net; the same bits for the same arguments.
    """
    random, adam, parameters = (
        np.random.default_rng(seed),
        Adam(),
        list(net.parameters().values()),
    )
    memories = [tuple(np.zeros_like(p.data) for _ in adam.memories) for p in parameters]
    for step in range(1, steps + 1):
        some = random.integers(len(x), size=batch)
        loss = CrossEntropy()(net(Tensor(x[some])), targets[some])
        gradients = backward(loss, np.float32(1), wrt=parameters, release=True)
        falling = np.float32(rate * (1 - (step - 1) / steps))
        for k, (p, g) in enumerate(zip(parameters, gradients)):
            p.data, *memories[k] = adam.update(p.data, g, *memories[k], falling, step)
        say(step, float(loss.data))
    return net


def targets(classes: np.ndarray) -> np.ndarray:
    """(n, shapes) -> (n, 4): the shapes of a picture share its probability."""
    return np.eye(len(CLASSES), dtype=np.float32)[classes].mean(axis=1)


def right(net: Layer, x: np.ndarray, classes: np.ndarray) -> float:
    """The share of pictures in which the shapes have the largest scores."""
    first = np.argsort(-net(x), axis=1)[:, : classes.shape[1]]
    return float(
        (np.sort(first, axis=1) == np.sort(classes, axis=1)).all(axis=1).mean()
    )


def main(steps: int = 1500) -> None:
    one, two = pictures(6000, seed=1), pictures(4000, seed=2, shapes=2)
    x, t = (
        np.concatenate([one[0], two[0]]),
        np.concatenate([targets(one[1]), targets(two[1])]),
    )
    net = train(
        network(),
        x,
        t,
        steps,
        say=lambda step, loss: (
            step % 100 or print(f"step {step}: loss {loss:.3f}", flush=True)
        ),
    )
    for shapes in (1, 2):
        x, classes, _ = pictures(1000, seed=3 + shapes, shapes=shapes)
        print(f"pictures with {shapes}: {right(net, x, classes):.1%} right")
    np.savez(
        WEIGHTS,
        **{
            name: tensor.data.astype(np.float16)
            for name, tensor in net.arrays().items()
        },
    )


if __name__ == "__main__":
    main()
