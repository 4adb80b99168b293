"""How alike Grad-CAM from the score and from the probability are, on photos, by how
sure the network is.

    python -m lessons.measured.scores_or_probabilities --data FILE [--pictures 400]

FILE: imagenette_96_jpeg.npz.  Prints the table that lesson 4 quotes; stored beside this
file as scores_or_probabilities.txt.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np

import weights
from gradcam import grad_cam
from gradcam.measure import spearman
from minicnn import Softmax, Tensor, find
from minicnn.layer import Layer
from weights.recipes import imagenette

COMMAND = "python -m lessons.measured.scores_or_probabilities --data FILE"


def alike(net: Layer, x: np.ndarray) -> tuple[float, float]:
    """x (1, 3, H, W) -> (rank correlation of the two maps of the best class before
    their ReLU, its probability)
    """
    y = net(Tensor(x, "x"))
    c, A = int(y.data[0].argmax()), find(y, net.card.layer)
    maps = [
        grad_cam(y, c, A, start=start, relu=False) for start in ("score", "probability")
    ]
    return spearman(*maps), float(Softmax()(y.data)[0, c])


def table(found: np.ndarray) -> Iterator[str]:
    """found (n, 2): rank correlation, probability -> lines of text."""
    yield (
        f"mini_vgg on {len(found)} photos of Imagenette's val, Grad-CAM before its "
        "ReLU, from score and from probability"
    )
    yield f"run by: {COMMAND}"
    yield f"{'probability':15} photos   median rank correlation   below 0.5   above 0.9"
    for low, high in [(0, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 1.001), (0, 1.001)]:
        rank = found[(found[:, 1] >= low) & (found[:, 1] < high), 0]
        name = "all" if high - low > 1 else f"{low:.2f} to {min(high, 1):.2f}"
        yield (
            f"{name:15} {len(rank):6} {np.median(rank):25.2f} "
            f"{(rank < 0.5).mean():11.0%} {(rank > 0.9).mean():11.0%}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", required=True, metavar="FILE", help="imagenette_96_jpeg.npz"
    )
    parser.add_argument(
        "--pictures",
        type=int,
        default=400,
        help="how many, spread over the file; default: 400",
    )
    args = parser.parse_args()
    net = weights.load("mini_vgg").astype(np.float64)
    net.card = weights.card("mini_vgg")
    pictures, _ = imagenette.read(args.data, "val")
    some = pictures[:: max(len(pictures) // args.pictures, 1)][: args.pictures]
    x = imagenette.normalise(some.transpose(0, 3, 1, 2) / 255.0)
    for line in table(np.array([alike(net, one[None]) for one in x])):
        print(line)


if __name__ == "__main__":
    main()
