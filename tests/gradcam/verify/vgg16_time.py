"""A whole verification of VGG-16's Grad-CAM at 224 pixels, from a live PyTorch model: seconds and memory.

    python -m tests.gradcam.verify.vgg16_time --out tests/results/verify_vgg16.txt

Three results are compared with the reference, each in a process of its own: the right one, one with one
mistake, one with two.  The model is written as torchvision writes it (in-place ReLUs), its weights are drawn,
and everything is float32, as users have it.
"""

import argparse
import multiprocessing
import os
import platform
import re
import resource
import time
from pathlib import Path

LAYERS = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M")
LAYER, SIDE = "features.28", 224
BOUNDS = {
    "equal": ("equal", 30),
    "one cause": ("differs", 30),
    "two causes": ("differs", 300),
}  # the verdict, seconds
GIB = 4
TRUE = {
    "one cause": "softmax instead of scores",
    "two causes": "softmax instead of scores AND absolute value instead of the final ReLU",
}


def vgg16():
    """Simonyan & Zisserman 2014, configuration D, as torchvision builds it."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    features, channels = [], 3
    for c in LAYERS:
        features += (
            [nn.MaxPool2d(2)] if c == "M" else [nn.Conv2d(channels, c, 3, padding=1), nn.ReLU(inplace=True)]
        )
        channels = channels if c == "M" else c
    classifier = [
        nn.Linear(512 * 7 * 7, 4096),
        nn.ReLU(inplace=True),
        nn.Dropout(),
        nn.Linear(4096, 4096),
        nn.ReLU(inplace=True),
        nn.Dropout(),
        nn.Linear(4096, 1000),
    ]
    model = nn.Sequential()
    model.features, model.avgpool, model.flatten = (
        nn.Sequential(*features),
        nn.AdaptiveAvgPool2d(7),
        nn.Flatten(),
    )
    model.classifier = nn.Sequential(*classifier)
    for m in model.modules():
        if isinstance(m, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
            nn.init.normal_(m.bias, std=0.05)
    nn.init.normal_(classifier[-1].weight, std=0.01)  # so that no class has all of the probability
    return model.eval(), torch.randn(1, 3, SIDE, SIDE)


def results(model, x):
    """-> (class, {case: map}), in float32; a class whose map is positive here and negative there."""
    from tests.gradcam.verify.museum.right import Case, at_layer, score, weigh

    raw = {c: weigh(*at_layer(Case(model, x, c, LAYER, "grad_cam"))) for c in range(3)}
    c = max(raw, key=lambda c: min(float((raw[c] > 0).double().mean()), float((raw[c] < 0).double().mean())))
    soft = weigh(
        *at_layer(Case(model, x, c, LAYER, "grad_cam"), start=lambda case, y: score(case, y.softmax(1)))
    )
    return c, {"equal": raw[c].relu(), "one cause": soft.relu(), "two causes": soft.abs()}


def measured(case):
    """One verification -> a dict of what it took."""
    import torch

    from gradcam import verify

    torch.manual_seed(0)
    model, x = vgg16()
    c, maps = results(model, x)
    begun = resident()
    wall, cpu = time.monotonic(), sum(os.times()[:2])
    verdict = verify.torch(model, x, c, "grad_cam", LAYER, maps[case])
    wall, cpu = time.monotonic() - wall, sum(os.times()[:2]) - cpu
    return {
        "case": case,
        "verdict": verdict.kind,
        "causes": [" AND ".join(cause.names) for cause in verdict.causes],
        "wall": wall,
        "processor": cpu,
        "before": begun,
        "peak": peak(),
    }


def resident():
    """GiB in use now."""
    return status("VmRSS")


def peak():
    """GiB that this process has ever had in use at once."""
    return status("VmHWM")


def status(field):
    text = Path("/proc/self/status")
    found = text.exists() and re.search(rf"{field}:\s+(\d+) kB", text.read_text())
    return int(found[1]) / 2**20 if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def holds(row):
    """Whether a row shows what it must."""
    kind, seconds = BOUNDS[row["case"]]
    named = row["case"] not in TRUE or any(
        set(TRUE[row["case"]].split(" AND ")) == set(c.split(" AND ")) for c in row["causes"]
    )
    return row["verdict"] == kind and named and row["wall"] < seconds and row["peak"] < GIB


def as_text(rows):
    load = f"load {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    lines = [
        "VGG-16, Grad-CAM at the last convolution, 224 pixels, from a live model in float32 to the verdict",
        f"made by: python -m tests.gradcam.verify.vgg16_time; Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, {load}",
        "",
        f"{'result':<12} {'verdict':<9} {'seconds':>8} {'of':>4} {'processor s':>12} {'GiB, model':>11} "
        f"{'GiB, peak':>10} {'of':>3}",
    ]
    for r in rows:
        lines.append(
            f"{r['case']:<12} {r['verdict']:<9} {r['wall']:>8.1f} {BOUNDS[r['case']][1]:>4} "
            f"{r['processor']:>12.1f} "
            f"{r['before']:>11.2f} {r['peak']:>10.2f} {GIB:>3}  {'holds' if holds(r) else 'FAILS'}"
        )
    lines += ["", *(f"{r['case']}: {' / '.join(r['causes'])}" for r in rows if r["causes"])]
    return "\n".join(lines) + "\n"


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m tests.gradcam.verify.vgg16_time", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--only", nargs="+", choices=BOUNDS, default=list(BOUNDS))
    parser.add_argument("--out", metavar="FILE")
    args = parser.parse_args(argv)
    rows = []
    for case in args.only:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            rows.append(pool.apply(measured, (case,)))
        print(rows[-1], flush=True)
    text = as_text(rows)
    print(text)
    if args.out:
        Path(args.out).write_text(text, "utf-8")
    return 0 if all(map(holds, rows)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
