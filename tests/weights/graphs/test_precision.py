"""compute("exact") and float64 reach every network: ours, an ONNX graph's, a live model's."""

import numpy as np
import pytest
from PIL import Image

import weights
from gradcam import explain
from gradcam.cli import main
from minicnn import Tensor, backward, one_hot
from minicnn.convolution.fast import choice

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
from torch import nn  # noqa: E402

from weights.graphs import onnx  # noqa: E402
from weights.graphs import torch as live  # noqa: E402


class Borrows(nn.Module):
    def forward(self, x):
        return x + torch.special.i0e(x)


def model():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), Borrows(), nn.Conv2d(16, 16, 3),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 5),
    ).eval()  # fmt: skip


def of_the_zoo(tmp_path):
    return weights.load("mini_vgg"), np.random.default_rng(0).random((1, 3, 96, 96), np.float32)


def of_onnx(tmp_path):
    pytest.importorskip("onnx", reason="ONNX's own package is not installed")
    x = np.random.default_rng(0).random((1, 3, 24, 20), np.float32)
    exported = nn.Sequential(*[m for m in model() if not isinstance(m, Borrows)])
    torch.onnx.export(exported, torch.from_numpy(x), str(tmp_path / "m.onnx"), dynamo=False, opset_version=13)
    return onnx.load(tmp_path / "m.onnx"), x


def of_torch(tmp_path):
    x = np.random.default_rng(0).random((1, 3, 24, 20), np.float32)
    net = live.from_torch(model(), x)
    assert "special_i0e" in net.borrowed
    return net.astype(np.float32), x


@pytest.fixture(params=[of_the_zoo, of_onnx, of_torch])
def network(request, tmp_path):
    return request.param(tmp_path)


class Refused(Exception):
    pass


def test_exact_allows_no_winograd(network, monkeypatch):
    def refuse(*_):
        raise Refused

    net, x = network
    monkeypatch.setattr(choice, "Winograd", refuse)
    with pytest.raises(Refused):
        net(x)
    y = net.compute("exact")(Tensor(x, "x"))
    assert y.dtype == np.float32
    with pytest.raises(Refused):
        net.compute("fast")(x)


def test_float64_all_the_way(network):
    net, x = network
    double = net.astype(np.float64)
    source, low = Tensor(x.astype(np.float64), "x"), Tensor(x, "x")
    y, rounded = double(source), net(low)
    g = backward(y, one_hot(y, 1), wrt=source)
    assert y.dtype == g.dtype == np.float64 and rounded.dtype == np.float32
    apart = np.abs(y.data - rounded.data).max() / np.abs(y.data).max()
    assert 0 < apart < 1e-5
    e = 1e-8 * np.random.default_rng(1).standard_normal(x.shape)
    slope = (double(x + e)[0, 1] - double(x - e)[0, 1]) / 2
    assert abs((g * e).sum() - slope) < 1e-4 * np.linalg.norm(g * e)


def test_explain_in_float64(network):
    net, x = network
    exact = explain(net.astype(np.float64), x.astype(np.float64), 1, ["saliency"])["saliency"]
    rounded = explain(net, x, 1, ["saliency"])["saliency"]
    assert exact.dtype == np.float64 and rounded.dtype == np.float32
    assert 0 < np.linalg.norm(exact - rounded) < 1e-2 * np.linalg.norm(exact)


def test_the_command_explains_in_float64(tmp_path, monkeypatch, capsys):
    def refuse(*_):
        raise Refused

    monkeypatch.setattr(choice, "Winograd", refuse)
    photo, out = str(tmp_path / "photo.png"), str(tmp_path / "a.png")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (120, 100, 3), np.uint8)).save(photo)
    assert main(["explain", photo, "--network", "mini_vgg", "--exact", "--out", out]) == 0
    assert (tmp_path / "a.png").exists()
    assert main(["explain", "a.jpg", "b.jpg", "--exact", "--out", str(tmp_path / "run")]) == 2
    assert "--exact is for one photo" in capsys.readouterr().err


def test_hard_sigmoids_derivative_is_pytorchs_for_a_live_model_and_exact_in_the_engine():
    from minicnn.ops import HardSigmoid

    x = torch.linspace(-2.9, 2.9, 12, dtype=torch.float64)[None].requires_grad_()
    y = torch.nn.functional.hardsigmoid(x)
    theirs = torch.autograd.grad(y.sum(), x)[0].numpy()
    net = live.from_torch(nn.Hardsigmoid(), x)
    t = Tensor(x.detach().numpy(), "x")
    y_live, own = net(t), HardSigmoid(1 / 6)(t)
    assert np.array_equal(backward(y_live, np.ones_like(theirs), wrt=t), theirs) and net.check.kind == "equal"
    assert (backward(own, np.ones_like(theirs), wrt=t) == 1 / 6).all()
    assert np.abs(own.data - y.detach().numpy()).max() <= 1e-15
