"""The drill of CONTRIBUTING.md: a new CAM method is one file and one line, and everything knows it.

`explain`, the panel, `gradcam methods`, the measures, verify and its kit, in a copy of the packages and a
process of its own.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
METHOD = '''"""Grad-CAM with the largest derivative as weight."""

from gradcam.method import cam_method


def weights(g, A):
    return g.max(axis=(-2, -1), keepdims=True)


METHOD = cam_method(
    "largest_cam", "Largest-CAM", weights=weights, paper="nobody",
    question="feature maps, weighed by their largest derivative",
    equation="ReLU(sum_k max_ij g_ij A^k)", zero="No derivative at {layer} is large.",
)
'''
LIST = "gradcam/methods/__init__.py"
BEFORE = '    "excitation_backprop",\n'
CHECK = """
import json, sys
import numpy as np
import gradcam
from gradcam import verify
from gradcam.verify.kit.writing import write_kit
from tests.gradcam.verify.test_judge import X, net

model = net()
theirs = gradcam.explain(model, X, [1], ["largest_cam"], "relu1")["largest_cam"]
assert np.abs(theirs).max() > 1e-6
assert verify.network(model, X, 1, "largest_cam", "relu1", theirs).kind == "equal"
for asked in ("grad_cam", "grad_cam++", "layercam"):
    verdict = verify.network(model, X, 1, asked, "relu1", theirs)
    assert "another method of the family (Largest-CAM)" in str(verdict), str(verdict)
wrong = gradcam.explain(model, X, [1], ["grad_cam"], "relu1")["grad_cam"]
verdict = verify.network(model, X, 1, "largest_cam", "relu1", wrong)
assert "another method of the family (Grad-CAM)" in str(verdict), str(verdict)
assert verify.network(model, X, 1, "largest_cam", "relu1", theirs.max() - theirs).status == 1

from gradcam.cli import main
from gradcam.measure.study.plan import SUBJECTS, stages
from gradcam.show.tiles import why_zero

main(["methods"])
assert any("largest_cam" in stage.methods for stage in stages(SUBJECTS[0]))
assert why_zero("largest_cam", 1.0, "relu1") == "No derivative at relu1 is large."
gradcam.explain(model, X, [1], ["largest_cam"], "relu1")._repr_jpeg_()

folder, _, _ = write_kit(sys.argv[1])
manifest = json.loads((folder / "manifest.json").read_text())
assert manifest["methods"]["largest_cam"] == "ReLU(sum_k max_ij g_ij A^k)"
cases = [c for c in manifest["cases"] if c["method"] == "largest_cam" and not c["convention"]]
assert len(cases) > 3 and all((folder / c["expected"]).exists() for c in cases)
print("known everywhere")
"""


def test_a_new_cam_method_is_judged_named_and_in_the_kit(tmp_path):
    tree = tmp_path / "tree"
    for package in ("minicnn", "weights", "gradcam", "tests"):
        shutil.copytree(
            ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__", "results")
        )
    (tree / "gradcam/methods/largest_cam.py").write_text(METHOD)
    known = (tree / LIST).read_text()
    assert known.count(BEFORE) == 1
    (tree / LIST).write_text(known.replace(BEFORE, '    "largest_cam",\n' + BEFORE))
    command = [sys.executable, "-c", CHECK, str(tmp_path / "kit")]
    done = subprocess.run(
        command, cwd=tree, env=environment(tree), capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0 and "known everywhere" in done.stdout, done.stderr
    assert "largest_cam" in done.stdout and "weighed by their largest derivative" in done.stdout


def environment(tree):
    import os

    return {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
