"""How alike Grad-CAM from the score and from the probability are, on photos, by how
sure the network is.

    python -m lessons.measured.scores_or_probabilities --data FOLDER [--pictures 400]

FOLDER: of imagenette_96_jpeg.npz and imagenette_loc_224_jpeg.npz.  Prints the tables
that lesson 4 quotes; stored beside this file as scores_or_probabilities.txt.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

import weights
from gradcam import grad_cam
from gradcam.image import prepare
from gradcam.measure import Photos, spearman
from minicnn import Softmax, Tensor, find
from minicnn.layer import Layer
from weights.recipes import imagenette

COMMAND = "python -m lessons.measured.scores_or_probabilities --data FOLDER"


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


def table(found: np.ndarray, of: str) -> Iterator[str]:
    """found (n, 2): rank correlation, probability; of: which network and photos ->
    lines of text.
    """
    yield f"{of}: {len(found)} photos, Grad-CAM before its ReLU"
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
        "--data",
        required=True,
        type=Path,
        metavar="FOLDER",
        help="imagenette_96_jpeg.npz and imagenette_loc_224_jpeg.npz lie in it",
    )
    parser.add_argument(
        "--pictures",
        type=int,
        default=400,
        help="how many, spread over the file; default: 400",
    )
    args = parser.parse_args()
    print(f"run by: {COMMAND}")
    for name, of, photos in [
        ("mini_vgg", "mini_vgg, ten unlike classes", small),
        ("squeezenet", "SqueezeNet, a thousand classes", large),
    ]:
        net = weights.load(name)
        x = photos(args.data, net)
        some = range(0, len(x), max(len(x) // args.pictures, 1))[: args.pictures]
        found = [alike(net, x[n]) for n in tqdm(some, desc=name)]
        print("\n".join(table(np.array(found), of)))


def small(folder: Path, net: Layer) -> np.ndarray:
    """Imagenette's photos for validation, at 96 px."""
    pictures, _ = imagenette.read(folder / "imagenette_96_jpeg.npz", "val")
    x = imagenette.normalise(pictures.transpose(0, 3, 1, 2) / 255.0)
    return x[:, None].astype(np.float32)


def large(folder: Path, net: Layer) -> list[np.ndarray]:
    """500 others, larger."""
    photos = Photos(folder / "imagenette_loc_224_jpeg.npz", net.card)
    return [prepare(photos[n].picture, photos.preprocessing) for n in range(500)]


if __name__ == "__main__":
    main()
