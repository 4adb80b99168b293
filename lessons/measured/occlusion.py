"""How well maps agree with occlusion: where the peak is, and by how much, on scenes and
on photos; and what occlusion costs.

    python -m lessons.measured.occlusion --data FOLDER [--networks shapes squeezenet]
        vgg16_gap=FILE: VGG-16's published convolutions, with the last layer that ships

Prints the table that lesson 14 quotes; stored beside this file as occlusion.txt.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import weights
from gradcam import (
    grad_cam,
    guided_backprop,
    input_times_gradient,
    occlusion,
    saliency,
    upsample,
)
from gradcam.measure import spearman
from gradcam.measure.measures.rank_correlation import windows
from gradcam.methods.guided_grad_cam import localise
from lessons.measured.cases import (
    Case,
    arguments,
    cases,
    command,
    measured,
    opened,
    said,
)
from minicnn import Tensor, find
from minicnn.layer import Layer

COMMAND = "python -m lessons.measured.occlusion --data FOLDER"
WINDOWS = {"shapes": (16, 8), "mini_vgg": (16, 8)}  # window, stride: pixels
LARGE = (57, 28)  # of photos of 224 pixels and more


def maps(net: Layer, p: np.ndarray, c: int) -> dict[str, np.ndarray]:
    """p (1, 3, H, W) -> {map: (H, W) >= 0}; the last two are controls, for which no
    network is needed.
    """
    x, size = Tensor(p, "x"), p.shape[2:]
    y = net(x)
    guided, L = guided_backprop(y, c, x), grad_cam(y, c, find(y, net.card.layer))
    rows, columns = (np.linspace(-1, 1, n) for n in size)
    return {
        "Grad-CAM": upsample(L[0], size),
        "Guided Grad-CAM": abs(localise(guided, L)[0]).sum(axis=0),
        "guided backprop": abs(guided[0]).sum(axis=0),
        "saliency": saliency(y, c, x)[0],
        "input x gradient": abs(input_times_gradient(y, c, x)[0]).sum(axis=0),
        "edges (control)": np.hypot(*np.gradient(p[0], axis=(1, 2))).sum(axis=0),
        "middle (control)": np.exp(-(rows[:, None] ** 2 + columns**2)),
    }


def agreement(
    map: np.ndarray, falls: np.ndarray, mask: np.ndarray, window: int, stride: int
) -> tuple[float, float, float, float]:
    """map (H, W) >= 0; falls (rows, columns); mask (H, W) of bool, the object -> rank
    correlation of all windows and of those that touch it, Pearson's correlation,
    whether the map's best window is at most one step from occlusion's.
    """
    places = windows(map.shape, window, stride)
    inside = np.array([map[at].mean() for at in places])
    touch = np.array([mask[at].any() for at in places])
    ours, theirs = (
        np.unravel_index(np.argmax(values), falls.shape) for values in (inside, falls)
    )
    near = max(abs(np.subtract(ours, theirs))) <= 1
    flat = falls.ravel()
    linear = np.corrcoef(inside, flat)[0, 1] if inside.any() else 0.0
    return (
        spearman(inside, flat),
        spearman(inside[touch], flat[touch]),
        linear,
        float(near),
    )


def compared(
    net: Layer, case: Case, window: int, stride: int
) -> dict[str, tuple[float, ...]]:
    """{map: its agreement with occlusion}; "windows": the share that touches the
    object, and of the others the share that moves the score by next to nothing.
    """
    p, c, object_ = case.x, case.classes[0], case.truth[0]
    fill = p.mean() if net.card.name == "shapes" else 0.0
    falls = occlusion(net, p, c, window, stride, fill=fill, average="none")[0]
    places = windows(object_.shape, window, stride)
    touch = np.array([object_[at].any() for at in places])
    still = (abs(falls.ravel()) < 0.05 * falls.max())[~touch]
    share = float(still.mean()) if still.size else np.nan
    return {"windows": (float(touch.mean()), share)} | {
        name: agreement(map, falls, object_, window, stride)
        for name, map in maps(net, p, c).items()
    }


def rows(name: str, net: Layer, given: list[Case], kept: Path | None) -> Iterator[str]:
    """Lines of the table, one for each map."""
    window, stride = WINDOWS.get(name, LARGE)
    found = measured(name, lambda of: compared(net, of, window, stride), given, kept)
    share, still = np.nanmean([each.pop("windows") for each in found], axis=0)
    yield (
        f"{name}, {len(given)} pictures, windows of {window} every {stride} pixels; "
        f"{share:.0%} of the windows touch the object, and of the others {still:.0%} "
        "move the score by less than 5 % of the largest fall"
    )
    for of in found[0]:
        every, touching, linear, near = zip(*(each[of] for each in found))
        yield (
            f"{of:17} {said(near, '{:.0%}'):>17} {said(linear):>20}"
            f" {said(touching):>20} {np.mean(every):8.2f}"
        )


def cost(name: str, window: int = 15, stride: int = 8) -> str:
    """What occlusion costs beside Grad-CAM, in seconds of the processor.  Weights are
    random: the time does not depend on them.
    """
    net = weights.build(name).initialise(0)
    layer, side = weights.card(name).layer, weights.card(name).preprocessing.crop
    x = np.random.default_rng(0).normal(size=(1, 3, side, side)).astype(np.float32)
    passes = len(windows((side, side), window, stride)) + 1

    def by_gradient():
        y = net(Tensor(x, "x"))
        return grad_cam(y, 0, find(y, layer))

    once, eight = seconds(by_gradient), seconds(lambda: net(np.repeat(x, 8, axis=0)))
    return (
        f"{name:10} at {side} pixels, windows of {window} every {stride}: {passes} "
        f"passes; {passes * eight / 8:.0f} s of the processor, Grad-CAM {once:.2f} s: "
        f"{passes * eight / 8 / once:.0f} times as much"
    )


def seconds(f, times: int = 3) -> float:
    """The least processor time of some runs."""
    found = []
    for _ in range(times):
        started = time.process_time()
        f()
        found.append(time.process_time() - started)
    return min(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments(parser, networks=("shapes", "squeezenet"))
    parser.add_argument(
        "--cost",
        nargs="*",
        default=("squeezenet", "vgg16", "vgg16_gap"),
        metavar="NAME",
        help="default: squeezenet vgg16 vgg16_gap",
    )
    args = parser.parse_args()
    costs = ["--cost", *args.cost] if args.cost != parser.get_default("cost") else []
    print(" ".join(["run by:", command(COMMAND, parser, args), *costs]))
    print(
        f"{'':17} {'peak at most one':>17} {'Pearson, all':>20}"
        f" {'rank, windows that':>20} {'rank,':>8}\n"
        f"{'':17} {'step away':>17} {'windows':>20} {'touch the object':>20} {'all':>8}"
    )
    for each in args.networks:
        name, net = opened(each)
        given = list(cases(net, args.data, args.pictures, shapes=1, first=1400))
        print("\n".join(rows(name, net, given, args.kept)), flush=True)
    for name in args.cost:
        print(cost(name))


if __name__ == "__main__":
    main()
