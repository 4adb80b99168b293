"""How localisation changes with depth: Grad-CAM at every stage of a network, in figures.

Selvaraju et al. 2017 show it on one photo.

    python -m gradcam.measure.study.depth --data ../shared
        SqueezeNet, ResNet-20 and -56, mini_vgg, mini_resnet, shapes
    python -m gradcam.measure.study.depth --data ../shared --only squeezenet
    python -m gradcam.measure.study.depth --report
        only write layers.md and layers.png, from the rows that are there

Without --data there is `shapes` alone, which needs none.  May be interrupted at any moment, and goes on where
it was: rows are kept as they come, in checkpoints/layers/.  The page: depth_page.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import weights
from gradcam.measure.case import Case
from gradcam.measure.measures import MEASURES
from gradcam.measure.pictures.cifar import Cifar
from gradcam.measure.pictures.example import Pictures
from gradcam.measure.pictures.grids import PhotoGrids
from gradcam.measure.pictures.photos import Photos
from gradcam.measure.pictures.scenes import Scenes
from gradcam.measure.study import depth_page, run
from gradcam.measure.study.collect import collect
from gradcam.measure.study.one_picture import row
from gradcam.measure.study.rows_file import read
from gradcam.methods.grad_cam import combine
from minicnn import Tensor, backward, find, one_hot
from minicnn.convolution.fast.memory import keep_memory
from minicnn.layer import Layer

BOXED, MASKED = (
    ("pointing_game", "energy_pointing_game", "localisation"),
    ("pointing_game", "energy_pointing_game"),
)
GRID, WHOLE = ("pointing_game", "grid_pointing_game"), ("rank_correlation",)
KNOWN = 1000  # pictures of CIFAR-10 from which grids are made


@dataclass(frozen=True, eq=False)
class Study:
    """One network on one set of pictures.

    layers: from the first to the last; weights, pictures: files in the data folder (None: none).
    """

    name: str
    network: str
    layers: tuple[str, ...]
    measures: tuple[str, ...]
    n: int
    says: str
    weights: str | None = None
    pictures: str | None = None

    def data(self, folder: Path | None, net: Layer) -> Pictures:
        """-> the pictures, one Example each"""
        if self.pictures is None:
            return Scenes(self.n, net.card)
        path = folder / self.pictures
        if "cifar" not in self.pictures:
            return Photos(path, net.card)
        alone = Cifar(path, net.card, KNOWN if self.measures == GRID else self.n)
        return (
            PhotoGrids(alone, net, run.certainty(net, alone, progress=False), self.n)
            if self.measures == GRID
            else alone
        )


def _stages(blocks):
    return ("relu", *(f"layer{stage}.{block}" for stage in (1, 2, 3) for block in range(blocks)))


VGG = ("relu1_1", "relu2_1", "relu3_1", "relu3_2", "relu4_1", "relu4_2")
IN_BOXES = "Imagenette photos with the boxes of ILSVRC 2012 around the class"
GRIDS = """\
Grids of 2 x 2 CIFAR-10 pictures, each recognised alone; the input is 64 x 64, and the truth is the cell \
of the class."""
ALONE = """\
CIFAR-10 test pictures, 32 x 32, without boxes: does the map rank patches of 4 x 4 pixels as covering each \
of them does?"""
SCENES = "Scenes of the shapes world's stream `test`; the truth is exactly what can be seen of one shape."
STUDIES = (
    Study(
        *(
            "squeezenet",
            "squeezenet",
            ("relu_conv1", *(f"fire{i}" for i in range(2, 10)), "relu_conv10"),
            BOXED,
            500,
        ),
        *(
            f"{IN_BOXES}, squashed to 227 x 227.",
            "weights/squeezenet_v1_0.npz",
            "data/imagenette_loc_224_jpeg.npz",
        ),
    ),
    Study(*("shapes", "shapes", (*VGG, "relu5_1"), MASKED, 500, SCENES)),
    Study(
        *("mini_vgg", "mini_vgg", VGG, BOXED, 500),
        *(f"{IN_BOXES}, squashed to 96 x 96.", None, "data/imagenette_loc_96_decoded.npz"),
    ),
    Study(
        "mini_resnet",
        "mini_resnet",
        ("relu", *(f"layer{stage}.{block}" for stage in (1, 2, 3, 4) for block in (0, 1))),
        *(BOXED, 500, f"{IN_BOXES}, squashed to 96 x 96."),
        *(None, "data/imagenette_loc_96_decoded.npz"),
    ),
    *(
        Study(
            f"resnet{size}_{kind}",
            f"resnet{size}",
            _stages(blocks),
            measures,
            n,
            says,
            file,
            "images/cifar10_test.npz",
        )
        for size, blocks, file in (
            (20, 3, "weights/resnet20-12fca82f.th"),
            (56, 9, "weights/resnet56-4bfd9763.th"),
        )
        for kind, measures, n, says in (("grids", GRID, 300, GRIDS), ("occlusion", WHOLE, 100, ALONE))
    ),
)


class Depths(Case):
    """A picture and the Grad-CAM maps of its class at every layer asked for: `maps` {"grad_cam@fire2": (H,
    W), ...}.
    """

    def _explain(self, methods):
        self.raw = at_every(self.net, self.x, self.c, [method.partition("@")[2] for method in methods])


def at_every(net: Layer, x: np.ndarray, c: int, layers: Iterable[str]) -> dict[str, np.ndarray]:
    """Grad-CAM at several layers, from one forward and one backward pass -> {"grad_cam@layer": map (h, w)}.

    x (1, C, H, W), c: class
    """
    y = net(Tensor(x, "x"))
    A = [find(y, layer) for layer in layers]
    arrived = backward(y, one_hot(y, c), wrt=A)
    return {f"grad_cam@{layer}": combine(dA, a.data)[0] for layer, a, dA in zip(layers, A, arrived)}


def measure(
    study: Study,
    folder: Path | None,
    rows: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> list[dict[str, Any]]:
    """Rows (see `one_picture.row`) of a study's pictures, one for each; rows: the file that keeps them."""
    net = weights.load(study.network, folder / study.weights if study.weights else None)
    data, methods = study.data(folder, net), [f"grad_cam@{layer}" for layer in study.layers]
    known = [MEASURES[name] for name in study.measures]
    settings = {"measures": list(study.measures), "methods": methods, **run.which(net, data)}

    def one(number):
        return row(Depths(net, data[number], data.preprocessing, number, methods, overlap=1), known, {})

    keep_memory()
    return collect(rows, settings, data.numbers[: study.n], one, workers, progress, study.name)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: measure, then write the page.  arguments: instead of those of the command line"""
    raw, names = argparse.RawDescriptionHelpFormatter, [study.name for study in STUDIES]
    parser = argparse.ArgumentParser(
        prog="python -m gradcam.measure.study.depth", description=__doc__, formatter_class=raw
    )
    parser.add_argument(
        "--data", type=Path, help="folder with data/, images/ and weights/; without it, only what needs none"
    )
    parser.add_argument(
        "--rows",
        type=Path,
        default=Path("checkpoints/layers"),
        help="where rows are kept (default: %(default)s)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("tests/results"), help="where the page goes (default: %(default)s)"
    )
    parser.add_argument(
        "--only", nargs="+", choices=names, metavar="STUDY", help=f"some of {', '.join(names)}"
    )
    parser.add_argument("--report", action="store_true", help="measure nothing: write what there is")
    parser.add_argument(
        "--processors", type=int, metavar="N", help="pictures at the same time (default: one for each core)"
    )
    asked = parser.parse_args(arguments)
    files = {study: asked.rows / f"{study.name}.jsonl" for study in STUDIES}
    for study, path in files.items():
        needs_none = not (study.weights or study.pictures)
        if not asked.report and (not asked.only or study.name in asked.only) and (asked.data or needs_none):
            measure(study, asked.data, path, asked.processors)
    depth_page.write(
        {study: found for study, path in files.items() if path.exists() and (found := read(path))}, asked.out
    )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\ninterrupted: the same command goes on here")
