"""This checkout beside another of the same project, alternating: what a change costs.

    python -m tests.benchmarks.old_new OLD [--times 15] [--networks vgg16] [--out FILE.md]
    python -m tests.benchmarks.old_new OLD --networks windows    operations on pictures alone: under 2 minutes

OLD: a folder with the other checkout.  Each has a process of its own, with one thread; they take turns, one
call each, and CPU seconds are compared: the least and the median of all calls, and the median of the ratios
of neighbours, which what else the machine does disturbs least.  Weights of VGG-16 and SqueezeNet
are drawn at random.
"""

import argparse
import datetime
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
LAYERS = {"vgg16": "relu5_3", "squeezenet": "fire9", "mini_vgg": "relu4_2"}
SIZES = {"vgg16": 224, "squeezenet": 227, "mini_vgg": 96}
WORKS = ("forward", "three rules", "panel")
WINDOWS = "windows"  # convolutions and pools of two axes, forward and backward


def picture(np, size, kind):
    """Noise, (1, 3, size, size) float32; on black it fills 60 % of the sides."""
    x = np.random.default_rng(0).standard_normal((1, 3, size, size)).astype(np.float32)
    if kind == "on black":
        ground, edge = np.full_like(x, -1.5), size // 5
        ground[..., edge:-edge, edge:-edge] = x[..., edge:-edge, edge:-edge]
        return ground
    return x


def works(name):
    """{(work, kind): what is timed}, with whatever minicnn and gradcam are on the path."""
    import numpy as np

    if name == WINDOWS:
        return windows(np)
    import gradcam
    import weights
    from gradcam import DECONVNET, GUIDED
    from minicnn import Tensor, backward, nets, one_hot

    net = weights.load(name) if name == "mini_vgg" else getattr(nets, name)().initialise().eval()

    def forward(x):
        net(x)

    def three_rules(x):
        t = Tensor(x, "x")
        y = net(t)
        backward(y, one_hot(y, 7), wrt=t, rules=[{}, DECONVNET, GUIDED])

    def panel(x):
        gradcam.explain(net, x, [7], layer=LAYERS[name])

    x = {kind: picture(np, SIZES[name], kind) for kind in ("noise", "on black")}
    found = dict(zip(WORKS, (forward, three_rules, panel)))
    return {f"{w}, {kind}": (found[w], x[kind]) for w in WORKS for kind in x}


def windows(np):
    """{work: (what is timed, x)}: an operation that slides over rows and columns, and its gx."""
    from minicnn import AvgPool, Conv, MaxPool

    random = np.random.default_rng(0)

    def weights(*shape, dtype="f4"):
        return (random.standard_normal(shape) * 0.1).astype(dtype)

    made = {
        "conv 3x3": (lambda: Conv(1, 1), (weights(64, 64, 3, 3),), (4, 64, 56, 56), "f4"),
        "conv 3x3, stride 2": (lambda: Conv(2, 1), (weights(64, 64, 3, 3),), (4, 64, 56, 56), "f4"),
        "conv 1x1": (lambda: Conv(1, 0), (weights(128, 64, 1, 1),), (8, 64, 56, 56), "f4"),
        "conv 7x7, stride 2": (lambda: Conv(2, 3), (weights(32, 3, 7, 7),), (4, 3, 112, 112), "f4"),
        "depthwise 3x3": (lambda: Conv(1, 1, 1, 64), (weights(64, 1, 3, 3),), (4, 64, 56, 56), "f4"),
        "conv 3x3, float64": (
            lambda: Conv(1, 1),
            (weights(32, 32, 3, 3, dtype="f8"),),
            (2, 32, 28, 28),
            "f8",
        ),
        "max-pool 2x2": (lambda: MaxPool(2), (), (8, 64, 56, 56), "f4"),
        "max-pool 3x3, stride 2": (lambda: MaxPool(3, 2, 1), (), (8, 64, 56, 56), "f4"),
        "max-pool 2x2, float64": (lambda: MaxPool(2), (), (4, 64, 56, 56), "f8"),
        "average-pool 2x2": (lambda: AvgPool(2), (), (8, 64, 56, 56), "f4"),
    }

    def timed(make, others):
        def f(x):
            op = make()
            op.gx(op.forward(x, *others))

        return f

    return {
        name: (timed(make, others), random.standard_normal(shape).astype(dtype))
        for name, (make, others, shape, dtype) in made.items()
    }


def worker(name):
    """Runs what it is told, line by line, and answers CPU seconds."""
    made = works(name)
    print(*made, sep=";", flush=True)
    for line in sys.stdin:
        f, x = made[line.strip()]
        began = time.process_time()
        f(x)
        print(time.process_time() - began, flush=True)


def started(folder, name):
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return subprocess.Popen(
        [sys.executable, __file__, "--worker", name],
        env={**os.environ, **one, "PYTHONPATH": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def compared(old, name, times):
    """Yield (work, [(old, new) CPU seconds])."""
    both = started(old, name), started(HERE, name)
    names, _ = (p.stdout.readline().strip().split(";") for p in both)

    def ask(p, work):
        p.stdin.write(work + "\n")
        p.stdin.flush()
        return float(p.stdout.readline())

    for work in names:
        rounds = [[ask(p, work) for p in (both if i % 2 else both[::-1])] for i in range(times + 1)]
        yield work, [r if i % 2 else r[::-1] for i, r in enumerate(rounds)][1:]
    for p in both:
        p.stdin.close()
        p.wait()


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.old_new",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("old", nargs="?")
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--networks", nargs="+", choices=[*LAYERS, WINDOWS], default=list(LAYERS))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return worker(args.worker)
    commits = [
        subprocess.run(
            ["git", "-C", folder, "rev-parse", "--short", "HEAD"], capture_output=True, text=True
        ).stdout.strip()
        for folder in (args.old, HERE)
    ]
    lines = [
        "# What a change costs",
        "",
        f"`python -m tests.benchmarks.old_new`: commit {commits[0]} (old) and {commits[1]} (new) in turn, "
        f"{args.times} calls each,",
        f"CPU seconds on one thread; {datetime.date.today()}, Python {platform.python_version()}.",
        "",
        "| network | work | old, least | new, least | new / old | of medians | median of neighbours |",
        "|---|---|---|---|---|---|---|",
    ]
    print(*lines, sep="\n")
    for name in args.networks:
        for work, pairs in compared(args.old, name, args.times):
            old, new = zip(*pairs)
            ratios = [
                min(new) / min(old),
                statistics.median(new) / statistics.median(old),
                statistics.median(n / o for o, n in pairs),
            ]
            shown = " | ".join(f"{r:.2f}" for r in ratios)
            lines.append(f"| {name} | {work} | {min(old):.3f} | {min(new):.3f} | {shown} |")
            print(lines[-1], flush=True)
    if args.out:
        args.out.write_text("\n".join(lines) + "\n")
    return None


if __name__ == "__main__":
    main()
