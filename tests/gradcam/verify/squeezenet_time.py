"""Whole verifications of SqueezeNet's maps at 224 pixels, from a live model: seconds of every method.

    python -m tests.gradcam.verify.squeezenet_time --out tests/results/verify_squeezenet.md

Three float32 maps of each method: the right one, the next class's, and one that no cause makes.
"""

import argparse
import os
import time
import warnings
from pathlib import Path

import numpy as np

METHODS = ("grad_cam", "grad_cam++", "layercam", "gradient", "saliency", "guided_backprop", "guided_grad_cam")
LAYER, SIDE, SPOILED = "fire9", 224, 0.5
COLUMNS = ("method", "right", "seconds (processor)", "the next class", "seconds (processor)")
COLUMNS += ("of no cause", "seconds (processor)")


def case():
    """(model, picture, its most probable class)"""
    import torch

    from tests.support import torch_modules
    from tests.support.photos import for_squeezenet, samples, squeezenet_weights

    torch.set_num_threads(1)
    model = torch_modules.squeezenet(squeezenet_weights()).float()
    x = torch.from_numpy(for_squeezenet(samples()[3])[:, :, 1 : SIDE + 1, 1 : SIDE + 1].copy()).float()
    with torch.no_grad():
        return model, x, int(model(x)[0].argmax())


def maps(model, x, c, method):
    """{what: map}, in float32"""
    from gradcam.verify.api import question

    right, wrong = (
        question(model, x, k, method, LAYER).reference["result"].astype(np.float32) for k in (c, c + 1)
    )
    waves = 1 + SPOILED * np.sin(np.arange(right.size, dtype=np.float32)).reshape(right.shape)
    return {"right": right, "the next class": wrong, "of no cause": right * waves}


def row(method):
    """One line of the table."""
    from gradcam import verify

    model, x, c = case()
    cells = [method]
    for result in maps(model, x, c, method).values():
        wall, cpu = time.monotonic(), sum(os.times()[:2])
        verdict = verify.torch(model, x, c, method, LAYER, result)
        wall, cpu = time.monotonic() - wall, sum(os.times()[:2]) - cpu
        named = f": {'; or '.join(map(str, verdict.causes))}" if verdict.causes else ""
        cells += [verdict.kind + named, f"{wall:.0f} ({cpu:.1f})"]
    return f"| {' | '.join(cells)} |"


def main(argv=None):
    prog = "python -m tests.gradcam.verify.squeezenet_time"
    parser = argparse.ArgumentParser(prog=prog, description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--out", metavar="FILE")
    args = parser.parse_args(argv)
    warnings.simplefilter("ignore")
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for method in args.only:
        lines.append(row(method))
        print(lines[-1], flush=True)
    if args.out:
        load = f"{os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else "unknown"
        head = ["# SqueezeNet, 224 pixels", "", *__doc__.strip().splitlines()[2:], ""]
        head += [f"{os.cpu_count()} cores, load {load} at the end; one thread each of PyTorch and BLAS.", ""]
        Path(args.out).write_text("\n".join([*head, *lines]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
