"""gradcam explain --target, --allow, raw maps and overlays."""

import json

import numpy as np
import pytest

from gradcam.cli import main


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_what_was_explained_is_said(capsys):
    words = [
        "explain",
        "--network",
        "shapes",
        "--target",
        "star - ring",
        "minus star",
        "--method",
        "grad_cam",
        "saliency",
    ]
    assert main([*words, "--out", "maps.npz"]) == 0
    said = capsys.readouterr().out
    assert (
        "The raw maps of the score of star minus the score of ring and minus the score of star are in "
        "maps.npz" in said
    )
    with np.load("maps.npz") as found:
        assert found["grad_cam"].shape[:2] == (2, 1) and np.any(found["saliency"])
    assert main([*words, "--json", "--overlays", ".", "--colormap", "viridis"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [e["target"] for e in told["explained"]] == [
        "the score of star minus the score of ring",
        "minus the score of star",
    ]


@pytest.mark.parametrize(
    "words, says",
    [
        (["--target", "star - wolf"], "there is no class 'wolf'"),
        (["--target", "mask:none.png"], "there is no such file"),
        (["--target", "box:3"], "a row of a detector is of an output"),
        (["--upsampled"], "--out maps.npz"),
        (["--colormap", "virdis"], "there is viridis"),
        (["--alpha", "3"], "a share from 0 to 1"),
        (["--out", "maps.npy"], "holds one map"),
    ],
)
def test_what_cannot_be_is_one_line(words, says, capsys):
    assert main(["explain", "--network", "shapes", *words]) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1
