"""python -m tests.benchmarks.many: many photos, Grad-CAM on SqueezeNet, a photo more.

The program, `gradcam explain PHOTOS --out RUN/`, beside a bare loop that reads, prepares and explains the
same photos; and pytorch-grad-cam and Captum on torchvision's SqueezeNet, each in its best batch.  Every side
is a process of its own, which is run with a few photos and with all: the difference, by the number of photos
between, is what a photo costs, and what is left is the start.  First CPU seconds, with one thread each, so
that the figures hold on a busy machine, too; then photos a second on the clock, two processes of ours beside
two threads of theirs: only a quiet machine can tell.  Writes results/many.json.
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
from statistics import median

import numpy as np
from PIL import Image

from tests.benchmarks import measure

ROOT, RESULTS = Path(__file__).parents[2], Path(__file__).parent / "results"
BATCHES, LIBRARIES = (1, 4, 16), ("pytorch-grad-cam", "captum")
FEW = 4  # photos of the short run
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
torch.set_num_threads(int(sys.argv[4]))
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


def run(threads, *words):
    """(CPU seconds, seconds on the clock) of a process and its children, start and end included."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=ROOT,
        env={**os.environ, **dict.fromkeys(names, str(threads))},
        capture_output=True,
        text=True,
    )
    clock = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock


def sides(cores, place):
    """{name: f(photos) -> the words of its command}; cores: processes of ours, threads of theirs."""
    ours = {
        "gradcam explain --out": lambda photos: (
            "-m", "gradcam", "explain", photos, "--network", "squeezenet", "--method", "grad_cam",
            "--workers", cores, "--out", tempfile.mkdtemp(dir=place),
        ),
    }  # fmt: skip
    if cores == 1:
        ours["bare loop"] = lambda photos: ("-c", BARE, photos)
    theirs = {
        f"{name}, batch {batch}": lambda photos, name=name, batch=batch: (
            "-c", THEIRS, photos, name, batch, cores,
        )
        for name in LIBRARIES for batch in BATCHES
    }  # fmt: skip
    return ours | theirs


def a_photo_more(cores, which, folders, counts, repeats):
    """{side: (what a photo more takes, what the rest takes)}, medians; which: 0 CPU seconds, 1 the clock."""
    some, many = counts
    taken = {}
    for _ in range(repeats):
        for name, words in sides(cores, folders[0].parent).items():
            threads = cores if "batch" in name else 1
            few, all_ = (run(threads, *words(folder))[which] for folder in folders)
            each = (all_ - few) / (many - some)
            taken.setdefault(name, []).append((each, few - some * each))
            print(f"{cores} {name:28s} {each:.4f} s a photo, start {few - some * each:.2f} s", flush=True)
    return {name: tuple(median(values) for values in zip(*found)) for name, found in taken.items()}


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.many", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="photos (default 200)")
    parser.add_argument("--repeats", type=int, default=3, help="of each side, interleaved (default 3)")
    asked = parser.parse_args(arguments)
    load = measure.machine(1)["load"]
    with tempfile.TemporaryDirectory() as place:
        folders, counts = (Path(place, "few"), Path(place, "all")), (FEW, FEW + asked.count)
        for folder, count in zip(folders, counts):
            folder.mkdir()
            made(folder, count)
        spent = a_photo_more(1, 0, folders, counts, asked.repeats)
        clock = a_photo_more(2, 1, folders, counts, asked.repeats)
    ours = "gradcam explain --out"

    def best(found, library):
        return min(each for name, (each, _) in found.items() if name.startswith(library))

    found = {
        "machine": measure.machine(1), "photos": asked.count, "repeats": asked.repeats,
        "CPU seconds a photo, one thread": {name: round(each, 5) for name, (each, _) in spent.items()},
        "CPU seconds of the start": {name: round(start, 2) for name, (_, start) in spent.items()},
        "program over bare loop": round(spent[ours][0] / spent["bare loop"][0], 3),
        "with one thread, best batch over program": {
            library: round(best(spent, library) / spent[ours][0], 3) for library in LIBRARIES
        },
        "photos a second on the clock, two cores": {
            name: round(1 / each, 2) for name, (each, _) in clock.items()
        },
        "on two cores, program over best batch": {
            library: round(best(clock, library) / clock[ours][0], 3) for library in LIBRARIES
        },
        "load before": load,
    }  # fmt: skip
    (RESULTS / "many.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
