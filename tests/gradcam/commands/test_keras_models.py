"""gradcam explain --keras, layers MODEL: a model that Keras saved, without Keras."""

import json

import numpy as np
import pytest
from PIL import Image

from gradcam.cli import main
from tests.weights.graphs.keras_fixtures import read, write

pytest.importorskip("h5py", reason="the extra 'keras' is not installed")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 50, 3), dtype=np.uint8)).save("photo.png")
    return lambda name, ending: write(read()[name], ending, tmp_path / f"model{ending}", "float32").name


def answer(capsys, *words):
    status = main([*words])
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.mark.parametrize(("name", "ending", "layer"), [
    ("branches, Keras 3", ".keras", "batch_normalization"), ("transfer, Keras 2", ".h5", "base/activation"),
])  # fmt: skip
def test_a_photo_is_explained_at_the_last_feature_maps(here, capsys, name, ending, layer):
    file = here(name, ending)
    words = ["--method", "grad_cam", "saliency", "--out", "panel.png", "--json"]
    status, out, err = answer(capsys, "explain", "photo.png", "--keras", file, *words)
    assert (status, err) == (0, "")
    assert layer in json.dumps(json.loads(out))


def test_what_is_assumed_is_said(here, capsys):
    file = here("tutorial, Keras 3", ".h5")
    status, out, _ = answer(capsys, "explain", "photo.png", "--model", file, "--method", "saliency")
    assert status == 0 and "assumed: pixels (unit, 0 to 1), resize (squash" in " ".join(out.split())


def test_layers_have_the_names_and_classes_of_keras(here, capsys):
    status, out, _ = answer(capsys, "layers", here("transfer, Keras 3", ".keras"))
    rows = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert status == 0
    assert "8 x 20 x 20" in rows["base/conv2d"] and "Conv2D" in rows["base/conv2d"]
    assert "(Grad-CAM's default)" in rows["base/activation"]


def test_a_wrong_kind_of_file_is_named_after_either_option(here, capsys, tmp_path):
    file = here("tutorial, Keras 3", ".h5")
    status, _, err = answer(capsys, "explain", "photo.png", "--onnx", file)
    assert status == 2 and "this is no ONNX model but a Keras file: give it with --keras" in err
    np.save("array.npy", np.ones(3))
    status, _, err = answer(capsys, "layers", "--keras", "array.npy")
    assert status == 2 and "this is no file of Keras (.keras, .h5) but a file of NumPy arrays" in err
    status, _, err = answer(capsys, "layers", file, "--keras", file)
    assert status == 2 and "are two networks: give one of them" in err


def test_unknown_layers_are_one_line(here, capsys, tmp_path):
    made = read()["tutorial, Keras 3"]
    made[".h5"]["config"]["config"]["layers"][1]["class_name"] = "Patches"
    path = write(made, ".h5", tmp_path / "own.h5", "float32")
    status, out, err = answer(capsys, "layers", str(path))
    assert (status, out, err.count("\n")) == (2, "", 1) and "Patches (1)" in err
