"""A network of one's own, as an ONNX file, over many photos."""

import json

import numpy as np
import pytest

from tests.gradcam.runs.conftest import contents, explain


@pytest.fixture
def model(tmp_path):
    """A network with an activation for which no rule of guided backprop is published."""
    pytest.importorskip("onnx", reason="ONNX's own package is not installed")
    from tests.weights.graphs import onnx_kinds

    net = onnx_kinds.Drawn()
    y = net.node("Conv", ["input", net.weight("W1", 8, 3, 3, 3)], "conv1")
    net.head(net.node("LeakyRelu", [y], "leaky", alpha=0.1))
    net.ends("scores").save(str(tmp_path / "net.onnx"))
    return tmp_path / "net.onnx"


def test_methods_without_a_rule_are_left_out_and_the_others_explained(photos, model, tmp_path):
    command = [
        photos / "03.png",
        photos / "04.png",
        "--onnx",
        model,
        "--method",
        "guided_backprop",
        "grad_cam",
    ]
    status, said = explain(*command, "--out", tmp_path / "one", "--workers", 1)
    assert status == 0 and "Left out: Guided backprop. No rule of guided backprop is published" in said
    assert np.load(tmp_path / "one" / "maps" / "grad_cam.npy").shape[:2] == (2, 1)
    status, said = explain(*command, "--out", tmp_path / "two", "--workers", 2)
    assert status == 0, said
    assert contents(tmp_path / "two") == contents(tmp_path / "one")
    assert json.loads((tmp_path / "one" / "settings.json").read_text())["methods"] == ["grad_cam"]
    status, said = explain(*command, "--allow", "LeakyReLU", "--out", tmp_path / "one")
    assert status == 2 and "methods was grad_cam, and is guided_backprop, grad_cam" in said
    status, said = explain(*command[:-1], "--out", tmp_path / "three")
    assert status == 2 and "No rule of guided backprop is published" in said
    assert not (tmp_path / "three").exists()
