"""Train mini_vgg on Imagenette at 96 pixels, fold its batchnorm away, and write it in float16.

    python -m weights.recipes.train_mini_vgg --data ../shared/data/imagenette_96_jpeg.npz

The run may be killed at any moment: the same command goes on where it was and ends with the same bits.
Settings were chosen on training pictures that were held out; after each epoch the run says what share of
them the network gets right.  The split `val` is read by `python -m weights.recipes.check` alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from minicnn import CrossEntropy, nets
from minicnn.layer import Layer
from minicnn.optimise import AdamW, one_cycle
from minicnn.training import Run, predict, top1, train
from minicnn.training.augment import crop_and_resize, flip, jitter, random_boxes, to_input
from weights.recipes import imagenette
from weights.recipes.command import begin, options, ship

# From this share of the run on, crops are brought to so many pixels: cheap ones first; at 80, things are on
# average as large as in evaluation,
# where the whole picture has 96 (Touvron et al. 2019, "Fixing the train-test resolution discrepancy").
SIDES = ((0.0, 48), (0.4, 64), (0.75, 80))
PEAK, DECAY, SMOOTHING = 4e-3, 0.05, 0.1


def side(progress: float) -> int:
    """Pixels along a side of the training crops; progress 0..1."""
    return max(pixels for start, pixels in SIDES if progress >= start)


def sampler(pictures: np.ndarray, labels: np.ndarray) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """The function that `train` draws batches from: random boxes, half of them mirrored, in jittered
    colours.
    """

    def sample(numbers, random, progress):
        boxes = flip(random, random_boxes(random, len(numbers), pictures.shape[1:3]))
        x = crop_and_resize(to_input(pictures[numbers]), boxes, side(progress))
        return imagenette.normalise(jitter(random, x)), labels[numbers]

    return sample


def accuracy(net: Layer, pictures: np.ndarray, labels: np.ndarray) -> float:
    """Share of pictures whose class has the network's highest score; a single view, the whole 96 x 96
    picture.
    """
    scores = predict(net, lambda numbers: imagenette.normalise(to_input(pictures[numbers])), len(pictures))
    return float(top1(scores, labels).mean())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options("mini_vgg", __doc__, epochs=30)
    parser.add_argument("--data", type=Path, required=True, help="imagenette_96_jpeg.npz")
    parser.add_argument(
        "--hold-out",
        type=int,
        default=400,
        metavar="N",
        help="training pictures for validation (default: %(default)s)",
    )
    asked = parser.parse_args(arguments)

    pictures, labels = imagenette.read(asked.data, "train")
    back = imagenette.held_out(asked.hold_out, len(pictures))
    pictures, kept_pictures, labels, kept_labels = (
        pictures[~back],
        pictures[back],
        labels[~back],
        labels[back],
    )
    net = begin(nets.mini_vgg(batchnorm=True), asked)
    run = Run(epochs=asked.epochs, batch=64, seed=asked.seed, shards=2, average=0.995)
    started = time.monotonic()
    curves = train(
        *(net, sampler(pictures, labels), len(pictures)),
        *(lambda: CrossEntropy(SMOOTHING), AdamW(decay=DECAY), one_cycle(PEAK), run),
        validate=(lambda net: {"accuracy": accuracy(net, kept_pictures, kept_labels)})
        if asked.hold_out
        else None,
        checkpoint=asked.checkpoint,
    )
    size = ship(net, asked.out)
    curves.picture(asked.out.with_suffix(".png"), run.steps(len(pictures)))
    print(
        f"{asked.out}: {size / 1e6:.2f} MB, {(time.monotonic() - started) / 60:.0f} minutes since this "
        "command began"
    )


if __name__ == "__main__":
    main()
