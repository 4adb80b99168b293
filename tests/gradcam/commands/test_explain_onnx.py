"""`gradcam explain --onnx`: what is said of a network of one's own must fit it."""

import numpy as np
import pytest
from PIL import Image

from gradcam.cli import main
from tests.support.data import DATA

MODEL = DATA / "weights/mnist.onnx"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)).save("photo.png")


@pytest.mark.data
@pytest.mark.parametrize("names", [3, 1000])
def test_labels_are_as_many_as_scores(here, tmp_path, capsys, names):
    (tmp_path / "names.txt").write_text("\n".join(map(str, range(names))), "utf-8")
    assert main(["explain", "photo.png", "--onnx", str(MODEL), "--labels", "names.txt"]) == 2
    out, err = capsys.readouterr()
    assert (
        out == ""
        and err.count("\n") == 1
        and f"names.txt has {names} names, and {MODEL} gives 10 scores" in err
    )


@pytest.mark.data
def test_ten_names_and_empty_lines_after_them_will_do(here, tmp_path, capsys):
    (tmp_path / "names.txt").write_text("\n".join(f"digit {n}" for n in range(10)) + "\n\n", "utf-8")
    assert (
        main(["explain", "photo.png", "--onnx", str(MODEL), "--labels", "names.txt", "--method", "saliency"])
        == 0
    )
    assert "digit " in capsys.readouterr().out


@pytest.mark.data
def test_a_size_that_cannot_be_cropped_is_told(here, capsys):
    assert main(["explain", "photo.png", "--onnx", str(MODEL), "--size", "20"]) == 2
    assert "shorter side is 20 pixels cannot be cropped to 28" in capsys.readouterr().err
