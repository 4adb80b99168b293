"""What only a fresh process can tell: the high-water mark of its memory, and the time from its start to its
end."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).parents[2]
OURS = """
import numpy as np
from minicnn import nets
from gradcam.explanation import explain
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
HIGH_WATER = """
import pathlib, re, resource, sys
status = pathlib.Path("/proc/self/status")  # Linux: getrusage would count what the parent had when it forked
found = status.exists() and re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())
unit = 1 if sys.platform == "darwin" else 1024
print("peak", int(found[1]) * 1024 if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
"""


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
    return peak(
        f"from tests.benchmarks.sizes import features, explain_once\nexplain_once(features(), {N}, {size})"
    )


def seconds(command):
    """From the start of a process to its end."""
    before = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "MPLBACKEND": "Agg"}
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command[:4]))} failed:\n{done.stderr[-2000:]}")
    return time.perf_counter() - before


SCRIPT = """
import sys
import numpy as np
import torch
from captum.attr import Deconvolution, GuidedBackprop, GuidedGradCam, LayerGradCam, Saliency
from matplotlib import pyplot as plt
from PIL import Image
from tests.benchmarks.torch_side import mini_vgg, FORMATS
torch.set_num_threads({threads})
net = mini_vgg().eval()
at = [i for i, layer in enumerate(net) if type(layer).__name__ == "ReLU"][-1]
photo = Image.open(sys.argv[1]).convert("RGB").resize((224, 224))
x = torch.from_numpy(np.asarray(photo, np.float32).transpose(2, 0, 1)[None] / 255).requires_grad_()
c = int(net(x).argmax())
plain = Saliency(net), Deconvolution(net), GuidedBackprop(net)
methods = *plain, LayerGradCam(net, net[at]), GuidedGradCam(net, net[at])
maps = [method.attribute(x, target=c) for method in methods]
figure, axes = plt.subplots(1, 6, figsize=(15, 3))
for ax, shown in zip(axes, [np.asarray(photo), *(m[0].detach().abs().amax(0).numpy() for m in maps)]):
    ax.imshow(shown)
    ax.axis("off")
figure.savefig(sys.argv[2])
"""


def whole_process(threads, repeats):
    """({"ours": [seconds], "theirs": [seconds]}): from the start of a process to its picture of the panel,
    for a drawn photo."""
    with tempfile.TemporaryDirectory() as folder:
        photo, out = pathlib.Path(folder, "photo.png"), pathlib.Path(folder, "panel.png")
        random = np.random.default_rng(0)
        Image.fromarray(random.integers(0, 256, (24, 32, 3), np.uint8)).resize((640, 480)).save(photo)
        commands = {
            "ours": [
                sys.executable,
                "-m",
                "gradcam",
                "explain",
                str(photo),
                "--network",
                "mini_vgg",
                "--out",
                str(out),
            ],
            "theirs": [sys.executable, "-c", SCRIPT.format(threads=threads), str(photo), str(out)],
        }
        taken = {who: [] for who in commands}
        for repeat in range(repeats + 1):  # the first one only fills the disk's cache
            for who, command in commands.items():
                spent = seconds(command)
                out.unlink()
                taken[who] += [spent] if repeat else []
    return taken
