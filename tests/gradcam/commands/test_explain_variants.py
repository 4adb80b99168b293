"""gradcam explain with variants, several layers, targets of many photos."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gradcam.cli import main
from gradcam.commands._methods import method_named
from minicnn import Error


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "asked, name",
    [
        ("Grad-CAM", "grad_cam"),
        ("guided layercam", "guided_layercam"),
        ("Guided Grad-CAM", "guided_grad_cam"),
        ("aug-smooth eigen-smooth GradCAM", "aug_smooth_eigen_smooth_grad_cam"),
        ("SmoothGrad-Sq saliency", "smoothgrad_sq_saliency"),
        ("Grad-CAM++@relu3_2", "grad_cam++@relu3_2"),
        ("FullGrad", "full_grad"),
        ("gradcampp", "grad_cam++"),
        ("guided GradCAM++", "guided_grad_cam++"),
        ("DeepLIFT", "deep_lift"),
    ],
)
def test_methods_in_any_spelling(asked, name):
    assert method_named(asked) == name


@pytest.mark.parametrize(
    "asked, says",
    [("saliency@relu3_2", "looks at no layer"), ("guided saliency", "near:"), ("vargrad", "near:")],
)
def test_methods_that_there_are_not(asked, says):
    with pytest.raises(Error, match=says):
        method_named(asked)


def test_several_layers_and_variants(capsys):
    words = ["explain", "--network", "shapes", "--layer", "relu3_2", "--layer", "relu4_1", "--class", "star"]
    methods = ["--method", "layercam", "fused_layercam", "guided_hirescam@relu4_1", "saliency"]
    assert main([*words, *methods, "--out", "maps.npz"]) == 0
    with np.load("maps.npz") as found:
        sizes = {name: found[name].shape[2:] for name in found.files if "cam" in name or name == "saliency"}
        assert found["layer"] == "relu3_2, relu4_1"
    assert list(sizes) == [
        "layercam@relu3_2", "layercam@relu4_1", "fused_layercam", "guided_hirescam@relu4_1", "saliency",
    ]  # fmt: skip
    assert sizes["fused_layercam"] == sizes["saliency"] == sizes["guided_hirescam@relu4_1"][1:]
    capsys.readouterr()
    assert main([*words, *methods, "--json", "--overlays", ".", "--out", "panel.png"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["explained"][0]["maps"]) == list(sizes)
    for name in sizes:
        assert Image.open(f"{name}.png").size == sizes["saliency"][::-1]


def photos(count=3):
    random = np.random.default_rng(0)
    for n in range(count):
        Image.fromarray(random.integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(f"photo{n}.png")
    return [f"photo{n}.png" for n in range(count)]


def test_many_photos_have_targets_and_layers(capsys):
    asked = ["--target", "star - ring", "star from others", "--method", "layercam", "vargrad_saliency"]
    layers = ["--layer", "relu3_2", "--layer", "relu4_1"]
    words = ["explain", *photos(), "--network", "shapes", *asked, *layers, "--workers", "1"]
    assert main([*words, "--out", "RUN/"]) == 0
    rows = [json.loads(line) for line in Path("RUN/rows.jsonl").read_text().splitlines()]
    assert len(rows) == 3
    for row in rows:
        first, second = row["explained"]
        assert first["name"] == "the score of star minus the score of ring"
        assert second["name"].startswith("what tells star from")
        assert list(first["maps"]) == ["layercam@relu3_2", "layercam@relu4_1", "vargrad_saliency"]
        assert first["maps"]["layercam@relu4_1"]["layer"] == "relu4_1"
    maps = np.load("RUN/maps/layercam@relu4_1.npy")
    assert maps.shape[:2] == (3, 2) and np.any(maps[2, 0])
    capsys.readouterr()
    assert main([*words, "--method", "fused_layercam", "--out", "OTHER/"]) == 2
    assert "one photo at a time" in capsys.readouterr().err
