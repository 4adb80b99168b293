"""Weights that are NaN or infinite: shown, and said; nothing is explained by them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import weights
from gradcam import explain, explain_many
from gradcam.cli import main
from gradcam.commands._report import as_json
from gradcam.explanation.finite import NotFiniteError
from minicnn import ops
from tests.weights.readers import samples
from weights import WeightsError
from weights.readers.deep_compression import CONVOLUTIONS

RNG = np.random.default_rng(0)
W = RNG.standard_normal((4, 3, 3, 3))
HEAD = RNG.standard_normal((5, 4))
BIAS = np.zeros(5)
X = RNG.standard_normal((1, 3, 12, 12))


def spoiled(array, *values):
    """A copy that begins with other values."""
    array = array.copy()
    array.flat[: len(values)] = values
    return array


def written(kind):
    """The bytes of a file of this format, with a NaN and an infinite number in one of its arrays."""
    if kind == "deep_compression":
        content = bytearray(samples.deep_compression()[0])
        at = 4 * len(CONVOLUTIONS) + 4 * 256  # the first layer's biases
        content[at : at + 8] = np.array([np.nan, -np.inf], "<f4").tobytes()
        return content
    made = samples.keras_formats() if kind.startswith("keras") else samples.all_formats()
    return made[kind][0][0]


@pytest.mark.parametrize("kind", [*samples.all_formats(), "keras_h5", "keras_zip"])
def test_they_are_shown_and_said_whatever_the_format(kind, tmp_path, monkeypatch, capsys):
    if kind.startswith("keras"):
        pytest.importorskip("h5py", reason="h5py is not installed")
    state = samples.state()
    state["conv.weight"] = spoiled(state["conv.weight"], np.nan, -np.inf)
    monkeypatch.setattr(samples, "state", lambda: state)
    (tmp_path / "file").write_bytes(written(kind))
    ((name, array),) = ((n, a) for n, a in weights.read(tmp_path / "file").items() if np.isnan(a).any())
    assert main(["weights", "show", str(tmp_path / "file")]) == 0
    said = (
        f"There are NaN or infinite numbers in {name} (2 of {array.size}): such weights can explain nothing."
    )
    assert said in capsys.readouterr().out.splitlines()


def test_a_file_of_such_weights_is_no_network(tmp_path, capsys):
    arrays = {name: t.data for name, t in weights.build("captum_cifar").initialise(3).arrays().items()}
    arrays |= {name: spoiled(arrays[name], np.inf) for name in ("conv1.W", "conv1.b", "fc1.W", "fc3.b")}
    np.savez(tmp_path / "net.npz", **arrays)
    says = (
        r"net.npz: there are NaN or infinite numbers in .*\(1 of [0-9,]+\), .* and 1 array more: such weights"
    )
    with pytest.raises(WeightsError, match=says):
        weights.load("captum_cifar", tmp_path / "net.npz")
    assert main(["weights", "check", "captum_cifar", "--weights", str(tmp_path / "net.npz")]) == 2
    assert "NaN or infinite numbers in" in capsys.readouterr().err


def net_of(W, head, bias=BIAS):
    def net(x):
        A = ops.ReLU()(ops.Conv()(x, W, name="conv"), name="A")
        return ops.Linear()(ops.GlobalAvgPool()(A), head, bias, name="scores")

    return net


@pytest.mark.parametrize("method", ["saliency", "grad_cam", "occlusion"])
@pytest.mark.parametrize(
    "net, where",
    [
        (net_of(spoiled(W, np.nan), HEAD), r"input 1 of conv \(1 of 108\)"),
        (net_of(W, spoiled(HEAD, 0, 0, np.inf)), r"input 1 of scores \(1 of 20\)"),
    ],
)
def test_the_array_is_named_in_place_of_a_map(net, where, method):
    with pytest.raises(WeightsError, match=rf"are not finite: there are NaN or infinite numbers in {where}"):
        explain(net, X, 0, method)


def test_a_class_that_is_masked_hides_no_other():
    masked = net_of(W, HEAD, np.array([0, 0, -np.inf, 0, 0]))
    e = explain(masked, X, [0, 1], ["saliency", "grad_cam"])
    assert e["saliency", 0].any() and np.isfinite(e["grad_cam", 1]).all()
    with pytest.raises(WeightsError, match=r"input 2 of scores \(1 of 5\)"):
        explain(masked, X, 2)
    with pytest.raises(WeightsError, match=r"input 2 of scores \(1 of 5\)"):
        explain(net_of(W, HEAD, np.array([0, 0, np.inf, 0, 0])), X, 0)


def test_of_a_class_that_is_masked_the_score_is_null(capsys):
    net = weights.load("shapes")
    last = next(t for name, t in net.arrays().items() if t.shape == (8,) and name.endswith(".b"))
    last.data = np.where(np.arange(8) == 2, -np.inf, last.data).astype(np.float32)
    e = explain(net, RNG.standard_normal((1, 3, 96, 96)).astype(np.float32), [0, 1], ["saliency"])
    as_json(e, "photo.png", "maps.npz")
    found = json.loads(capsys.readouterr().out)
    assert [one["class"] for one in found["explained"]] == [0, 1]
    scores = {one["class"]: one["score"] for one in found["top"] + found["explained"]}
    assert scores.get(2) is None and scores[0] == float(e.scores[0, 0])


def test_the_weights_of_a_model_in_a_file_are_named(tmp_path, capsys):
    onnx = pytest.importorskip("onnx", reason="ONNX's own package is not installed")
    from tests.weights.graphs.onnx_kinds import plain

    model = plain()
    at = next(k for k, w in enumerate(model.weights) if w.name == "W2")
    array = onnx.numpy_helper.to_array(model.weights[at])
    model.weights[at] = onnx.numpy_helper.from_array(spoiled(array, np.nan, np.inf), "W2")
    model.save(tmp_path / "net.onnx")
    Image.new("RGB", (16, 16), (200, 100, 50)).save(tmp_path / "photo.png")
    command = ["explain", str(tmp_path / "photo.png"), "--model", str(tmp_path / "net.onnx")]
    assert main([*command, "--out", str(tmp_path / "panel.png")]) == 2
    said = capsys.readouterr().err
    assert "the network's scores are not finite: there are NaN or infinite numbers in" in said
    assert "(2 of 288): such weights can explain nothing" in said and not (tmp_path / "panel.png").exists()


def test_numbers_that_become_too_large_are_no_fault_of_the_weights(tmp_path):
    """Of one input, or of one photo among many, which is a row that says so."""
    with pytest.raises(NotFiniteError, match="though the weights are"), np.errstate(all="ignore"):
        explain(net_of(W * 1e300, HEAD * 1e300), X, 0)
    net = weights.load("shapes")
    net.card = replace(net.card, preprocessing=replace(net.card.preprocessing, scale=5e37))
    Image.fromarray(RNG.integers(0, 256, (96, 96, 3), np.uint8)).save(tmp_path / "photo.png")
    with np.errstate(all="ignore"):
        (one,) = explain_many(net, tmp_path / "photo.png")
    assert "too large for this input" in one.error


def test_those_of_a_live_model_are_named():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from weights.graphs.torch import from_torch

    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(400, 2))
    with torch.no_grad():
        model[2].weight[1, :3] = torch.nan
    with pytest.raises(WeightsError, match=r"NaN or infinite numbers in 2.weight \(3 of 800\)"):
        from_torch(model, torch.ones(1, 3, 12, 12))
