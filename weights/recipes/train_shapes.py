"""Train the network `shapes` on scenes of the shapes world, fold its batchnorm away, and write it in float16.

    python -m weights.recipes.train_shapes

Needs no data: the scenes are drawn first, in a minute or two.  The run may be killed at any moment: the
same command goes on where it was and ends with the same bits.  Settings were chosen on the world's stream
`validation`, looked at after each epoch; the scenes of `test` are drawn by `python -m
weights.recipes.check` alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from minicnn import SigmoidCrossEntropy, nets
from minicnn.layer import Layer
from minicnn.optimise import AdamW, one_cycle
from minicnn.training import Run, exact, predict, train
from minicnn.training.augment import jitter, to_input
from weights.recipes import shapes_world as world
from weights.recipes.command import begin, drawn, options, ship

SCENES, VALIDATION = 16384, 1000
PEAK, DECAY = 4e-3, 0.02


def draw(scenes: int, split: str) -> tuple[np.ndarray, ...]:
    """Scenes 0 to scenes - 1 of a split -> pictures (N, 96, 96, 3) uint8, labels (N, K) float32."""
    return drawn(world.batch, scenes, split)


def normalise(x: np.ndarray) -> np.ndarray:
    """(N, 3, H, W), 0 to 1 -> what the network takes."""
    return (x - np.float32(0.5)) / np.float32(0.25)


def sampler(pictures: np.ndarray, labels: np.ndarray) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """The function that `train` draws batches from: turned by quarters, mirrored, in jittered colours.

    A kind stays what it is.
    """

    def sample(numbers, random, progress):
        x = to_input(pictures[numbers])
        for i, (quarters, mirrored) in enumerate(random.integers((4, 2), size=(len(x), 2))):
            turned = np.rot90(x[i], quarters, axes=(-2, -1))
            x[i] = turned[..., ::-1] if mirrored else turned.copy()
        return normalise(jitter(random, x, 0.2, 0.2, 0.2)), labels[numbers]

    return sample


def measure(net: Layer, pictures: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """macro-F1: the mean over kinds of 2 TP/(2 TP + FP + FN); exact: the share of scenes whose whole set of
    kinds is right.
    """
    scores = predict(net, lambda numbers: normalise(to_input(pictures[numbers])), len(pictures))
    said = scores > 0
    true = labels > 0
    f1 = 2 * (said & true).sum(axis=0) / np.maximum(said.sum(axis=0) + true.sum(axis=0), 1)
    return {"macro_f1": float(f1.mean()), "accuracy": float(exact(scores, labels).mean())}


def main(arguments: Sequence[str] | None = None) -> None:
    asked = options("shapes", __doc__, epochs=14).parse_args(arguments)
    started = time.monotonic()
    pictures, labels = draw(SCENES, "train")
    kept_pictures, kept_labels = draw(VALIDATION, "validation")
    print(f"{SCENES} scenes drawn in {time.monotonic() - started:.0f} s")
    net = begin(nets.shapes(batchnorm=True), asked)
    run = Run(epochs=asked.epochs, batch=32, seed=asked.seed, shards=2, average=0.995)
    curves = train(
        *(net, sampler(pictures, labels), len(pictures)),
        *(SigmoidCrossEntropy, AdamW(decay=DECAY), one_cycle(PEAK), run),
        **{
            "hits": exact,
            "checkpoint": asked.checkpoint,
            "validate": lambda net: measure(net, kept_pictures, kept_labels),
        },
    )
    size = ship(net, asked.out)
    curves.picture(asked.out.with_suffix(".png"), run.steps(len(pictures)))
    print(
        f"{asked.out}: {size / 1e6:.2f} MB, {(time.monotonic() - started) / 60:.1f} minutes since this "
        "command began"
    )


if __name__ == "__main__":
    main()
