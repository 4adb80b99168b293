"""Train the last layer of vgg16_gap: ten classes on VGG-16's published convolutions, which do not learn.

    python -m weights.recipes.train_vgg16_gap --data ../shared/data/imagenette_96_jpeg.npz --convolutions FILE

FILE: any file with the convolutions that Oxford published (CC BY 4.0): Keras's `.h5`, whole or "notop", an
ONNX file, Caffe's.  Pictures of Imagenette's `train` at 96 pixels are enlarged to 224; the 512 averages of
relu5_3 are computed once for each and kept as they come, so that the run may be killed at any moment: the
same command goes on where it was and ends with the same bits.  Then the last layer is trained in seconds.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import weights
from minicnn import CrossEntropy, load, nets
from minicnn.layer import Layer, LinearLayer
from minicnn.layer import Sequential as Steps
from minicnn.optimise import AdamW, one_cycle
from minicnn.training import Run, top1, train
from minicnn.training.augment import crop_and_resize, to_input
from weights.loading import FIRST
from weights.recipes import imagenette
from weights.recipes.command import begin, options
from weights.recipes.teaching import in_parts, processor_time

SIDE = 224
MEAN = np.float32([103.939, 116.779, 123.68])  # blue, green, red, of pixels 0 to 255
PICTURES, HELD_OUT = 400, 200  # of `train`: for training, and for choosing settings
PART = 16  # pictures whose averages are kept together
NUMBERS = 8  # at the beginning of each array, by which the convolutions are known
PEAK, DECAY = 1e-2, 0.1


def enlarged(pictures: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Pictures (N, h, w, 3) uint8, the whole of each squashed or enlarged to side x side, as the published
    convolutions take them: (N, 3, side, side) float32, blue first, minus the mean.
    """
    edges = [np.full(len(pictures), float(edge)) for edge in (0, pictures.shape[1], 0, pictures.shape[2])]
    x = crop_and_resize(to_input(pictures), tuple(edges), side)
    return np.ascontiguousarray(x[:, ::-1]) * np.float32(255) - MEAN[:, None, None]


def convolutions(path: str | os.PathLike[str]) -> tuple[Layer, dict[str, np.ndarray]]:
    """The published convolutions in a file -> (the network up to the averages, which gives (N, 512); the
    first numbers of each of their arrays)
    """
    known = weights.load("vgg16", path).arrays()
    part = {name: known[name].data for name in nets.vgg16_convolutions().arrays()}
    net = load(Steps(*nets.vgg16_gap().steps[:-1]), part)
    return net, {FIRST + name: np.array(array.reshape(-1)[:NUMBERS]) for name, array in part.items()}


def averages(net: Layer, pictures: np.ndarray, folder: Path) -> np.ndarray:
    """What the published convolutions make of pictures -> (N, 512); each part is kept in the folder, under
    the sum of its pictures, and not computed again
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for i in range(0, len(pictures), PART):
        some = pictures[i : i + PART]
        kept = folder / f"{hashlib.sha256(some.tobytes()).hexdigest()[:16]}.npy"
        if not kept.exists():
            values = in_parts(lambda n, some=some: net(enlarged(some[n])), len(some), size=4)
            np.save(kept.with_suffix(".part.npy"), values)
            os.replace(kept.with_suffix(".part.npy"), kept)
            print(f"{i + len(some)} of {len(pictures)} pictures seen", flush=True)
        found.append(np.load(kept))
    return np.concatenate(found)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options("vgg16_gap", __doc__, epochs=200)
    parser.add_argument("--data", type=Path, required=True, help="imagenette_96_jpeg.npz")
    parser.add_argument("--convolutions", type=Path, required=True, help="a file with VGG-16's convolutions")
    asked = parser.parse_args(arguments)
    started, worked = time.monotonic(), processor_time()

    pictures, labels = imagenette.read(asked.data, "train")
    back = imagenette.held_out(HELD_OUT, len(pictures))
    order = np.random.default_rng(imagenette.HELD_OUT_SEED).permutation(np.flatnonzero(~back))[:PICTURES]
    chosen = np.concatenate([np.flatnonzero(back), order])
    net, first = convolutions(asked.convolutions)
    seen = averages(net, pictures[chosen], asked.checkpoint.with_suffix(""))
    kept, x, kept_labels, t = seen[:HELD_OUT], seen[HELD_OUT:], labels[chosen[:HELD_OUT]], labels[order]

    run = Run(epochs=asked.epochs, batch=64, seed=asked.seed, shards=2, average=0.99)
    head = begin(Steps(LinearLayer("fc", x.shape[1], 10)), asked)
    curves = train(
        *(head, lambda numbers, random, progress: (x[numbers], t[numbers]), len(x)),
        *(CrossEntropy, AdamW(decay=DECAY), one_cycle(PEAK), run),
        validate=lambda head: {"accuracy": float(top1(head(kept), kept_labels).mean())},
        checkpoint=asked.checkpoint,
    )
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(asked.out, **{name: tensor.data for name, tensor in head.arrays().items()}, **first)
    curves.picture(asked.out.with_suffix(".png"), run.steps(len(x)))
    wall, processor = (time.monotonic() - started) / 60, (processor_time() - worked) / 60
    print(
        f"{asked.out}: {asked.out.stat().st_size / 1e3:.1f} kB, {wall:.1f} minutes since this command began, "
        f"{processor:.1f} of processor time"
    )


if __name__ == "__main__":
    main()
