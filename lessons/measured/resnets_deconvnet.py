"""Does the deconvnet signal of a trained ResNet die, too?  ResNet-20 and -56, on photos
of CIFAR-10.

    python -m lessons.measured.resnets_deconvnet --photos FILE --weights FOLDER

FILE: an npz file with `images` (N, 32, 32, 3) uint8; FOLDER: of the published files.
Prints the table that lesson 17 quotes; stored beside this file as
resnets_deconvnet.txt.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

import weights
from gradcam import BACKPROP, DECONVNET, GUIDED, image
from lessons.measured.squeezenet_deconvnet import dies_at
from minicnn import ReLU, Tensor, backward, find, history, one_hot
from minicnn.layer import Layer

COMMAND = "python -m lessons.measured.resnets_deconvnet --photos FILE --weights FOLDER"
FILES = {"resnet20": "resnet20-12fca82f.th", "resnet56": "resnet56-4bfd9763.th"}
RULES = (BACKPROP, DECONVNET, GUIDED)


def negative(net: Layer, x: np.ndarray) -> list[float]:
    """x (1, 3, H, W) -> under backprop, deconvnet, guided backprop: the largest share
    of a ReLU's signals that the rule or the gate sets to zero, over all ReLUs
    """
    y = net(Tensor(x, "x"))
    c = one_hot(y, int(y.data[0].argmax()))
    gates = [t for t in reversed(history(y)) if isinstance(t.op, ReLU)]
    names = [t.op.inputs[0].name for t in gates]
    found = []
    for rules in RULES:
        signals = backward(y, c, wrt=[find(y, n) for n in names], rules=rules)
        found.append(max(float((g == 0).mean()) for g in signals))
    return found


def rows(name: str, net: Layer, photos: np.ndarray) -> Iterator[str]:
    x = [
        image.prepare(np.asarray(Image.fromarray(p)), net.card.preprocessing)
        for p in photos
    ]
    found = [dies_at(net, one) for one in tqdm(x, desc=name)]
    zero = np.mean([negative(net, one) for one in x[:40]], axis=0)
    yield (
        f"{name}: {len(found)} photos; exactly zero at the picture: deconvnet on "
        f"{sum(at is not None for at, _ in found)}, guided backprop on "
        f"{sum(not guided for _, guided in found)}"
    )
    yield (
        f"{'':10}most of a ReLU's signals that are zero (mean of 40 photos): "
        f"backprop {zero[0]:.0%}, deconvnet {zero[1]:.0%}, guided {zero[2]:.0%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, help="an npz file")
    parser.add_argument("--weights", type=Path, required=True, help="a folder")
    parser.add_argument("--pictures", type=int, default=100, help="default: 100")
    args = parser.parse_args()
    with np.load(args.photos, allow_pickle=False) as arrays:
        photos = arrays["images"][: args.pictures]
    print(f"run by: {COMMAND}")
    for name, file in FILES.items():
        net = weights.load(name, args.weights / file)
        print("\n".join(rows(name, net, photos)), flush=True)


if __name__ == "__main__":
    main()
