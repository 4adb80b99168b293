"""Measure the networks that ship, from their files.

    python -m weights.recipes.check                                       those of the shapes world
    python -m weights.recipes.check --data imagenette_96_jpeg.npz         those of photos, on all of `val`
    python -m weights.recipes.check --data ... --checkpoint mini_vgg.npz  what rounding costs, too
    python -m weights.recipes.check --data ... --boxed imagenette_loc_224_jpeg.npz --convolutions FILE
        vgg16_gap, on VGG-16's convolutions in FILE, and the others beside it, on the 500 photos with boxes

Figures: those of photos, top-1 accuracy from a single view; shapes, macro-F1 over the kinds and the
share of scenes whose whole set is right; captioner, the share of scenes of which exactly the right sentence
is said; vqa, of right answers, and of those to each type of question; dense_captioner, the shares of shapes
found (recall), found and rightly named (accuracy), and of found boxes that are a shape (precision).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

import weights
from minicnn import load, nets
from minicnn.layer import Layer
from minicnn.training import checkpoint, predict, top1
from weights.recipes import (
    imagenette,
    train_captioner,
    train_dense_captioner,
    train_mini_vgg,
    train_shapes,
    train_vgg16_gap,
    train_vqa,
)
from weights.recipes.command import SHIPPED, drawn
from weights.recipes.shapes_world import questions, sentences

UNSEEN = 1000


def before_rounding(name: str, path: Path) -> Layer:
    """The network as it was when training ended: the checkpoint's averaged weights, folded in float32."""
    trained = load(getattr(nets, name)(batchnorm=True), checkpoint.read(path)["average"])
    return load(getattr(nets, name)(), nets.fold(trained))


def measure_shapes(net: Layer, scenes: int = UNSEEN) -> dict[str, float]:
    """{'macro_f1', 'accuracy'} on scenes of the world's stream `test`, which no training sees."""
    return train_shapes.measure(net, *train_shapes.draw(scenes, "test"))


def measure_captioner(net: Layer, scenes: int = UNSEEN) -> dict[str, float]:
    """{'accuracy'}"""
    return train_captioner.measure(net, *drawn(sentences.batch, scenes, "test"))


def measure_vqa(net: Layer, scenes: int = UNSEEN) -> dict[str, float]:
    """{'accuracy', and that of each type of question}: one of each type about every scene that has an
    answer to one.
    """
    pictures, asked = zip(*questions.one_of_each(range(scenes), "test"))
    right, types = train_vqa.right(net, np.stack(pictures), asked), np.array([q.type for q in asked])
    return {"accuracy": right.mean(), **{type: right[types == type].mean() for type in questions.TYPES}}


def measure_dense_captioner(net: Layer, scenes: int = UNSEEN) -> dict[str, float]:
    """{'recall', 'accuracy', 'precision'}"""
    return train_dense_captioner.measure(net, *train_dense_captioner.draw(scenes, "test"))


def measure_photos(net: Layer, path: Path, pictures: int | None = None) -> dict[str, float]:
    """{'accuracy'} on the first pictures of Imagenette's `val`, in an order that mixes the classes
    (default: on all of them).
    """
    x, labels = imagenette.read(path, "val")
    chosen = np.random.default_rng(0).permutation(len(x))[:pictures]
    return {"accuracy": train_mini_vgg.accuracy(net, x[chosen], labels[chosen])}


def measure_boxed(net: Layer, path: Path) -> dict[str, float]:
    """{'accuracy'} on the 500 photos with boxes, at 96 pixels, which no training sees."""
    return {"accuracy": train_mini_vgg.accuracy(net, *imagenette.read(path, "loc"))}


def measure_vgg16_gap(net: Layer, path: Path, pictures: int | None = None) -> dict[str, float]:
    """{'accuracy'} on the first photos with boxes (default: on all 500), at 224 pixels."""
    x, labels = imagenette.read(path)
    chosen = np.random.default_rng(0).permutation(len(x))[:pictures]
    scores = predict(net, lambda n: train_vgg16_gap.enlarged(x[chosen[n]]), len(chosen), size=8)
    return {"accuracy": float(top1(scores, labels[chosen]).mean())}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m weights.recipes.check",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, help="imagenette_96_jpeg.npz; without it mini_vgg is left out")
    parser.add_argument("--boxed", type=Path, help="imagenette_loc_224_jpeg.npz")
    parser.add_argument("--convolutions", type=Path, help="a file with VGG-16's published convolutions")
    parser.add_argument(
        "--checkpoint",
        type=Path,
        action="append",
        default=[],
        help="mini_vgg.npz or shapes.npz as training left it",
    )
    asked = parser.parse_args(arguments)
    said = {path.stem: path for path in asked.checkpoint}
    tasks = {
        "shapes": measure_shapes,
        "captioner": measure_captioner,
        "vqa": measure_vqa,
        "dense_captioner": measure_dense_captioner,
    }
    if asked.data:
        for name in ("mini_vgg", "mini_resnet"):
            tasks[name] = lambda net: measure_photos(net, asked.data)
    for name, measure in tasks.items():
        report(
            f"{name} ({(SHIPPED / f'{name}.npz').stat().st_size / 1e6:.2f} MB)", measure(weights.load(name))
        )
        if name in said:
            report(f"{name} before rounding to float16", measure(before_rounding(name, said[name])))
    if asked.boxed:
        if asked.data:
            for name in ("mini_vgg", "mini_resnet"):
                report(f"{name} on the 500 with boxes", measure_boxed(weights.load(name), asked.data))
        net = weights.load("vgg16_gap", asked.convolutions)
        report("vgg16_gap on the 500 with boxes", measure_vgg16_gap(net, asked.boxed))


def report(what: str, figures: Mapping[str, float]) -> None:
    print(f"{what}: " + ", ".join(f"{key} {100 * value:.2f} %" for key, value in figures.items()))


if __name__ == "__main__":
    main()
