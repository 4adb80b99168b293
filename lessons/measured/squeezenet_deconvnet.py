"""How often the deconvnet signal of SqueezeNet's best class is exactly zero at the
picture, and at which layer it dies.

    python -m lessons.measured.squeezenet_deconvnet --photos FOLDER [--weights FILE]

Prints the table that lesson 17 quotes; stored beside this file as
squeezenet_deconvnet.txt.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import weights
from gradcam import DECONVNET, GUIDED, image
from minicnn import ReLU, Tensor, backward, find, history, one_hot
from minicnn.layer import Layer

COMMAND = (
    "python -m lessons.measured.squeezenet_deconvnet --photos FOLDER --weights FILE"
)


def dies_at(net: Layer, x: np.ndarray) -> tuple[str | None, bool]:
    """x (1, 3, H, W) -> (layer at whose ReLU the deconvnet signal becomes exactly zero,
    None if it arrives; whether guided backprop does).

    Start: 1 at the best score.
    """
    x = Tensor(x, "x")
    y = net(x)
    c = int(y.data[0].argmax())
    gates = [
        t.op.inputs[0].name for t in reversed(history(y)) if isinstance(t.op, ReLU)
    ]
    *signals, at_x = backward(
        y, one_hot(y, c), wrt=[*(find(y, name) for name in gates), x], rules=DECONVNET
    )
    last = next((name for name, g in zip(gates, signals) if not g.any()), None)
    return (None if at_x.any() else last), bool(
        backward(y, one_hot(y, c), wrt=x, rules=GUIDED).any()
    )


def table(net: Layer, photos: Sequence[Path]) -> Iterator[str]:
    """photos: paths of pictures -> lines of text."""
    found = [
        dies_at(net, image.prepare(image.read(p), net.card.preprocessing))
        for p in photos
    ]
    died = Counter(layer for layer, _ in found if layer)
    yield (
        f"SqueezeNet v1.0, published weights, {len(found)} photos, from the score of "
        "the best class"
    )
    yield f"run by: {COMMAND}"
    yield (
        f"deconvnet       exactly zero at the picture on {sum(died.values())} of "
        f"{len(found)}"
    )
    yield from (
        f"                it dies at the ReLU behind {layer} on {n}"
        for layer, n in died.most_common()
    )
    yield (
        "guided backprop exactly zero at the picture on "
        f"{np.sum([not guided for _, guided in found])} of {len(found)}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--photos", type=Path, required=True, help="a folder of pictures"
    )
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help="SqueezeNet's weights (default: those that ship)",
    )
    args = parser.parse_args()
    photos = sorted(
        p
        for p in args.photos.iterdir()
        if p.suffix.lower() in (".jpg", ".jpeg", ".png")
    )
    for line in table(weights.load("squeezenet", args.weights), photos):
        print(line)


if __name__ == "__main__":
    main()
