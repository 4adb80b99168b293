"""`gradcam describe`, and `gradcam explain` with what it wrote."""

import json

import numpy as np
import pytest
from PIL import Image

from gradcam.cli import main

pytest.importorskip("onnx", reason="ONNX's own package is not installed")
from tests.weights.graphs.onnx_kinds import plain


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("photo.png")
    plain().save("net.onnx")
    return tmp_path


def told(capsys, *words):
    capsys.readouterr()
    status = main([*words])
    out, err = capsys.readouterr()
    assert err.count("\n") <= 1
    return status, out, err


def test_each_usual_preprocessing_says_what_it_would(here, capsys):
    status, out, _ = told(capsys, "describe", "net.onnx", "--photo", "photo.png", "--json")
    found = json.loads(out)
    assert status == 0 and [t["pixels"] for t in found["tried"]] == [
        "unit", "imagenet", "half", "byte", "caffe", "clip",
    ]  # fmt: skip
    assert found["remains"] == ["labels", "pixels"] and found["written"] is None
    for tried in found["tried"]:  # as explain says it, when that way is described
        (here / "net.toml").write_text(f'pixels = "{tried["pixels"]}"', "utf-8")
        command = ["explain", "photo.png", "--onnx", "net.onnx", "--method", "saliency", "--json"]
        top = json.loads(told(capsys, *command)[1])["top"][0]
        assert tried["says"].startswith(f"{100 * top['probability']:.1f} % class {top['class']}")


def test_written_once_and_read_from_then_on(here, capsys):
    status, out, _ = told(capsys, "describe", "net.onnx", "--write")
    assert status == 0 and "The description is in net.toml" in out
    assert "pixels" in out and "Left to you" in out
    assert told(capsys, "describe", "net.onnx", "--write")[0] == 2  # what a user wrote is never lost
    text = (here / "net.toml").read_text("utf-8")
    names = 'labels = ["oak", "elm", "ash", "fir"]'
    text = text.replace('# labels = "names.txt"', names).replace('# pixels = "unit"', 'pixels = "imagenet"')
    (here / "net.toml").write_text(text, "utf-8")
    for model in (["--onnx", "net.onnx"], ["--model", "net.toml"], ["--model", "net.onnx"]):
        status, out, _ = told(capsys, "explain", "photo.png", *model, "--method", "grad_cam")
        assert status == 0 and ("oak" in out or "elm" in out or "ash" in out or "fir" in out)
        line = next(line for line in out.splitlines() if line.startswith("Prepared: "))
        assert "minus 0.485, 0.456, 0.406, over 0.229, 0.224, 0.225" in line
        assert "assumed: resize (short), interpolation (bilinear)" in line


def test_every_run_says_how_the_picture_was_prepared(here, capsys):
    out = told(capsys, "explain", "photo.png", "--method", "saliency")[1]
    assert "\nPrepared: shorter side to 256, the middle 227 x 227, BGR from 0 to 255" in out
    assert "assumed" not in out  # it is a published network
    out = told(capsys, "explain", "photo.png", "--onnx", "net.onnx", "--method", "saliency")[1]
    assert "assumed: pixels (unit, 0 to 1), resize (short)" in out and "gradcam describe net.onnx" in out


def test_a_letterbox_shows_all_of_the_photo(here, capsys):
    from gradcam.image import crop_shown
    from weights import Preprocessing

    photo = np.full((40, 80, 3), 200, np.uint8)
    wide = Preprocessing("letterbox", 32, (32, 32), fill=(0, 10, 255))
    seen = crop_shown(photo, wide)
    assert seen.shape == (32, 32, 3) and np.all(seen[8:24] == 200) and np.all(seen[:8] == [0, 10, 255])
    grey = crop_shown(photo, Preprocessing("letterbox", 32, 32, "L", mean=(0,), std=(1,)))
    assert np.all(grey[0] == 114)
    command = ["explain", "photo.png", "--onnx", "net.onnx", "--resize", "letterbox", "--method", "saliency"]
    assert "all of it on a ground of 114, 114, 114, 16 x 16" in told(capsys, *command)[1]


def test_what_is_wrong_is_one_line(here, capsys):
    (here / "net.toml").write_text("labls = 1", "utf-8")
    for command in (["describe", "net.onnx"], ["explain", "photo.png", "--onnx", "net.onnx"]):
        status, _, err = told(capsys, *command)
        assert status == 2 and "no key is called 'labls'; did you mean 'labels'?" in err
    status, _, err = told(capsys, "explain", "photo.png", "--model", "photo.png")
    assert status == 2 and "photo.png" in err
