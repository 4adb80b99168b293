"""Train mini_resnet on Imagenette at 96 pixels, and write it in float16, its batchnorm included.

    python -m weights.recipes.train_mini_resnet --data ../shared/data/imagenette_96_jpeg.npz

The run may be killed at any moment: the same command goes on where it was and ends with the same bits.
Pictures, augmentation and settings are mini_vgg's, in fewer epochs; after each the run says what share of
the training pictures that were held out the network gets right.  The split `val` is read by
`python -m weights.recipes.check` alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from minicnn import CrossEntropy, nets
from minicnn.optimise import AdamW, one_cycle
from minicnn.training import Run, train
from weights.recipes import imagenette
from weights.recipes.command import begin, options
from weights.recipes.teaching import processor_time, ship
from weights.recipes.train_mini_vgg import DECAY, PEAK, SMOOTHING, accuracy, sampler

HELD_OUT = 400


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options("mini_resnet", __doc__, epochs=5)
    parser.add_argument("--data", type=Path, required=True, help="imagenette_96_jpeg.npz")
    asked = parser.parse_args(arguments)

    pictures, labels = imagenette.read(asked.data, "train")
    back = imagenette.held_out(HELD_OUT, len(pictures))
    net = begin(nets.mini_resnet(), asked)
    run = Run(epochs=asked.epochs, batch=64, seed=asked.seed, shards=2, average=0.995)
    started, worked = time.monotonic(), processor_time()
    curves = train(
        *(net, sampler(pictures[~back], labels[~back]), int((~back).sum())),
        *(lambda: CrossEntropy(SMOOTHING), AdamW(decay=DECAY), one_cycle(PEAK), run),
        validate=lambda net: {"accuracy": accuracy(net, pictures[back], labels[back])},
        checkpoint=asked.checkpoint,
    )
    size = ship(net, asked.out)
    curves.picture(asked.out.with_suffix(".png"), run.steps(int((~back).sum())))
    wall, processor = (time.monotonic() - started) / 60, (processor_time() - worked) / 60
    print(
        f"{asked.out}: {size / 1e6:.2f} MB, {wall:.1f} minutes since this command began, "
        f"{processor:.1f} of processor time"
    )


if __name__ == "__main__":
    main()
