"""How far rounding moves what the ReLUs see, ours and PyTorch's in float32, each against float64.

    python -m tests.flat_gates [--networks squeezenet vgg16] [--photos 6]

A gradient map of flat_areas.md differs by 1e-7 where no gate flips, and by up to 1e-2 where one does: so a
median over a few photos tells who was lucky.  The rounding in front of the gates tells who is more exact.
Each picture is a line of tests/results/flat_gates.jsonl; the same command goes on where it was, and writes
tests/results/flat_gates.md.
"""

import argparse
import json

import numpy as np
import torch

from minicnn import Tensor, names
from minicnn.ops import ReLU
from tests.flat_areas import NETWORKS, picture
from tests.support.flat_pictures import KINDS
from tests.support.photos import samples
from tests.support.report import RESULTS

ROWS, PAGE = RESULTS / "flat_gates.jsonl", RESULTS / "flat_gates.md"
HEAD = """# What rounding does to the gates

`python -m tests.flat_gates` goes on where it was, and makes this page from
[flat_gates.jsonl](flat_gates.jsonl).

*Rounding*: the relative L2 distance of a ReLU's input from float64's, in float32; the mean over all ReLUs
and pictures, and `ratio`, ours / PyTorch's.  *Flipped*: gates of ReLUs on another side of 0 than in float64;
the sum over the pictures.  A median of flat_areas.md over a few photos is that of the flips.

| network | pictures | rounding, ours | PyTorch's | ratio | flipped, ours | PyTorch's |
|---|---|---|---|---|---|---|
"""


def moved(subject, x):
    """-> {"ours": (mean rounding in front of the ReLUs, gates that flip), "pytorch": the same}"""
    double = {name: t for name, t in names(subject.double(Tensor(x, "x"))).items() if t is not None}
    single = {
        name: t.data
        for name, t in names(subject.net(Tensor(x.astype(np.float32), "x"))).items()
        if t is not None
    }
    with torch.no_grad():
        weights = {name: w.float() for name, w in subject.tensors.items()}
        theirs = subject.forward(weights, torch.from_numpy(x).float()).maps
    name_of = {id(t): name for name, t in double.items()}
    inputs = [t.op.inputs[0] for t in double.values() if isinstance(t.op, ReLU)]
    seen = [(t.data, name_of[id(t)]) for t in inputs if name_of.get(id(t)) in theirs]
    sides = {"ours": single, "pytorch": {name: z.numpy() for name, z in theirs.items()}}
    found = {}
    for side, maps in sides.items():
        rounding = [np.linalg.norm(maps[name] - z) / np.linalg.norm(z) for z, name in seen]
        flipped = sum(int(((maps[name] > 0) != (z > 0)).sum()) for z, name in seen)
        found[side] = float(f"{np.mean(rounding):.3g}"), flipped
    return found


def rows():
    return [json.loads(line) for line in ROWS.read_text().splitlines()] if ROWS.exists() else []


def line(network, kind, some):
    ours, pytorch = (np.array([r[side] for r in some]) for side in ("ours", "pytorch"))
    a, b = ours[:, 0].mean(), pytorch[:, 0].mean()
    flipped = f"{ours[:, 1].sum():.0f} | {pytorch[:, 1].sum():.0f}"
    return f"| {network} | {len(some)} {kind} | {a:.1e} | {b:.1e} | {a / b:.2f} | {flipped} |\n"


def report():
    found = [(name, kind, [r for r in rows() if (r["network"], r["kind"]) == (name, kind)])
             for name in NETWORKS for kind in KINDS]  # fmt: skip
    PAGE.write_text(HEAD + "".join(line(*each) for each in found if each[2]))
    print(PAGE.read_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="*", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--photos", type=int, default=6)
    options = parser.parse_args()
    done, paths = {(r["network"], r["kind"], r["photo"]) for r in rows()}, samples()[: options.photos]
    for name in options.networks:
        subject = NETWORKS[name]()
        for n, path in enumerate(paths):
            for kind in KINDS:
                if (name, kind, n) not in done:
                    found = moved(subject, subject.prepare(picture(path, kind, subject.size)))
                    with ROWS.open("a") as file:
                        file.write(json.dumps({"network": name, "kind": kind, "photo": n, **found}) + "\n")
    report()


if __name__ == "__main__":
    main()
