"""One load of a large file, in a process of its own: `python -m tests.weights.loading WHO NETWORK FORM PATH
SIDE` prints seconds or bytes.

WHO: minicnn, torch, keras or opencv: seconds from the call to the first scores, with everything imported
before; memory: the bytes that minicnn needs while loading beyond the network's own arrays.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np


def load(network, form, path):
    if form == "ONNX":
        from weights.graphs import onnx

        return onnx.load(path)
    import weights

    return weights.load(network, path)


def child(who, network, form, path, side):
    """Measure one load, here: seconds, or bytes."""
    x = np.random.default_rng(0).standard_normal((1, 3, side, side), np.float32)
    import weights.graphs.onnx  # noqa: F401  imported before the clock starts

    if who == "memory":
        before = resident()
        net = load(network, form, path)
        arrays = [
            t.data for t in net.arrays().values() if np.isfinite(t.data.sum())
        ]  # the sum touches all of it
        own = sum(a.nbytes for a in arrays if not _is_view_of_file(a)) + _resident_pages_of(path)
        return max(0, resident("VmHWM") - before - own)
    return _seconds(who, network, form, path, x)


def _seconds(who, network, form, path, x):
    """From the call to the first scores."""
    if who == "minicnn":
        start = time.perf_counter()
        load(network, form, path)(x)
        return time.perf_counter() - start
    if who == "opencv":
        import cv2  # noqa: F401  imported before the clock starts

        from tests.weights import frameworks

        start = time.perf_counter()
        net = frameworks.opencv(form, Path(path))
        net.setInput(x)
        net.forward()
        return time.perf_counter() - start
    if who == "keras":
        import keras

        start = time.perf_counter()
        keras.saving.load_model(path, compile=False)(x.transpose(0, 2, 3, 1))
        return time.perf_counter() - start
    import torch

    from tests.support.torchvision_models import models

    start = time.perf_counter()
    model = getattr(models, network)(weights=None).eval()
    if form == "safetensors":
        from safetensors.torch import load_file

        model.load_state_dict(load_file(path))
    else:
        model.load_state_dict(torch.load(path))
    with torch.no_grad():
        model(torch.from_numpy(x))
    return time.perf_counter() - start


def measured(who, network, form, path, side):
    """One load, in a fresh process: seconds, or bytes."""
    command = [sys.executable, "-m", "tests.weights.loading", who, network, form, str(path), str(side)]
    run = subprocess.run(command, capture_output=True, check=True, text=True)
    return json.loads(run.stdout.splitlines()[-1])


def resident(which="VmRSS"):
    """Resident memory of this process in bytes; VmHWM: the most it ever was."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(which)) * 1024


def _is_view_of_file(array):
    while isinstance(array, (np.ndarray, memoryview)):
        array = array.base if isinstance(array, np.ndarray) else array.obj
    return array is not None


def _resident_pages_of(path):
    """Bytes of the mapped file that are in memory."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    at = [i for i, line in enumerate(lines) if line.endswith(str(path))]
    return sum(int(next(x for x in lines[i:] if x.startswith("Rss:")).split()[1]) for i in at) * 1024


if __name__ == "__main__":
    *asked, pixels = sys.argv[1:]
    print(json.dumps(child(*asked, int(pixels))))
