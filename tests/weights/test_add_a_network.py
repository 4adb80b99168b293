"""The drill of CONTRIBUTING.md: a network is two files, its architecture and its entry in zoo.toml."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ARCHITECTURE = '''
"""A network of one convolution and one linear layer."""

from minicnn.layer import Apply, ConvLayer, LinearLayer, Sequential
from minicnn.ops import Flatten, ReLU


def pebble(classes=10):
    """x (N, 1, 28, 28) -> scores (N, classes)"""
    return Sequential(
        ConvLayer("conv1", 1, 4, kernel=5),
        Apply("relu1", ReLU),
        Apply("flatten", Flatten),
        LinearLayer("fc2", 4 * 24 * 24, classes),
    )
'''

ENTRY = '''
[pebble]
title = "Pebble, the smallest of its kind"
build = "classifiers.pebble.pebble"
layer = "relu1"
classes = "mnist"
preprocessing = "mnist_unit"
names = """
layer    PyTorch
conv1    features.0
fc2      head
"""
'''

USED = """
import sys
import numpy as np
import weights
from gradcam.cli import main

drawn = weights.build("pebble").initialise(1)
arrays = {name: t.data for name, t in drawn.arrays().items()}
theirs = {"features.0.weight": arrays["conv1.W"], "features.0.bias": arrays["conv1.b"]}
np.savez(sys.argv[1], **theirs, **{"head.weight": arrays["fc2.W"], "head.bias": arrays["fc2.b"]})
net = weights.load("pebble", sys.argv[1])
assert "pebble" in weights.available()
assert net.card.source == "PyTorch" and net.card.classes[3] == "3", net.card
x = np.random.default_rng(0).standard_normal((2, 1, 28, 28)).astype(np.float32)
assert np.array_equal(net(x), drawn(x)) and np.any(drawn(x))
sys.exit(main(["weights", "list"]) or main(["layers", "--network", "pebble"]))
"""


@pytest.fixture
def copied(tmp_path):
    """The project's packages, copied to where they may be changed."""
    for package in ("minicnn", "weights", "gradcam"):
        kept = shutil.ignore_patterns("__pycache__", "*.npz", "*.net")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=kept)
    return tmp_path


def test_two_files_are_enough(copied):
    (copied / "minicnn" / "nets" / "classifiers" / "pebble.py").write_text(ARCHITECTURE)
    with open(copied / "weights" / "zoo.toml", "a", encoding="utf-8") as table:
        table.write(ENTRY)
    environment = os.environ | {"PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", USED, str(copied / "pebble.npz")]
    done = subprocess.run(
        command, cwd=copied, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    listed = next(line for line in done.stdout.splitlines() if line.startswith("pebble"))
    assert "give its file" in listed and "Pebble, the smallest of its kind" in listed
    assert "relu1" in done.stdout
