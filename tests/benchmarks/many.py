"""python -m tests.benchmarks.many: many photos, Grad-CAM on SqueezeNet, in CPU seconds a photo.

The program, `gradcam explain PHOTOS --out RUN/`, beside a bare loop that reads, prepares and explains the
same photos; and pytorch-grad-cam and Captum on torchvision's SqueezeNet, each in its best batch.  Every side
is a process of its own with one thread, its start and end included, so that the figures hold on a busy
machine, too; the start of PyTorch and its libraries is taken off theirs.  Then the program once more with 1
and with 2 processes, in seconds on the clock: only a quiet machine can tell.  Writes results/many.json.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from tests.benchmarks import measure

ROOT, RESULTS = Path(__file__).parents[2], Path(__file__).parent / "results"
BATCHES = (1, 4, 16)
BARE = """
import sys, weights
from gradcam import explain, image
from gradcam.runs.photos import find
from minicnn.convolution.fast.memory import keep_memory
keep_memory()
net = weights.load("squeezenet")
for photo in find([sys.argv[1]]):
    x = image.prepare(image.read(photo), net.card.preprocessing)
    assert explain(net, x, None, ["grad_cam"])["grad_cam"].shape == (1, 13, 13)
"""
THEIRS = """
import sys, numpy as np, torch
from tests.support.torchvision_models import models
from captum.attr import LayerGradCam
from pytorch_grad_cam import GradCAM
import weights
from gradcam import image
from gradcam.runs.photos import find
torch.set_num_threads(1)
folder, library, batch = sys.argv[1], sys.argv[2], int(sys.argv[3])
photos, card = find([folder]), weights.card("squeezenet")
net = models.squeezenet1_0(weights=None).eval()
cam = GradCAM(model=net, target_layers=[net.features[12]])
layer = LayerGradCam(net, net.features[12])
for k in range(0, len(photos) if batch else 0, batch or 1):
    some = [image.prepare(image.read(p), card.preprocessing) for p in photos[k : k + batch]]
    x = torch.from_numpy(np.concatenate(some))
    if library == "captum":
        with torch.no_grad():
            classes = net(x).argmax(1)
        layer.attribute(x.requires_grad_(), target=classes, relu_attributions=True)
    else:
        cam(input_tensor=x, targets=None)
"""  # fmt: skip


def made(folder, count):
    """Photos of 500 x 375 pixels, smooth noise, as JPEG files."""
    for k in range(count):
        coarse = np.random.default_rng(k).integers(0, 256, (24, 32, 3), np.uint8)
        Image.fromarray(coarse).resize((500, 375)).save(folder / f"{k:04d}.jpg", quality=90)


def cpu(*words):
    """CPU seconds of a process and its children, one thread each."""
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=ROOT,
        env={**os.environ, **one},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def clocked(*words):
    """Seconds on the clock of a command, its start and end included."""
    began = time.perf_counter()
    cpu(*words)
    return time.perf_counter() - began


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.many", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="photos (default 200)")
    parser.add_argument("--repeats", type=int, default=3, help="of each side, interleaved (default 3)")
    asked = parser.parse_args(arguments)
    taken = {}
    with tempfile.TemporaryDirectory() as place:
        photos = Path(place, "photos")
        photos.mkdir()
        made(photos, asked.count)
        words = ("explain", photos, "--network", "squeezenet", "--method", "grad_cam", "--workers")
        sides = {"bare loop": ("-c", BARE, photos)}
        sides |= {
            f"{name}, batch {batch}": ("-c", THEIRS, photos, name, batch)
            for name in ("pytorch-grad-cam", "captum")
            for batch in BATCHES
        }
        for k in range(asked.repeats):
            program = cpu("-m", "gradcam", *words, 1, "--out", Path(place, f"run{k}"))
            taken.setdefault("gradcam explain --out", []).append(program)
            start = cpu("-c", THEIRS, photos, "captum", 0)
            for name, side in sides.items():
                spent = cpu(*side) - (start if "batch" in name else 0)
                taken.setdefault(name, []).append(spent)
                print(f"{name:28s} {spent / asked.count:.4f} CPU s a photo", flush=True)
            print(f"{'gradcam explain --out':28s} {program / asked.count:.4f} CPU s a photo", flush=True)
        load = measure.machine(1)["load"]
        by_clock = {n: clocked("-m", "gradcam", *words, n, "--out", Path(place, f"clock{n}")) for n in (1, 2)}
    each = {name: sorted(s)[len(s) // 2] / asked.count for name, s in taken.items()}
    ours = each["gradcam explain --out"]
    best = {n: min(s for name, s in each.items() if name.startswith(n)) for n in ("pytorch", "captum")}
    found = {
        "machine": measure.machine(1), "photos": asked.count, "repeats": asked.repeats,
        "CPU seconds a photo": {name: round(s, 5) for name, s in each.items()},
        "program over bare loop": round(ours / each["bare loop"], 3),
        "pytorch-grad-cam, best batch, over program": round(best["pytorch"] / ours, 3),
        "captum, best batch, over program": round(best["captum"] / ours, 3),
        "photos a second on the clock, by processes": {
            n: round(asked.count / s, 2) for n, s in by_clock.items()
        },
        "load before": load,
    }  # fmt: skip
    (RESULTS / "many.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
