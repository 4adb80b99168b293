"""`gradcam weights check`: on real checkpoints where they are, and on the real VGG-16 where that is."""

import numpy as np
import pytest

import weights
from gradcam.check import check
from tests.support.data import DATA

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")


@pytest.mark.parametrize(("name", "lines"), [("googlenet_caffe", 5), ("mini_xception", 5), ("resnet20", 5)])
def test_every_method_agrees_with_pytorch(name, lines, tmp_path, capsys):
    """Drawn weights, so that every operation of these networks is held against PyTorch's."""
    net, random = weights.build(name).initialise(1), np.random.default_rng(0)
    arrays = {n: random.uniform(0.5, 1.5, t.shape).astype(np.float32) if n.endswith((".gamma", ".var")) else t.data
              for n, t in net.arrays().items()}  # fmt: skip
    np.savez(tmp_path / "net.npz", **arrays)
    check(name, tmp_path / "net.npz")
    said = [line for line in capsys.readouterr().out.splitlines() if "from PyTorch" in line]
    assert len(said) == lines
    assert all(float(line.split()[1]) <= 1e-10 for line in said), said


@pytest.mark.data
def test_a_real_checkpoint_is_as_published(capsys):
    photos = DATA / "images/imagenet_samples"
    assert check("squeezenet", DATA / "weights/compressed_SqueezeNet.net", photos) == 0
    said = capsys.readouterr().out
    assert "as published" in said
    assert "30 of 40 recognised" in said


@pytest.mark.data
@pytest.mark.parametrize("name", ["vgg16", "resnet18"])
def test_the_real_file(name, capsys):
    path = weights.where(name)
    if not path.exists():
        pytest.skip(f"the real {name} is not here: gradcam weights get {name}, or put {path.name} at {path}")
    assert check(name, path, DATA / "images/imagenet_samples") == 0
    assert "as published" in capsys.readouterr().out


def test_a_changed_file_is_noticed(tmp_path, capsys):
    np.savez(tmp_path / "net.npz", **{n: t.data for n, t in weights.build("captum_cifar").initialise(0).arrays().items()})
    assert check("captum_cifar", tmp_path / "net.npz") == 1
    assert "not the published file's, 228d8332" in capsys.readouterr().out
