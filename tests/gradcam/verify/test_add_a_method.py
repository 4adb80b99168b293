"""A drill: a new CAM method is one file and one line, and verify and its kit know it.  In a copy of the
packages, in a process of its own.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
METHOD = '''"""Grad-CAM with squared weights."""

from gradcam.method import cam_method


def weights(g, A):
    return g.mean(axis=(-2, -1), keepdims=True) ** 2


METHOD = cam_method(
    "squared_cam", "Squared-CAM", weights=weights, paper="nobody", question="Grad-CAM, its weights squared",
    equation="ReLU(sum_k alpha_k^2 A^k)",
)
'''
LIST = "gradcam/methods/__init__.py"
FIRST, LAST = "from gradcam.methods.ablation_cam", "*LRP,"
CHECK = """
import json, sys
import numpy as np
import gradcam
from gradcam import verify
from gradcam.verify.kit.writing import write_kit
from tests.gradcam.verify.test_judge import X, net

model = net()
theirs = gradcam.explain(model, X, [1], ["squared_cam"], "relu1")["squared_cam"]
assert np.abs(theirs).max() > 1e-6
assert verify.network(model, X, 1, "squared_cam", "relu1", theirs).kind == "equal"
for asked in ("grad_cam", "grad_cam++", "layercam"):
    verdict = verify.network(model, X, 1, asked, "relu1", theirs)
    assert "another method of the family (Squared-CAM)" in str(verdict), str(verdict)
wrong = gradcam.explain(model, X, [1], ["grad_cam"], "relu1")["grad_cam"]
verdict = verify.network(model, X, 1, "squared_cam", "relu1", wrong)
assert "another method of the family (Grad-CAM)" in str(verdict), str(verdict)
assert verify.network(model, X, 1, "squared_cam", "relu1", theirs.max() - theirs).status == 1

folder, _, _ = write_kit(sys.argv[1])
manifest = json.loads((folder / "manifest.json").read_text())
assert manifest["methods"]["squared_cam"] == "ReLU(sum_k alpha_k^2 A^k)"
cases = [c for c in manifest["cases"] if c["method"] == "squared_cam" and not c["convention"]]
assert len(cases) > 3 and all((folder / c["expected"]).exists() for c in cases)
print("known everywhere")
"""


def test_a_new_cam_method_is_judged_named_and_in_the_kit(tmp_path):
    tree = tmp_path / "tree"
    for package in ("minicnn", "weights", "gradcam", "tests"):
        shutil.copytree(
            ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__", "results")
        )
    (tree / "gradcam/methods/squared_cam.py").write_text(METHOD)
    known = (tree / LIST).read_text()
    assert known.count(FIRST) == known.count(LAST) == 1
    line = "from gradcam.methods.squared_cam import METHOD as SQUARED_CAM\n"
    (tree / LIST).write_text(known.replace(FIRST, line + FIRST).replace(LAST, f"SQUARED_CAM, {LAST}"))
    command = [sys.executable, "-c", CHECK, str(tmp_path / "kit")]
    done = subprocess.run(
        command, cwd=tree, env=environment(tree), capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0 and "known everywhere" in done.stdout, done.stderr


def environment(tree):
    import os

    return {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
