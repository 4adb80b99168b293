"""`gradcam weights check`: on real checkpoints where they are, on the real VGG-16 where that is,
and on files that only have its shape.
"""

import importlib.util
from importlib import import_module

import numpy as np
import pytest
from PIL import Image

import weights
from gradcam.check.figure_1 import SIZE
from gradcam.cli import main
from tests.support.data import DATA
from tests.weights.frameworks import torch_model

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")


@pytest.fixture(autouse=True)
def nothing_at_hand(monkeypatch, tmp_path):
    """Photos only where a test gives them; pictures go where they are in nobody's way."""
    monkeypatch.delenv("MINICNN_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


def drawn(name, path):
    """A file with drawn weights, so that every operation of the network counts."""
    net, random = weights.build(name).initialise(1), np.random.default_rng(0)
    arrays = {n: random.uniform(0.5, 1.5, t.shape).astype(np.float32) if n.endswith((".gamma",
    ".var")) else t.data
              for n, t in net.arrays().items()}  # fmt: skip
    np.savez(path, **arrays)
    return path


def check(name, path, photos=None, photo=None, out=None):
    """`gradcam weights check` -> its exit status"""
    given = {"--weights": path, "--photos": photos, "--photo": photo, "--out": out}
    return main(["weights", "check", name, *(str(w) for k, v in given.items() if v for w in (k, v))])


def said(capsys):
    """{first word of a row: the row}"""
    return {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}


@pytest.mark.parametrize(
    ("name", "cam"), [("googlenet_caffe", True), ("mini_xception", False), ("resnet20", True)]
)
def test_every_method_agrees_with_pytorch(name, cam, tmp_path, capsys):
    check(name, drawn(name, tmp_path / "net.npz"))
    rows = [
        line
        for line in capsys.readouterr().out.splitlines()
        if "from PyTorch" in line or "PyTorch has zeros" in line
    ]
    assert len(rows) == 10 + cam
    assert sum("PyTorch has zeros" in row for row in rows) <= 1  # which says nothing, and is not counted
    assert all(row.endswith("holds") for row in rows if "from PyTorch" in row), rows


def test_a_wrong_formula_is_noticed(tmp_path, capsys, monkeypatch):
    path = drawn("captum_cifar", tmp_path / "net.npz")
    agreement = import_module("gradcam.check.agreement")
    right = agreement.explain

    def wrong(*args, **options):
        e = right(*args, **options)
        for method in ("grad_cam", "occlusion"):
            e.maps[method, e.classes[0]] = e[method] * (1 + 1e-9)
        return e

    monkeypatch.setattr(agreement, "explain", wrong)
    assert check("captum_cifar", path) == 1
    rows = said(capsys)
    assert (
        rows["grad_cam"].endswith("FAILS")
        and rows["occlusion"].endswith("FAILS")
        and rows["saliency"].endswith("holds")
    )


@pytest.mark.data
def test_squeezenet_is_as_published_and_draws_figure_1(tmp_path, capsys):
    """The paper's Figure 1 in numbers that are known for this file."""
    images, out = DATA / "images", tmp_path / "figure.png"
    assert (
        check(
            "squeezenet",
            DATA / "weights/compressed_SqueezeNet.net",
            images / "imagenet_samples",
            images / "cat_dog.jpg",
            out,
        )
        == 0
    )
    text = capsys.readouterr().out
    assert "as published" in text and "30 of 40 recognised" in text and "15 of 15 hold" in text
    assert "bull mastiff 86.7 % (no. 1), tiger cat 2.0 % (no. 3)" in text
    assert "dog (0.50, 0.19), cat (0.81, 0.73)" in text
    width, height = Image.open(out).size
    assert width > 2.5 * height > 2000  # two rows of ten


@pytest.mark.data
@pytest.mark.parametrize("name", ["vgg16", "resnet18"])
def test_the_real_file(name, capsys, tmp_path):
    path, images = weights.where(name), DATA / "images"
    if not path.exists():
        pytest.skip(f"the real {name} is not here: gradcam weights get {name}, or put {path.name} at {path}")
    assert (
        check(name, path, images / "imagenet_samples", images / "cat_dog.jpg", tmp_path / "figure.png") == 0
    )
    assert "as published" in capsys.readouterr().out


def test_a_file_that_only_has_the_shape_of_resnet18(tmp_path, capsys, monkeypatch):
    """PyTorch writes it, He-initialised; a photo of noise has the size of Figure 1's:
    the whole way is gone, and says no.
    """
    pytest.importorskip("tests.support.torchvision_models", reason="torchvision is not installed")
    torch.save(torch_model("resnet18").state_dict(), tmp_path / "net.pth")
    few = ["gradient", "guided_backprop", "cam", "grad_cam"]
    monkeypatch.setattr(import_module("gradcam.check.figure_1"), "fitting", lambda y: few)
    (tmp_path / "photos").mkdir()
    for c in range(6):
        noise = np.random.default_rng(c).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / f"photos/{281 + c}_cat.png")
    assert (
        main(
            [
                "weights",
                "check",
                "resnet18",
                "--weights",
                "net.pth",
                "--photos",
                "photos",
                "--photo",
                "photos/281_cat.png",
            ]
        )
        == 1
    )
    rows = said(capsys)
    assert (
        rows["photos"].endswith("FAILS")
        and rows["sha256"].endswith("FAILS")
        and rows["Figure"].endswith("FAILS")
    )
    assert rows["scores"].endswith("holds") and "cosine" in rows["cam"]
    assert (tmp_path / "resnet18_figure_1.png").stat().st_size > 100_000


def test_a_changed_file_is_noticed(tmp_path, capsys):
    assert check("captum_cifar", drawn("captum_cifar", tmp_path / "net.npz")) == 1
    row = said(capsys)["sha256"]
    assert "not the published file" in row and "228d8332" in row and row.endswith("FAILS")


def test_a_shipped_network_is_measured(capsys, monkeypatch):
    """On scenes, and without PyTorch, which need not be there."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["weights", "check", "shapes"]) == 0
    rows = said(capsys)
    assert all(rows[what].endswith("holds") for what in ("sha256", "macro_f1", "accuracy"))
    assert "500 unseen scenes" in rows["accuracy"] and "not installed" in rows["PyTorch"]


def test_a_check_of_nothing_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    path = drawn("squeezenet1_1", tmp_path / "net.npz")
    assert main(["weights", "check", "squeezenet1_1", "--weights", str(path)]) == 2
    assert "nothing could be checked: give --photos FOLDER" in capsys.readouterr().err


@pytest.mark.parametrize(("more", "message"), [
    (["--photos", "nowhere"], "nowhere: there is no such folder of photos"),
    (["--photos", "."], "no picture's name there begins with the number of its class"),
    (["--photo", "nowhere.jpg"], "nowhere.jpg: there is no such file"),
    (["--photo", "net.npz", "--out", "figure.xyz"], "a picture's name ends in one of"),
])  # fmt: skip
def test_what_cannot_be_checked_is_said_in_one_line(more, message, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    drawn("squeezenet1_1", tmp_path / "net.npz")
    assert main(["weights", "check", "squeezenet1_1", "--weights", "net.npz", *more]) == 2
    assert message in capsys.readouterr().err


def test_photos_numbered_for_another_network_are_refused(tmp_path, capsys):
    (tmp_path / "281_tabby.jpg").write_bytes(b"")
    (tmp_path / "3_cat.jpg").write_bytes(b"")
    drawn("captum_cifar", tmp_path / "net.npz")
    assert main(["weights", "check", "captum_cifar", "--weights", "net.npz", "--photos", "."]) == 2
    err = capsys.readouterr().err
    assert (
        "281_tabby.jpg begins with another network's number" in err
        and "of its own, numbered 0 (airplane) to 9 (truck)" in err
    )


def test_figure_1_needs_a_network_that_knows_its_animals(tmp_path, capsys):
    drawn("captum_cifar", tmp_path / "net.npz")
    assert main(["weights", "check", "captum_cifar", "--weights", "net.npz", "--photo", "net.npz"]) == 2
    assert "knows neither the dog nor the cat of Figure 1" in capsys.readouterr().err
