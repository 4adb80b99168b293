"""The drill of CONTRIBUTING.md: a format is one file, here one that reads a folder of arrays as JSON."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

READER = '''
"""A folder of .json files, an array each, as nested lists of numbers."""

import json

import numpy as np

from weights.errors import WeightsError
from weights.readers.folder import Folder
from weights.readers.format import Format


def fits(folder):
    """Whether there is a .json file in it."""
    return any(name.endswith(".json") for name in folder.names)


def read(folder):
    """{name of the file, without .json: array}"""
    return {n.removesuffix(".json"): _array(folder.file(n)) for n in folder.names if n.endswith(".json")}


def _array(file):
    try:
        return np.asarray(json.loads(bytes(file.bytes(0, file.size))), np.float32)
    except ValueError as error:
        raise WeightsError(str(error)) from None


FORMAT = Format("folder of .json files", fits, read, of=Folder)
'''

USED = """
import sys
import weights
from gradcam.cli import main

net = weights.load("captum_cifar", sys.argv[1])
assert net.card.source == "minicnn"
drawn = weights.build("captum_cifar").initialise(4).arrays()
assert all((t.data == drawn[name].data).all() for name, t in net.arrays().items()) and net["fc1"].W.data.any()
try:
    weights.read(sys.argv[2])
except weights.WeightsError as error:
    print(error)
sys.exit(main(["weights", "show", sys.argv[1]]))
"""


@pytest.fixture
def copied(tmp_path):
    """The project's packages, copied to where they may be changed."""
    for package in ("minicnn", "weights", "gradcam"):
        kept = shutil.ignore_patterns("__pycache__", "*.npz", "*.net")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=kept)
    return tmp_path


def test_one_file_is_enough(copied):
    import weights

    (copied / "weights" / "readers" / "json_folder.py").write_text(READER)
    (copied / "net").mkdir()
    (copied / "net" / "notes.txt").write_text("not an array")
    for name, tensor in weights.build("captum_cifar").initialise(4).arrays().items():
        (copied / "net" / f"{name}.json").write_text(json.dumps(tensor.data.tolist()))
    (copied / "broken").mkdir()
    (copied / "broken" / "a.json").write_text("[1, 2")
    environment = os.environ | {"PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", USED, str(copied / "net"), str(copied / "broken")]
    done = subprocess.run(
        command, cwd=copied, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "broken (folder of .json files): " in done.stdout
    assert "conv1.W 6 x 3 x 5 x 5 float32" in " ".join(done.stdout.split()) and "10 arrays" in done.stdout
