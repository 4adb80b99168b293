"""A network's file and its description together: what is found, what is assumed, what remains."""

import numpy as np
import pytest

from minicnn import Tensor
from weights import WeightsError
from weights.described import as_toml, open_model

pytest.importorskip("onnx", reason="ONNX's own package is not installed")
from tests.weights.graphs.onnx_kinds import Drawn, ended, plain


def test_nothing_is_guessed_silently(tmp_path):
    net = open_model(plain().save(tmp_path / "net.onnx"))
    assert set(net.known.assumed) == {"pixels", "resize", "interpolation"}
    assert net.known.remains == ("labels", "pixels")
    assert net.known.found["layer"] == ("relu2", "the last feature maps")
    assert net.known.found["crop"] == ("16 x 16", "the file")


def test_the_description_beside_it_is_read(tmp_path):
    path = plain().save(tmp_path / "net.onnx")
    (tmp_path / "net.toml").write_text(
        'labels = ["a", "b", "c", "d"]\npixels = "imagenet"\nlayer = "relu1"\nresize = "squash"\n'
        'interpolation = "box"\nends = "sigmoid"\ndescribe = "leaves"',
        "utf-8",
    )
    net = open_model(path)
    assert not net.known.assumed and not net.known.remains and net.known.toml == tmp_path / "net.toml"
    assert (net.card.classes, net.card.layer, net.card.multi_label) == (("a", "b", "c", "d"), "relu1", True)
    assert net.card.preprocessing.std == (0.229, 0.224, 0.225) and net.card.title == "net.onnx, leaves"
    asked = open_model(path, layer="relu2", mean=[0.0] * 3, std=[1.0] * 3, scale=255.0)  # goes before it
    assert asked.card.layer == "relu2" and asked.card.preprocessing.scale == 255


def test_a_description_elsewhere_names_the_file(tmp_path):
    plain().save(tmp_path / "net.onnx")
    (tmp_path / "mine").mkdir()
    toml = tmp_path / "mine" / "about.toml"
    toml.write_text('model = "../net.onnx"\npixels = "half"', "utf-8")
    assert open_model(toml).card.preprocessing.mean == (0.5, 0.5, 0.5)
    assert open_model(tmp_path / "net.onnx", toml).card.preprocessing.mean == (0.5, 0.5, 0.5)
    toml.write_text("", "utf-8")
    with pytest.raises(WeightsError, match="names no network: add model"):
        open_model(toml)


@pytest.mark.parametrize("ops, way, scale", [
    ([("Sub", [123.0]), ("Div", [58.0])], "the graph scales them itself", 255),
    ([("Mul", [1 / 255])], "the graph scales them itself", 255),
    ([("Sub", [0.45]), ("Div", [0.22])], "the graph scales them itself", 1),
    ([("Mul", [2.0]), ("Add", [-1.0])], "the graph scales them itself", 1),
])  # fmt: skip
def test_a_graph_that_scales_its_pixels_says_which_it_takes(tmp_path, ops, way, scale):
    drawn, y = Drawn(), "input"
    for k, (op, number) in enumerate(ops):
        y = drawn.node(op, [y, drawn.constant(f"n{k}", number)], f"step{k}")
    drawn.head(drawn.trunk(y))
    net = open_model(drawn.ends("scores").save(tmp_path / "net.onnx"))
    assert net.known.found["pixels"][1] == way and net.card.preprocessing.scale == scale
    assert "pixels" not in net.known.remains


def test_a_batchnorm_in_front_scales_pixels(tmp_path):
    drawn = Drawn()
    four = [drawn.constant(n, [v] * 3) for n, v in (("g", 1), ("b", 0), ("m", 120), ("v", 3600))]
    y = drawn.node("BatchNormalization", ["input", *four], "norm")
    drawn.head(drawn.trunk(y))
    net = open_model(drawn.ends("scores").save(tmp_path / "net.onnx"))
    assert net.card.preprocessing.scale == 255


def test_ultralytics_is_known_by_its_metadata(tmp_path):
    drawn = plain()
    drawn.metadata = {"author": "Ultralytics", "task": "detect", "names": "{0: 'a', 1: 'b', 2: 'c', 3: 'd'}"}
    net = open_model(drawn.save(tmp_path / "net.onnx"))
    assert net.known.found["resize"][0] == "letterbox" and net.known.remains == ()
    assert net.card.preprocessing.sides == (16, 16) and "pixels" in net.known.found


def test_what_is_written_says_what_was_found(tmp_path):
    for drawn in (plain(), ended(("Sigmoid", [], {}), classes=1)):
        drawn.metadata = {"names": '["a", "b \\"c\\"", "d", "e"]'}
        path = drawn.save(tmp_path / "net.onnx")
        before = open_model(path)
        (tmp_path / "net.toml").write_text(as_toml(before, path), "utf-8")
        after = open_model(path)
        assert after.card == before.card and after.known.toml
        assert after.known.assumed == before.known.assumed and after.known.remains == before.known.remains
        x = np.random.default_rng(0).random((1, 3, 16, 16), np.float32)
        np.testing.assert_array_equal(after(Tensor(x)).data, before(Tensor(x)).data)
        text = as_toml(before, path).replace("# pixels", "pixels").replace("# resize", "resize")
        (tmp_path / "net.toml").write_text(text.replace("# interpolation", "interpolation"), "utf-8")
        assert not open_model(path).known.assumed
        (tmp_path / "net.toml").unlink()


def test_names_must_fit(tmp_path):
    path = plain().save(tmp_path / "net.onnx")
    for text, said in (
        ('labels = ["a"]', r"net.toml has 1 names, and .*net.onnx gives 4 scores"),
        ('labels = "metadata"', "has no class names that fit"),
        ('pixels = "mnist"', "pixels = 'mnist' is not known for 3 channels; there is unit, imagenet"),
        ("mean = [1.0]", "this graph takes three channels: mean must be 3 numbers"),
        ("crop = 99", "its pictures cannot have 99 x 99 pixels"),
        ('output = "none"', "no output 'none'"),
    ):
        (tmp_path / "net.toml").write_text(text, "utf-8")
        with pytest.raises(WeightsError, match=said):
            open_model(path)
