"""The drill: an operation of any network is two files, its equation and its entry in the table."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

EQUATION = '''
from minicnn.ops.formula import Formula


class Squash(Formula):
    """y = x / (1 + x^2), so dy/dx = (1 - x^2) / (1 + x^2)^2."""

    def value(self, x):
        return x / (1 + x**2)

    def slope(self, x):
        return (1 - x) * (1 + x) / (1 + x**2) ** 2
'''

ENTRY = '''
from minicnn import Squash


def squash(x, *, factor=1.0):
    """factor x / (1 + x^2)"""
    y = Squash()(x)
    return y if factor == 1 else Mul()(y, np.asarray(factor, x.dtype))


OPERATORS += (Operator("squash", squash, onnx={"Squash": {"gain": "factor"}}, aten="squash", keras="squash"),)
'''

USED = """
import numpy as np
from minicnn import GraphError, ReLU, RuleError, Tensor, backward, find
from minicnn.layer import Layer
from weights.graphs.keras.layers import OPERATIONS as KERAS
from weights.graphs.keras.operators import OPERATORS as STEPS
from weights.graphs.onnx.model import Model, Step
from weights.graphs.onnx.network import Network
from weights.graphs.torch.operators import OPERATORS as ATEN

squash = Step("Squash", "squash1", ["x"], ["s"], {"gain": np.float32(2)})
steps = [squash, Step("Relu", "relu1", ["s"], ["y"])]
made = Model(steps=steps, constants={}, inputs={"x": (-1, 3)}, outputs=["y"], opset=13)
net = Network(made)
x = Tensor(np.array([[0.5, -1.0, 3.0]]), "x")
y = net.run({"x": x})[0]
assert np.allclose(y.data, [[0.8, 0, 0.6]]), y.data
g = backward(y, np.ones((1, 3)), wrt=x)
assert np.allclose(g, [[2 * 0.75 / 1.25**2, 0, 2 * -8 / 100]]), g
try:
    backward(y, np.ones((1, 3)), wrt=x, rules={ReLU: ReLU.guided})
except RuleError as error:
    assert "Squash" in str(error)
else:
    raise AssertionError("a table that says nothing of Squash was not refused")
assert np.allclose(ATEN["squash"](x).data, y.op.inputs[0].data / 2)
assert "Squash" in KERAS and np.allclose(STEPS["Squash"](x, gain=2).data, y.op.inputs[0].data)
"""


@pytest.fixture
def copied(tmp_path):
    """The project's packages, copied to where they may be changed."""
    for package in ("minicnn", "weights", "gradcam"):
        kept = shutil.ignore_patterns("__pycache__", "*.npz", "*.net", "*.jpg", "*.png")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=kept)
    return tmp_path


def test_two_files_are_enough(copied):
    pytest.importorskip("torch")
    ops = copied / "minicnn" / "ops"
    (ops / "squash.py").write_text(EQUATION)
    with open(ops / "__init__.py", "a", encoding="utf-8") as listed:
        listed.write('\nfrom minicnn.ops.squash import Squash\n\n__all__ += ["Squash"]\n')
    with open(copied / "weights" / "graphs" / "operators" / "activations.py", "a", encoding="utf-8") as group:
        group.write(ENTRY)
    environment = os.environ | {"PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", USED]
    done = subprocess.run(
        command, cwd=copied, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
