"""The conformance kit's parts: its numbers, its networks, its ONNX files byte by byte, its manifest, its
runner; with few networks and methods, so that all of it is quick.
"""

import hashlib
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from gradcam.methods import METHODS
from gradcam.verify import Question, VerifyError
from gradcam.verify.kit import networks, onnx_file, writing
from gradcam.verify.kit.networks import NETWORKS, Network, numbers, picture, weights
from minicnn import Tensor
from weights.graphs.onnx import load

AS_IT_IS = Path(networks.__file__).parent / "files"  # copied into a kit
FEW = ("gradient", "guided_backprop", "grad_cam", "occlusion", "smoothgrad", "lrp_epsilon")


def generated(seed, count, most):
    """x -> (1103515245 x + 12345) mod 2^31, from 7919 seed + 17; its upper bits, from -most to most."""
    x, found = 7919 * seed + 17, []
    while len(found) < count:
        x = (x * 1103515245 + 12345) & 0x7FFFFFFF
        found.append((x // 65536) % (2 * most + 1) - most)
    return np.array(found) / 16


def test_numbers_that_any_language_can_make():
    for seed, most in ((1, 8), (42, 4), (599, 16)):
        found = numbers((2, 3), seed, most)
        assert found.dtype == np.float64 and np.array_equal(found.ravel(), generated(seed, 6, most))
    assert np.array_equal(numbers((300,), 3), generated(3, 300, 8)) and abs(numbers((300,), 3)).max() == 0.5
    assert numbers((300,), 3, 16).max() == 1
    x = picture(6, False)
    assert np.array_equal(x.ravel(), generated(699, 96, 16)) and x.shape == (1, 3, 8, 4)
    flat = picture(6, True)
    assert np.array_equal(flat[:, :, :2], x[:, :, :2]) and np.all(flat[:, :, 2:] == 0.5)
    assert np.array_equal(writing.NOISE.ravel(), generated(42, 4 * 3 * 8 * 4, 4))
    assert writing.NOISE.shape == (4, 3, 8, 4)
    assert writing.SETTINGS["integrated_gradients"] == {"steps": 8, "rule": "midpoint"}
    assert writing.SETTINGS["occlusion"] == {"window": 2, "stride": 1}


def test_weights_have_seeds_of_their_own():
    arrays = weights(networks.SHARED, 5)
    made = {  # name: (shape, seed, most)
        "conv1.W": ((4, 3, 3, 3), 500, 8), "conv1.b": ((4,), 550, 8),
        "conv2.W": ((4, 4, 3, 3), 503, 8), "conv2.b": ((4,), 553, 8),
        "scores.W": ((4, 4), 507, 16), "scores.b": ((4,), 557, 8),
    }  # fmt: skip
    assert list(arrays) == list(made)
    for name, (shape, seed, most) in made.items():
        assert np.array_equal(arrays[name], generated(seed, np.prod(shape), most).reshape(shape)), name


def test_what_each_network_separates():
    told = {name: (relus, layer, seed, flat) for name, (_, relus, _, layer, seed, flat) in NETWORKS.items()}
    assert told == {
        "chain": ("module", "relu2", 1, False), "before_relu": ("module", "conv2", 7, False),
        "in_place": ("in-place", "conv2", 2, False), "functional": ("function", "relu2", 3, False),
        "residual": ("module", "relu3", 4, False), "shared": ("module", "relu2", 5, False),
        "tied": ("module", "relu2", 6, True),
    }  # fmt: skip
    assert list(told)[:2] == ["chain", "before_relu"]
    for name, (about, _, steps, *_) in NETWORKS.items():
        assert about.count(" ") > 3 and steps[0] == ("conv1", "Conv", ["x"], {"pad": 1}), name
        assert all(options == ({"pad": 1} if kind == "Conv" else {}) for _, kind, _, options in steps)
    wires = {
        name: [(step, *inputs) for step, _, inputs, _ in steps]
        for name, (_, _, steps, *_) in NETWORKS.items()
    }
    assert wires["residual"][2:] == [
        ("pool1", "relu1"), ("conv2", "pool1"), ("relu2", "conv2"), ("conv3", "relu2"),
        ("add", "pool1", "conv3"), ("relu3", "add"), ("pool", "relu3"), ("scores", "pool"),
    ]  # fmt: skip
    assert wires["shared"][1:] == [
        ("pool1", "conv1"), ("relu1", "pool1"), ("conv2", "relu1"), ("add", "pool1", "conv2"),
        ("relu2", "add"), ("pool", "relu2"), ("scores", "pool"),
    ]  # fmt: skip
    assert wires["chain"][1:] == [
        ("relu1", "conv1"), ("pool1", "relu1"), ("conv2", "pool1"), ("relu2", "conv2"), ("pool", "relu2"),
        ("scores", "pool"),
    ]  # fmt: skip
    made = Network(networks.CHAIN, weights(networks.CHAIN, 1))
    assert made.name == "kit" and made(Tensor(picture(1, False))).name == "scores"
    single = made.astype(np.float32)
    assert single(picture(1, False).astype(np.float32)).dtype == np.float32
    assert made(picture(1, False)).dtype == np.float64


# --- files


def test_onnx_files_field_by_field():
    assert onnx_file.varint(0) == b"\0" and onnx_file.varint(127) == b"\x7f"
    assert onnx_file.varint(128) == b"\x80\x01" and onnx_file.varint(300) == b"\xac\x02"
    assert onnx_file.varint(1 << 21) == b"\x80\x80\x80\x01"
    assert onnx_file.field(1, 8) == b"\x08\x08" and onnx_file.field(2, "ab") == b"\x12\x02ab"
    assert onnx_file.field(3, [1, 2]) == b"\x18\x01\x18\x02" and onnx_file.field(4, b"") == b"\x22\x00"
    assert onnx_file.tensor("w", np.array([[1.0], [2.0]])) == (
        b"\x08\x02\x08\x01\x10\x0b\x42\x01w\x4a\x10" + np.array([1.0, 2.0], "<f8").tobytes()
    )
    assert (
        onnx_file.value_info("y", (1, 4))
        == b"\x0a\x01y\x12\x0e\x0a\x0c\x08\x0b\x12\x08\x0a\x02\x08\x01\x0a\x02\x08\x04"
    )
    assert onnx_file.attribute("axis", 1) == b"\x0a\x04axis\x18\x01\xa0\x01\x02"
    assert onnx_file.attribute("pads", [1, 2]) == b"\x0a\x04pads\x40\x01\x40\x02\xa0\x01\x07"
    node = onnx_file.node("Add", "sum", ["a", "b"], "c", axis=1)
    assert node == b"\x0a\x01a\x0a\x01b\x12\x01c\x1a\x03sum\x22\x03Add\x2a\x0b" + onnx_file.attribute(
        "axis", 1
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_an_onnx_file_is_the_network(name, tmp_path):
    _, _, steps, _, seed, flat = NETWORKS[name]
    arrays, x = weights(steps, seed), picture(seed, flat)
    made = onnx_file.model(name, steps, arrays, x.shape, 4)
    (tmp_path / "model.onnx").write_bytes(made)
    assert np.array_equal(load(tmp_path / "model.onnx")(Tensor(x)).data, Network(steps, arrays)(x))
    ends = onnx_file.field(11, onnx_file.value_info("x", (1, 3, 8, 4)))
    ends += onnx_file.field(12, onnx_file.value_info("scores", (1, 4)))
    first = onnx_file.field(5, onnx_file.tensor("conv1.W", arrays["conv1.W"]))
    assert ends in made and onnx_file.field(2, name) + first in made
    assert made.startswith(b"\x08\x08\x12\x0fminicnn-gradcam\x3a")
    assert made.endswith(b"\x42\x04\x0a\x00\x10\x0d")
    if importlib.util.find_spec("onnx"):
        import onnx

        onnx.checker.check_model(onnx.load_from_string(made), full_check=True)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A kit of two networks and some methods -> (folder, files, bytes)"""
    patched = pytest.MonkeyPatch()
    with patched.context() as patch:
        patch.setattr(writing, "METHODS", {name: METHODS[name] for name in FEW})
        patch.setattr(writing, "NETWORKS", {name: NETWORKS[name] for name in ("functional", "in_place")})
        return writing.write_kit(tmp_path_factory.mktemp("kit") / "new" / "kit")


def test_what_a_kit_holds(small):
    folder, count, size = small
    manifest = json.loads((folder / "manifest.json").read_text())
    files = [p for p in folder.rglob("*") if p.is_file()]
    assert (count, size) == (len(files), sum(p.stat().st_size for p in files))
    assert list(manifest) == ["version", "methods", "cases", "sha256"] and manifest["version"] == 1
    assert manifest["methods"] == {name: METHODS[name].equation or METHODS[name].question for name in FEW}
    of_networks = {p.relative_to(folder).as_posix() for p in files if p.parent != folder}
    assert manifest["sha256"] == {
        p: hashlib.sha256((folder / p).read_bytes()).hexdigest() for p in sorted(of_networks)
    }
    assert list(manifest["sha256"]) == sorted(of_networks)
    assert {p.name for p in files if p.parent == folder} == {"README.md", "run_pytorch.py", "manifest.json"}
    for name in ("README.md", "run_pytorch.py"):
        assert (folder / name).read_bytes() == (AS_IT_IS / name).read_bytes()
    at, (about, relus, steps, _, seed, _) = folder / "functional", NETWORKS["functional"]
    graph = json.loads((at / "graph.json").read_text())
    assert (graph["about"], graph["relus"]) == (about, relus) and graph["steps"] == json.loads(
        json.dumps(steps)
    )
    arrays = weights(steps, seed)
    assert {p.stem for p in (at / "weights").iterdir()} == set(arrays)
    assert all(np.array_equal(np.load(at / "weights" / f"{k}.npy"), a) for k, a in arrays.items())
    assert np.array_equal(np.load(at / "input.npy"), picture(3, False))
    assert np.array_equal(np.load(at / "noise.npy"), writing.NOISE)
    scores = np.load(at / "expected" / "scores.npy")
    assert np.array_equal(scores, Network(steps, arrays)(picture(3, False)))
    by_class = [np.sum(grad_cam_of("functional", c) > 0) for c in range(4)]
    first = manifest["cases"][0]
    assert first["class"] == int(np.argmax(by_class)) and len(set(by_class)) > 1
    assert first == {
        "network": "functional", "relus": "function", "method": "gradient", "convention": "",
        "formula": METHODS["gradient"].equation, "class": first["class"], "layer": None,
        "expected": "functional/expected/gradient.npy", "tolerance": 0.0,
    }  # fmt: skip


def grad_cam_of(name, c):
    _, _, steps, layer, seed, flat = NETWORKS[name]
    net = Network(steps, weights(steps, seed))
    return Question(net, picture(seed, flat), c, "grad_cam", layer).reference["map"]


def test_which_cases_a_kit_has(small):
    folder, _, _ = small
    cases = json.loads((folder / "manifest.json").read_text())["cases"]
    of = {m: [c for c in cases if c["method"] == m and c["network"] == "functional"] for m in FEW}
    for method, found in of.items():
        names, right = [c["convention"] for c in found], np.load(folder / found[0]["expected"])
        assert names[0] == "" and len(set(names)) == len(names)
        assert found[0]["tolerance"] == (0.0 if METHODS[method].exact else 1e-12)
        for case in found[1:]:
            convention = case["convention"]
            assert case["expected"] == f"functional/expected/{method}@{convention}.npy"
            assert case["tolerance"] == 1e-12 and case["formula"].partition("; ")[2]
            other = np.load(folder / case["expected"])
            assert np.isfinite(other).all() and other.any()
            least = 0 if method in ("gradient", "guided_backprop", "grad_cam") else 1e-6
            assert other.shape != right.shape or abs(other - right).max() > least * abs(right).max()
    named = {method: {c["convention"] for c in found} for method, found in of.items()}
    assert {"upsampled_with_aligned_corners", "divided_by_its_maximum"} <= named["grad_cam"]
    assert {"divided_by_its_l2_norm"} <= named["gradient"] & named["guided_backprop"]
    scaled = [n for n in named["lrp_epsilon"] | named["smoothgrad"] if n.startswith(("divided", "stretched"))]
    assert not scaled  # what the classic methods show
    assert "another_mean_over_the_draws_mean_of_squares" in named["smoothgrad"]
    mistakes = ("another_class", "softmax", "absolute")
    assert not [n for names in named.values() for n in names if n.startswith(mistakes)]
    large = np.load(folder / "functional" / "expected" / "grad_cam@upsampled_with_aligned_corners.npy")
    assert large.shape == (1, 8, 4)
    layers = {(c["network"], c["method"]): c["layer"] for c in cases}
    assert layers["functional", "grad_cam"] == "relu2" and layers["in_place", "grad_cam"] == "conv2"
    assert layers["functional", "gradient"] is None


def test_what_is_a_case_of_its_own():
    assert writing.apart(np.array([1.0, -2.5]), np.array([1.0, -2.0])) == 0.25
    assert writing.apart(np.ones(2), np.ones(3)) == np.inf
    assert writing.slug("Upsampled: (OpenCV, 1e-7).") == "upsampled_opencv_1e_7"
    assert writing.formula(METHODS["gradient"]) == METHODS["gradient"].equation
    dead = Network(networks.CHAIN, {k: 0 * a for k, a in weights(networks.CHAIN, 1).items()})
    assert list(writing.expected(Question(dead, picture(1, False), 0, "gradient"))) == []


def test_a_kit_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(VerifyError, match=r"file.*: the kit cannot be written: "):
        writing.write_kit(tmp_path / "file")


# --- the runner


@pytest.fixture(scope="module")
def runner(small):
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
    spec = importlib.util.spec_from_file_location("run_pytorch", AS_IT_IS / "run_pytorch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.KIT == AS_IT_IS
    module.KIT = small[0]
    return module


@pytest.mark.torch
def test_the_runner_builds_the_networks(small, runner):
    import torch

    for name, kinds in (("functional", []), ("in_place", [True, True])):
        at = small[0] / name
        net = runner.Net(at).double()
        x = torch.from_numpy(np.load(at / "input.npy"))
        assert np.array_equal(net(x).detach().numpy(), np.load(at / "expected" / "scores.npy"))
        assert [m.inplace for m in net.modules() if isinstance(m, torch.nn.ReLU)] == kinds
        assert (net.conv2.in_channels, net.conv2.out_channels, net.conv1.in_channels) == (4, 4, 3)
        assert (net.scores.in_features, net.scores.out_features) == (4, 4)


@pytest.mark.torch
def test_the_runner_names_what_a_library_gives(small, runner, monkeypatch):
    import torch

    def library(net, x, case):
        at = small[0] / case["network"] / "expected"
        if case["method"] == "grad_cam":
            return torch.from_numpy(np.load(at / "grad_cam@upsampled_with_aligned_corners.npy"))
        if case["method"] == "gradient":
            assert x.requires_grad and x.dtype == torch.float64 and not net.training
            return torch.from_numpy(np.load(at / "gradient.npy"))
        right = np.load(at / f"{case['method']}.npy")
        off = {"lrp_epsilon": 0.9e-12, "smoothgrad": 1e-15, "occlusion": 1.2e-12}.get(case["method"])
        return off and torch.from_numpy(right + off * abs(right).max())

    monkeypatch.setitem(runner.LIBRARIES, "theirs", library)
    assert list(runner.results("theirs")) == [
        (network, method, mark)
        for network in ("functional", "in_place")
        for method, mark in (("gradient", "="), ("grad_cam", "upsampled_with_aligned_corners"),
                             ("occlusion", "≠"), ("smoothgrad", "≠"), ("lrp_epsilon", "="))
    ]  # fmt: skip
    monkeypatch.setattr(runner, "KIT", small[0] / "functional")
    with pytest.raises(SystemExit, match="this kit is not whole"):
        next(runner.results("theirs"))


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:Setting backward hooks")
@pytest.mark.parametrize("library", ["captum", "zennit"])
def test_the_runner_asks_libraries(library, small, runner):
    if library == "zennit":
        pytest.importorskip("tests.support.torchvision_models", reason="torchvision is not installed")
    pytest.importorskip(library, reason=f"{library} is not installed")
    found = {(network, method): mark for network, method, mark in runner.results(library)}
    assert found["functional", "gradient"] == found["in_place", "gradient"] == "="
    assert found["in_place", "guided_backprop"] == "=" != found["functional", "guided_backprop"]
    others = {"grad_cam"} if library == "captum" else set()
    assert {method for _, method in found} == {"gradient", "guided_backprop"} | others
