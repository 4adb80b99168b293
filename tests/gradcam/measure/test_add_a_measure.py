"""Adding a measure is one file and one line: in a copy of the tree, it then stands everywhere that measures
stand.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FILE = '''\
"""How far the middle of a map's mass lies from the middle of the object, in shares of the picture's side."""

import numpy as np

from gradcam.measure.measure import Figure, Measure


def distance(map, truth):
    """map (H, W) >= 0, truth (H, W) bool -> 0 to 1.41; 1 for a map of zeros"""
    if not map.any():
        return 1.0
    places = np.indices(map.shape).reshape(2, -1) / max(map.shape)
    middle, meant = (places @ v.ravel() / v.sum() for v in (map, truth.astype(float)))
    return float(np.linalg.norm(middle - meant))


MEASURE = Measure(
    "centre_of_mass", "Distance of the centres of mass", "An example 2026",
    "how far off is the middle of the map?",
    lambda map, case: distance(map, case.truth), (Figure("distance", "distance of centres", better=-1),),
    truth=True, network=False,
)  # fmt: skip
'''
IN_THE_LIST = ('"sanity_check",\n', '"sanity_check",\n        "centre_of_mass",\n')


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the product, with a measure more."""
    root = tmp_path_factory.mktemp("tree")
    for package in ("minicnn", "weights", "gradcam"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "gradcam/measure/measures/centre_of_mass.py").write_text(FILE, "utf-8")
    known = root / "gradcam/measure/measures/__init__.py"
    text = known.read_text("utf-8")
    assert text.count(IN_THE_LIST[0]) == 1
    known.write_text(text.replace(*IN_THE_LIST), "utf-8")
    return root


def run(tree, *words):
    """What a command prints in that tree, which must end well."""
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *words], cwd=tree, env=environment, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_knows_it(tree):
    told = run(tree, "-m", "gradcam", "measure", "--help")
    assert "  centre_of_mass  " in told and "how far off is the middle of the map?  (An example 2026)" in told
    words = ("centre-of-mass", "pointing_game", "--network", "shapes", "--world", "shapes", "--n", "3")
    out = run(tree, "-m", "gradcam", "measure", *words, "--method", "grad_cam")
    assert "distance of centres ↓" in out and "pointing game, hits ↑" in out
    line = next(line for line in out.splitlines() if line.startswith("| grad_cam "))
    assert 0 < float(line.split("|")[2].split()[0]) < 1.42


STUDY = """
import json, sys
from pathlib import Path
from gradcam import measure
from gradcam.methods import CLASSIC, METHODS
from gradcam.measure.study import every_method
from gradcam.measure.study.plan import SUBJECTS, stages
assert "centre_of_mass" in measure.MEASURES
planned = {(m, measure) for stage in stages(SUBJECTS[0]) for m in stage.methods for measure in stage.measures}
SUBJECTS[0].n.clear()
SUBJECTS[0].n["maps"] = 2
every_method.main(["--only", "shapes_maps", "--rows", sys.argv[1], "--out", sys.argv[1], "--processors", "1"])
print(json.dumps(sorted(m for m, measure in planned if measure == "centre_of_mass")))
print(json.dumps(sorted(METHODS)))
"""


def test_the_plan_measures_every_method_by_it_and_the_report_has_its_column(tree, tmp_path):
    *_, planned, every = run(tree, "-c", STUDY, str(tmp_path)).splitlines()
    assert json.loads(planned) == json.loads(every)
    page = (tmp_path / "measures.md").read_text("utf-8")
    assert "distance of centres ↓" in page
    figures = json.loads((tmp_path / "measures.json").read_text("utf-8"))
    assert 0 < figures["shapes"]["maps"]["grad_cam"]["distance"][0] < 1.42
