"""Whole verifications of published architectures from live modules: scores, verdicts, seconds, memory.

    python -m tests.gradcam.verify.real_networks --out tests/results/verify_networks.md

Weights are drawn at random.  Seconds on the clock, of a machine busy with other work; processor seconds are
of all threads together.
"""

import argparse
import multiprocessing
import os
import resource
import time
from pathlib import Path

import numpy as np

NETWORKS = {  # name: (side of the input, Grad-CAM's layer, options)
    "squeezenet1_0": (224, "features.12", {}),
    "resnet18": (224, "layer4", {}),
    "vgg16": (224, "features.28", {}),
    "googlenet": (224, "inception5b", {"init_weights": False}),
    "densenet121": (224, "features", {}),
    "efficientnet_b0": (224, "features.8", {}),
}
COLUMNS = (
    "network",
    "scores, relative",
    "right result",
    "seconds (processor)",
    "a mistake: ReLU on the activation or the weights",
    "seconds (processor)",
    "memory",
)
HEADER = f"| {' | '.join(COLUMNS)} |"


def row(name):
    """One network's line of the table, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measured, (name,))


def measured(name):
    import torch

    from gradcam import verify
    from minicnn import Tensor
    from tests.gradcam.verify.museum.right import Case, at_layer, weigh
    from tests.support.torchvision_models import models
    from weights.graphs.torch import from_torch

    side, layer, options = NETWORKS[name]
    torch.manual_seed(0)
    model, x = getattr(models, name)(weights=None, **options).eval(), torch.randn(1, 3, side, side)
    case = Case(model, x, 3, layer, "grad_cam")
    A, dA = at_layer(case)
    c = max(
        range(3, 9),
        key=lambda c: float((weigh(*at_layer(Case(model, x, c, layer, "grad_cam"))) > 0).double().mean()),
    )
    A, dA = at_layer(Case(model, x, c, layer, "grad_cam"))
    right, wrong = (
        weigh(A, dA).relu(),
        weigh(A.relu(), dA.relu()) if A.min() >= 0 else weigh(A.relu(), dA).relu(),
    )
    verdicts = [timed(lambda r=r: verify.torch(model, x, c, "grad_cam", layer, r)) for r in (right, wrong)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    ours = from_torch(model, x)(Tensor(x.double().numpy(), "x")).data
    with torch.no_grad():
        theirs = model.double()(x.double()).numpy()
    apart = np.abs(ours - theirs).max() / np.abs(theirs).max()
    cells = []
    for verdict, wall, cpu in verdicts:
        said = verdict.kind + (f": {'; or '.join(map(str, verdict.causes))}" if verdict.causes else "")
        cells += [said, f"{wall:.0f} ({cpu:.1f})"]
    return f"| {name} | {apart:.0e} | " + " | ".join(cells) + f" | {peak:.1f} GiB |"


def timed(f):
    wall, cpu = time.monotonic(), sum(os.times()[:2])
    value = f()
    return value, time.monotonic() - wall, sum(os.times()[:2]) - cpu


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m tests.gradcam.verify.real_networks", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--only", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--out", metavar="FILE")
    args = parser.parse_args(argv)
    lines = [
        "# Whole verifications of published architectures",
        "",
        *__doc__.strip().splitlines()[2:],
        "",
        HEADER,
        "|---" * 7 + "|",
    ]
    for name in args.only:
        lines.append(row(name))
        print(lines[-1], flush=True)
    if args.out:
        Path(args.out).write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
