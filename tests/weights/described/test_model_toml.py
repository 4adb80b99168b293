"""MODEL.toml: what it may say, and that everything else is one sentence."""

import numpy as np
import pytest

from weights import WeightsError
from weights.described import USUAL, card_for, read_model_toml
from weights.described.model_toml import KEYS


@pytest.fixture
def read(tmp_path):
    def make(text):
        path = tmp_path / "net.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_model_toml(path)

    return make


WHOLE = """
describe = "leaves"
model = "net.onnx"
labels = ["oak", "elm"]
scale = 255
mean = [1, 2.5, 3]
std = [1.0, 2.0, 3.0]
channels = "BGR"
resize = "letterbox"
fill = [0, 10, 255]
crop = [48, 64]
interpolation = "bicubic"
layer = "relu2"
output = "scores"
ends = "sigmoid"
"""


def test_every_key_is_read(read, tmp_path):
    said = read(WHOLE)
    assert said.model == tmp_path / "net.onnx" and said.labels == ("oak", "elm")
    assert said.preprocessing == {
        "scale": 255, "mean": (1, 2.5, 3), "std": (1.0, 2.0, 3.0), "channels": "BGR", "resize": "letterbox",
        "fill": (0, 10, 255), "crop": (48, 64), "interpolation": "bicubic",
    }  # fmt: skip
    assert (said.describe, said.layer, said.output, said.ends) == ("leaves", "relu2", "scores", "sigmoid")
    assert read("").preprocessing == {}
    assert set(KEYS) == {line.split(" =")[0] for line in WHOLE.strip().splitlines()} | {"pixels", "size"}


def test_a_size_of_two_numbers_is_the_inputs(read):
    assert read('size = [48, 64]\nresize = "squash"').preprocessing["crop"] == (48, 64)
    assert read("size = 256\ncrop = 224").preprocessing == {"size": 256, "crop": 224}


@pytest.mark.parametrize("text, said", [
    ("interpolaton = 'box'", "no key is called 'interpolaton'; did you mean 'interpolation'?  There is"),
    ("zzz = 1", "no key is called 'zzz'; there is describe, model, labels"),
    ("resize = 'stretch'", "resize is one of short, squash, letterbox, not 'stretch'"),
    ("mean = 'x'", "mean is a list of numbers, one for each channel, not 'x'"),
    ("mean = [nan, 0, 0]", "mean is a list of numbers"),
    ("std = [1, 0, 1]", "std is a list of numbers above 0"),
    ("scale = -1", "scale is what a white pixel becomes"),
    ("crop = 0", "crop is the side of the input"),
    ("crop = [3]", "crop is the side of the input"),
    ("crop = true", "crop is the side of the input"),
    ("pixels = 'unit'\nmean = [0, 0, 0]", "pixels stands for scale, mean and std: leave out pixels, or mean"),
    ("size = [3, 4]\ncrop = 3", "crop is the input's rows and columns"),
    ("fill = [0, 0, 0]", "fill is the ground of a letterbox"),
    ("resize = 'letterbox'\nfill = [0, 0, 256]", "fill is a colour"),
    ('describe = "a\\nb"', "describe is one line of text"),
    ("labels = []", "labels is a file of class names"),
    ("ends = 'relu'", "ends is one of softmax, sigmoid, number, not 'relu'"),
    ("labels = 'none.txt'", "the class names cannot be read"),
    ("a = ", "this is no TOML"),
    (b"\xff\xfe", "this is no UTF-8 text"),
    ("a = " + "[" * 5000, "this is no TOML"),
])  # fmt: skip
def test_anything_else_is_one_sentence(read, text, said):
    with pytest.raises(WeightsError) as error:
        read(text)
    assert said in str(error.value) and "\n" not in str(error.value)
    assert ("none.txt" if "none.txt" in str(text) else "net.toml") in str(error.value)


def test_what_is_no_file_is_said_to_be_none(tmp_path):
    for path, said in ((tmp_path / "none.toml", "no such file"), (tmp_path, "no ordinary file")):
        with pytest.raises(WeightsError, match=said):
            read_model_toml(path)


def test_labels_lie_beside_the_description(read, tmp_path):
    (tmp_path / "names.json").write_text('{"0": "oak", "1": "elm"}', "utf-8")
    assert read("labels = 'names.json'").labels == ("oak", "elm")


def test_a_card_for_a_network_at_hand(tmp_path):
    path = tmp_path / "net.toml"
    path.write_text(
        'describe = "leaves"\npixels = "imagenet"\nsize = 40\ncrop = 32\nends = "sigmoid"', "utf-8"
    )
    card = card_for(path)
    assert (card.title, card.multi_label, card.preprocessing.sides) == ("leaves", True, (32, 32))
    assert card.preprocessing.mean == USUAL["imagenet"].mean and card.preprocessing.size == 40
    with pytest.raises(WeightsError, match="'imagenet' is not known for 1 channels"):
        card_for(path, channels=1)
    path.write_text("mean = [1, 2]", "utf-8")
    with pytest.raises(WeightsError, match="mean is 3 numbers"):
        card_for(path)


def test_every_usual_way_is_what_its_name_says():
    black, white = np.zeros(3), np.ones(3)
    ends = {n: [(u.scale * v - np.array(u.mean)) / u.std for v in (black, white)] for n, u in USUAL.items()}
    assert [tuple(v) for v in ends["half"]] == [(-1, -1, -1), (1, 1, 1)]
    assert [tuple(v) for v in ends["byte"]] == [(0, 0, 0), (255, 255, 255)]
    np.testing.assert_allclose(ends["imagenet"][1], [2.2489, 2.4286, 2.64], atol=1e-4)
    assert ends["caffe"][0][0] == -103.939 and USUAL["caffe"].channels == "BGR"  # blue comes first
