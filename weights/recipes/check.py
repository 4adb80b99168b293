"""Measure the networks that ship, from their files.

    python -m weights.recipes.check                                                       # shapes: draws 1000 unseen scenes
    python -m weights.recipes.check --data ../shared/data/imagenette_96_jpeg.npz          # mini_vgg as well, on the 3,791 pictures of `val`
    python -m weights.recipes.check --data ... --checkpoint checkpoints/mini_vgg.npz      # and what rounding to float16 costs

Figures: mini_vgg, top-1 accuracy from a single view; shapes, macro-F1 over the kinds and the share of scenes whose whole set is right.
"""

import argparse
from pathlib import Path

import numpy as np

from minicnn import load, nets
from minicnn.training import checkpoint
from weights.recipes import imagenette, train_mini_vgg, train_shapes
from weights.recipes.command import SHIPPED

UNSEEN = 1000


def shipped(name):
    """The network as its file has it, float16 widened to float32."""
    with np.load(SHIPPED / f"{name}.npz") as file:
        return load(getattr(nets, name)(), {key: file[key] for key in file.files})


def before_rounding(name, path):
    """The network as it was when training ended: the checkpoint's averaged weights, folded in float32."""
    trained = load(getattr(nets, name)(batchnorm=True), checkpoint.read(path)["average"])
    return load(getattr(nets, name)(), nets.fold(trained))


def measure_shapes(net, scenes=UNSEEN):
    """{'macro_f1', 'accuracy'} on scenes of the world's stream `test`, which no training sees."""
    return train_shapes.measure(net, *train_shapes.draw(scenes, "test"))


def measure_mini_vgg(net, path, pictures=None):
    """{'accuracy'} on the first pictures of Imagenette's `val`, in an order that mixes the classes (default: on all of them)."""
    x, labels = imagenette.read(path, "val")
    chosen = np.random.default_rng(0).permutation(len(x))[:pictures]
    return {"accuracy": train_mini_vgg.accuracy(net, x[chosen], labels[chosen])}


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m weights.recipes.check", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="imagenette_96_jpeg.npz; without it mini_vgg is left out")
    parser.add_argument("--checkpoint", type=Path, action="append", default=[], help="mini_vgg.npz or shapes.npz as training left it")
    asked = parser.parse_args(arguments)
    said = {path.stem: path for path in asked.checkpoint}
    tasks = {"shapes": measure_shapes}
    if asked.data:
        tasks["mini_vgg"] = lambda net: measure_mini_vgg(net, asked.data)
    for name, measure in tasks.items():
        report(f"{name} ({(SHIPPED / f'{name}.npz').stat().st_size / 1e6:.2f} MB)", measure(shipped(name)))
        if name in said:
            report(f"{name} before rounding to float16", measure(before_rounding(name, said[name])))


def report(what, figures):
    print(f"{what}: " + ", ".join(f"{key} {100 * value:.2f} %" for key, value in figures.items()))


if __name__ == "__main__":
    main()
