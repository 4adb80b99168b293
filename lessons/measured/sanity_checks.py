"""Which maps notice that the network was randomised, and which are like the edges of
the bare picture, on 60 scenes, with intervals.

    python -m lessons.measured.sanity_checks [--pictures 60]

Three draws of random weights, a third of the scenes each.  Prints the tables that
lesson 15 quotes; stored beside this file as sanity_checks.txt.
"""

from __future__ import annotations

import argparse

import numpy as np
from tqdm import tqdm

from gradcam import (
    deconvnet,
    grad_cam,
    gradient,
    guided_backprop,
    input_times_gradient,
    upsample,
)
from gradcam.measure import layers_with_weights, randomised, spearman
from lessons.measured.cases import said
from lessons.scenes import LAYER, network, scenes
from minicnn import Tensor, find
from minicnn.layer import Layer

COMMAND = "python -m lessons.measured.sanity_checks"
FINE = {
    "gradient": gradient,
    "deconvnet": deconvnet,
    "guided backprop": guided_backprop,
    "input x gradient": input_times_gradient,
}
SHOWN = (1, 4, -2, -1)  # of the cascade: the last layer, four, all but one, all
DRAWS = 3


def edges(p: np.ndarray) -> np.ndarray:
    """p (3, H, W) -> the size of the picture's own slope (H, W)"""
    return np.hypot(*np.gradient(p, axis=(1, 2))).sum(axis=0)


def maps(net: Layer, p: np.ndarray, c: int) -> dict[str, np.ndarray]:
    """p (1, 3, H, W) -> {method: |M| (H, W)}"""
    x = Tensor(p, "x")
    y = net(x)
    fine = {name: abs(f(y, c, x)[0]).sum(axis=0) for name, f in FINE.items()}
    large = upsample(grad_cam(y, c, find(y, LAYER))[0], p.shape[2:])
    return fine | {"Grad-CAM": large}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=60, help="default: 60")
    args = parser.parse_args()
    net = network()
    _, x, classes, _ = scenes(args.pictures, first=1500, shapes=1)
    layers, alike, like = layers_with_weights(net), {}, {}
    for seed in range(DRAWS):
        cascade = randomised(net, "cascading", seed)
        for n in tqdm(range(seed, args.pictures, DRAWS), desc=f"draw {seed}"):
            p, c = x[n : n + 1], int(classes[n, 0])
            slope, trained = edges(p[0]), maps(net, p, c)
            drawn = [maps(cascade[k - 1 if k > 0 else k], p, c) for k in SHOWN]
            for name, M in trained.items():
                values = [spearman(each[name], M) for each in drawn]
                alike.setdefault(name, []).append(values)
                values = [spearman(of[name], slope) for of in (trained, drawn[2])]
                like.setdefault(name, []).append(values)
    upto = [layers[k - 1 if k > 0 else k] for k in SHOWN]
    print(f"run by: {COMMAND}")
    print(f"{args.pictures} scenes, {DRAWS} draws; rank correlation of |M|, 95 %")
    print(f"{'random down to':17}", *(f"{name:>20}" for name in upto))
    for name, values in alike.items():
        print(f"{name:17}", *(f"{said(each):>20}" for each in zip(*values)))
    print("\nwith the edges of the bare picture")
    print(
        f"{'':17} {'trained':>20} {f'random but {layers[-1]}':>20} {'difference':>20}"
    )
    for name, values in like.items():
        trained, random = np.array(values).T
        three = said(trained), said(random), said(random - trained)
        print(
            f"{name:17}",
            *(f"{each:>20}" for each in three),
            f" larger in {(random > trained).sum()} of {len(values)}",
        )


if __name__ == "__main__":
    main()
