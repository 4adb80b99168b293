"""Every example of the gallery: its map, from the live model and from its ONNX file, is autograd's; its
picture is drawn.  The networks are trained for three steps only.
"""

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("onnx", reason="ONNX's own package is not installed")

import torch

from lessons.gallery.example import by_autograd, from_file, live
from lessons.gallery.examples import EXAMPLES

PAGE = Path(__file__).parents[2] / "lessons" / "gallery" / "README.md"


def apart(found, truth):
    """The largest difference, as a share of the map's maximum; a map of zeros would test nothing."""
    assert found.shape == truth.shape and truth.any()
    return abs(found - truth).max() / abs(truth).max()


@pytest.mark.parametrize("name", EXAMPLES)
def test_live_and_from_its_file_it_is_autograds(name, tmp_path):
    example = EXAMPLES[name]
    model, xs = example.trained(steps=3), example.inputs()
    truth = by_autograd(example, model, xs, torch.float64)
    for dtype, most in ((np.float64, 1e-10), (np.float32, 1e-6)):
        one = live(example, model, xs, dtype, relu=False)
        two = from_file(example, model, xs, dtype, tmp_path, relu=False)
        assert one["grad_cam"].dtype == two["grad_cam"].dtype == dtype
        assert apart(one["grad_cam"], truth) < most, "live"
        assert apart(two["grad_cam"], truth) < most, "ONNX"
    e = from_file(example, model, xs, np.float64, tmp_path, example.methods)
    with torch.no_grad():
        y = model(*map(torch.as_tensor, xs)).numpy()
    figure = example.draw(xs[0], e, y)
    assert sum(len(ax.images) for ax in figure.axes) >= 2


def test_the_page_shows_every_example():
    text = PAGE.read_text("utf-8")
    for name, example in EXAMPLES.items():
        assert f"## {example.title}" in text and example.code in text
        assert (PAGE.parent / f"{name}.png").stat().st_size < 150_000
    assert {float(v) < 1e-10 for v in re.findall(r"(?:live|ONNX) (\d\S*e-\d+)", text)} == {True}
