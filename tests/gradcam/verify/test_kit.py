"""The conformance kit: the same bits every time, exact, readable by others, and it tells right from wrong."""

import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gradcam.methods import METHODS
from gradcam.verify.kit.networks import NETWORKS, Network, picture, weights
from gradcam.verify.kit.writing import write_kit
from minicnn import Tensor
from weights.graphs.onnx import load

RESULTS = Path(__file__).parents[2] / "results" / "verify_peers.json"
FAMILY = {
    "chain": "VGG",
    "before_relu": "VGG",
    "in_place": "InPlace",
    "functional": "Functional",
    "residual": "Residual",
    "shared": "Shared",
    "tied": "Tied",
}


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    return write_kit(tmp_path_factory.mktemp("kit"))


def test_it_is_small_and_made_again_bit_by_bit(kit, tmp_path):
    folder, count, size = kit
    again, _, _ = write_kit(tmp_path)
    assert count > 100 and size < 5e6
    for file in (p for p in folder.rglob("*") if p.is_file()):
        assert file.read_bytes() == (again / file.relative_to(folder)).read_bytes(), file.name


def test_a_kit_whose_writing_was_killed_has_no_manifest(tmp_path):
    """So nobody takes half of one for a kit."""
    text = "import sys; from gradcam.verify.kit.writing import write_kit; write_kit(sys.argv[1])"
    process = subprocess.Popen([sys.executable, "-c", text, str(tmp_path)], cwd=Path(__file__).parents[3])
    while process.poll() is None and not any(tmp_path.glob("*/expected/*.npy")):
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert any(tmp_path.glob("*/expected/*.npy")) and not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_and_arrays_are_one_network(kit, name):
    folder, expected = kit[0] / name, np.load(kit[0] / name / "expected" / "scores.npy")
    x = np.load(folder / "input.npy")
    assert np.array_equal(load(folder / "model.onnx")(Tensor(x)).data, expected)
    if importlib.util.find_spec("onnx"):
        import onnx

        onnx.checker.check_model(onnx.load(folder / "model.onnx"), full_check=True)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_notebook_shows_it_as_a_table(kit, name):
    shown = load(kit[0] / name / "model.onnx")._repr_html_()
    assert " weights, " in shown and shown.count("<tr>") > 1


@pytest.mark.parametrize("name", NETWORKS)
def test_scores_are_exact_integers_over_a_power_of_two(name):
    """float64 holds every sum: computed once more in integers of any size, they are the same bits."""
    _, _, steps, _, seed, flat = NETWORKS[name]
    arrays, x = weights(steps, seed), picture(seed, flat)
    whole = {k: (16 * a).astype(int).astype(object) for k, a in arrays.items()}
    values, scale = {"x": (16 * x).astype(int).astype(object)}, {"x": 1}
    for step, op, inputs, _ in steps:
        exact(step, op, inputs, values, scale, whole)
    last = steps[-1][0]
    theirs = np.array([float(v) / 16.0 ** scale[last] for v in values[last].ravel()])
    assert np.array_equal(Network(steps, arrays)(Tensor(x)).data.ravel(), theirs) and np.any(theirs)


def exact(step, op, inputs, values, scale, whole):
    """One operation on integers; the value is v / 16^scale."""
    x, s = values[inputs[0]], scale[inputs[0]]
    if op == "Conv":
        W, b = whole[f"{step}.W"], whole[f"{step}.b"] * 16**s
        padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)], constant_values=0)
        h, w = x.shape[2:]
        y = sum(
            np.tensordot(padded[:, :, u : u + h, v : v + w], W[:, :, u, v], (1, 1))
            for u in range(3)
            for v in range(3)
        )
        values[step], scale[step] = np.moveaxis(y, -1, 1) + b[:, None, None], s + 1
    elif op == "Gemm":
        values[step], scale[step] = x @ whole[f"{step}.W"].T + whole[f"{step}.b"] * 16**s, s + 1
    elif op == "Relu":
        values[step], scale[step] = np.maximum(x, 0), s
    elif op == "MaxPool":
        values[step], scale[step] = (
            np.maximum.reduce([x[:, :, u::2, v::2] for u in (0, 1) for v in (0, 1)]),
            s,
        )
    elif op == "Add":
        z, t = values[inputs[1]], scale[inputs[1]]
        top = max(s, t)
        values[step], scale[step] = x * 16 ** (top - s) + z * 16 ** (top - t), top
    else:
        values[step], scale[step] = x.sum((2, 3)) * (256 // (x.shape[2] * x.shape[3])), s + 2


def test_the_manifest_leads_to_every_file(kit):
    manifest = json.loads((kit[0] / "manifest.json").read_text())
    for case in manifest["cases"]:
        result = np.load(kit[0] / case["expected"])
        assert np.isfinite(result).all() and np.any(result), case["expected"]
        if not case["convention"]:
            assert case["tolerance"] == (1e-12 if not METHODS[case["method"]].exact else 0)
    conventions = {c["convention"] for c in manifest["cases"]}
    assert {"", "upsampled_with_aligned_corners", "a_sum_instead_of_the_mean_over_i_j"} <= conventions


def test_the_relatives_of_grad_cam_part_where_the_gradient_is_not_constant(kit):
    methods = ("grad_cam", "grad_cam++", "xgrad_cam", "hirescam", "layercam")
    maps = [np.load(kit[0] / "before_relu" / "expected" / f"{m}.npy") for m in methods]
    assert all(abs(a - b).max() > 1e-3 * abs(a).max() for n, a in enumerate(maps) for b in maps[n + 1 :])


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:Setting backward hooks")
def test_its_runner_finds_what_the_table_of_libraries_says(kit):
    spec = importlib.util.spec_from_file_location("run_pytorch", kit[0] / "run_pytorch.py")
    runner = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(runner)
    table, seen = json.loads(RESULTS.read_text("utf-8")), 0
    for library in ("captum", "zennit"):
        if library == "zennit":
            if not importlib.util.find_spec("zennit") or not importlib.util.find_spec("torchvision"):
                continue
            import tests.support.torchvision_models  # noqa: F401  zennit imports torchvision
        for network, method, mark in runner.results(library):
            assert (mark == "=") == (table[library][method][FAMILY[network]][0] == "="), (
                library,
                network,
                method,
                mark,
            )
            seen += 1
    assert seen > 20
