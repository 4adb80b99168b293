"""What only a fresh process can tell: the high-water mark of its memory, and the time from its start to its end."""

import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[2]
OURS = """
import numpy as np
from minicnn import nets
from gradcam.explain import explain
net = nets.vgg16().initialise().eval().compute({precision!r})
x = np.random.default_rng(0).standard_normal((1, 3, 224, 224)).astype(np.float32)
for _ in range(2):
    explain(net, x, 7, layer="relu5_3")
"""
THEIRS = """
import torch
from tests.benchmarks.torch_side import vgg16, captum_panel
torch.set_num_threads({threads})
net = vgg16()
panel, x = captum_panel(net, net[28], 7), torch.randn(1, 3, 224, 224)
for _ in range(2):
    panel(x)
"""
HIGH_WATER = "\nimport resource, sys\nunit = 1 if sys.platform == 'darwin' else 1024\n"
HIGH_WATER += "print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)"


def peak(code):
    """The largest resident memory, in bytes, of a fresh Python that runs this code."""
    done = subprocess.run([sys.executable, "-c", code + HIGH_WATER], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the process for the memory measurement failed:\n{done.stderr[-2000:]}")
    return int(done.stdout.split("peak")[-1])


def panel_memory(threads, repeats=3):
    """{who: bytes} for the VGG-16 panel, medians."""
    codes = {f"ours, {precision}": OURS.format(precision=precision) for precision in ("fast", "exact")}
    codes["theirs"] = THEIRS.format(threads=threads)
    taken = {who: [] for who in codes}
    for _ in range(repeats):
        for who, code in codes.items():
            taken[who].append(peak(code))
    return {who: sorted(t)[len(t) // 2] for who, t in taken.items()}


def size_memory(N, size):
    """The high-water mark of one forward and backward pass of VGG-16's convolutions."""
    return peak(f"from tests.benchmarks.sizes import features, explain_once\nexplain_once(features(), {N}, {size})")


def seconds(command):
    """From the start of a process to its end."""
    before = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "MPLBACKEND": "Agg"})
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command[:4]))} failed:\n{done.stderr[-2000:]}")
    return time.perf_counter() - before
