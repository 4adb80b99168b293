"""Five mistakes of an import, on photos: what accuracy says of them, and the scores.

    python -m lessons.measured.import_mistakes --data FOLDER [--networks squeezenet ...]
        vgg16_gap=FILE: VGG-16's published convolutions, with the last layer that ships

The mistakes of lesson 16, which makes them on scenes.  Prints the table that it quotes;
stored beside this file as import_mistakes.txt.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from lessons.measured.cases import (
    Case,
    arguments,
    cases,
    command,
    measured,
    opened,
    said,
)
from minicnn.layer import Layer

COMMAND = "python -m lessons.measured.import_mistakes --data FOLDER"
Scores = Callable[[np.ndarray], np.ndarray]


def mistakes(net: Layer) -> dict[str, Scores]:
    """{what was done wrong: the scores of a picture x, prepared as it should be}"""
    known = net.card.preprocessing
    mean, deviation = (np.reshape(v, (3, 1, 1)) for v in (known.mean, known.std))
    scale = 255.0 if known.scale == 1 else 1 / known.scale  # the one it does not want

    def of_kernels(change: Scores) -> Layer:
        return net.map(lambda a: change(a).copy() if a.ndim == 4 else a)

    def of_pixels(change: Scores) -> Scores:
        return lambda x: net(change(x * deviation + mean).astype(np.float32))

    return {
        "right": net,
        "transposed": of_kernels(lambda W: W.swapaxes(2, 3)),
        "turned": of_kernels(lambda W: W[:, :, ::-1, ::-1]),
        "colours exchanged": of_pixels(lambda p: (p[:, ::-1] - mean) / deviation),
        "not normalised": of_pixels(lambda p: p),
        "other scale": of_pixels(lambda p: (scale * p - mean) / deviation),
    }


def judged(networks: dict[str, Scores], case: Case) -> dict[str, list[float]]:
    """{mistake: [1 if the best class is the photo's own, how far the scores are off, in
    shares of their size]}
    """
    y = {name: f(case.x) for name, f in networks.items()}
    size = np.linalg.norm(y["right"])
    return {
        name: [
            float(scores.argmax() == case.classes[0]),
            float(np.linalg.norm(scores - y["right"]) / size),
        ]
        for name, scores in y.items()
    }


def rows(net: Layer, given: list[Case], kept: Path | None) -> Iterator[str]:
    networks = mistakes(net)
    found = measured(net.card.name, lambda of: judged(networks, of), given, kept)
    for name in networks:
        hits, off = zip(*(each[name] for each in found))
        yield f"{name:20} {said(hits, '{:.0%}'):>17} {np.median(off):14.0%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments(parser, 200, ("mini_vgg", "squeezenet"))
    args = parser.parse_args()
    print(f"run by: {command(COMMAND, parser, args)}")
    for each in args.networks:
        name, net = opened(each)
        given = list(cases(net, args.data, args.pictures))
        print(f"{name}, {len(given)} photos{'':5} right, and 95 %    scores off by")
        print("\n".join(rows(net, given, args.kept)), flush=True)


if __name__ == "__main__":
    main()
