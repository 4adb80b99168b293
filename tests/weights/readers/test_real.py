"""Every real checkpoint is read with its published names, shapes and types; the framework's own reader,
where it is there, agrees.
"""

import pickle

import numpy as np
import pytest

from tests.support.data import DATA
from weights.reading import read

pytestmark = pytest.mark.data
FOLDER = DATA / "weights"
XCEPTION = "fer2013_mini_XCEPTION.102-0.66.hdf5"

# file: (arrays, numbers in them, first name, shape, type, last name)
PUBLISHED = {
    "squeezenet_v1_0.npz": (52, 1_248_424, "conv1.weight", (96, 3, 7, 7), "float32", "conv10.bias"),
    "compressed_SqueezeNet.net": (52, 1_248_424, "conv1.weight", (96, 3, 7, 7), "float32", "conv10.bias"),
    "resnet20-12fca82f.th": (97, 271_098, "conv1.weight", (16, 3, 3, 3), "float32", "linear.bias"),
    "resnet56-4bfd9763.th": (277, 857_082, "conv1.weight", (16, 3, 3, 3), "float32", "linear.bias"),
    "udacity_model_cifar.pt": (10, 541_094, "conv1.weight", (16, 3, 3, 3), "float32", "fc2.bias"),
    "udacity_model_augmented.pt": (10, 541_094, "conv1.weight", (16, 3, 3, 3), "float32", "fc2.bias"),
    "captum_cifar_torchvision.pt": (10, 62_006, "conv1.weight", (6, 3, 5, 5), "float32", "fc3.bias"),
    "deep_convnet_params.pkl": (16, None, "W1", (16, 1, 3, 3), "float64", "b8"),
    "lenet_iter_10000.caffemodel": (8, 431_080, "conv1.0", (20, 1, 5, 5), "float32", "ip2.1"),
    "mnist.onnx": (8, None, "Parameter193", (16, 4, 4, 10), "float32", None),
    "keras1_mnist_conv.h5": (
        8,
        None,
        "convolution2d_1/convolution2d_1_W:0",
        (3, 3, 1, 8),
        "float32",
        "dense_2/dense_2_b:0",
    ),
    "keras1_cifar10.h5": (
        8,
        None,
        "convolution2d_3/convolution2d_3_W:0",
        (3, 3, 3, 8),
        "float32",
        "dense_4/dense_4_b:0",
    ),
    XCEPTION: (
        80,
        None,
        "conv2d_1/conv2d_1_1/kernel:0",
        (3, 3, 1, 8),
        "float32",
        "conv2d_7/conv2d_7_1/bias:0",
    ),
}


def same(ours, theirs):
    """Equal names, shapes, types and bits."""
    assert set(ours) == set(theirs) and ours
    for name, array in theirs.items():
        array = np.asarray(array)
        assert ours[name].shape == array.shape and ours[name].dtype == array.dtype, name
        assert ours[name].tobytes() == array.tobytes(), name


@pytest.mark.parametrize("file", PUBLISHED)
def test_every_published_file_is_read(file):
    if file.endswith(("h5", "hdf5")):
        pytest.importorskip("h5py")
    arrays = read(FOLDER / file)
    count, numbers, first, shape, dtype, last = PUBLISHED[file]
    names = list(arrays)
    assert len(arrays) == count
    assert (names[0], arrays[first].shape, arrays[first].dtype) == (first, shape, dtype)
    assert last in (None, names[-1])
    if numbers is not None:
        floats = [a for a in arrays.values() if a.dtype.kind == "f"]
        assert sum(a.size for a in floats) == numbers
    assert all(a.flags.aligned and not a.flags.writeable for a in arrays.values())
    assert all(
        np.isfinite(a).all() and np.abs(a).max() > 0
        for name, a in arrays.items()
        if a.dtype.kind == "f" and name.endswith(("weight", "W:0", "kernel:0", ".0"))
    )


def test_squeezenet_is_the_same_in_both_files():
    same(read(FOLDER / "compressed_SqueezeNet.net"), read(FOLDER / "squeezenet_v1_0.npz"))


def test_npz_is_what_numpy_reads():
    with np.load(FOLDER / "squeezenet_v1_0.npz", allow_pickle=False) as theirs:
        same(read(FOLDER / "squeezenet_v1_0.npz"), dict(theirs))


def test_pickled_arrays_are_what_pickle_reads():
    with open(FOLDER / "deep_convnet_params.pkl", "rb") as file:
        same(read(FOLDER / "deep_convnet_params.pkl"), pickle.load(file))


@pytest.mark.torch
@pytest.mark.parametrize("file", [f for f in PUBLISHED if f.endswith((".th", ".pt"))])
def test_checkpoints_are_what_torch_reads(file):
    torch = pytest.importorskip("torch")
    theirs = torch.load(FOLDER / file, map_location="cpu", weights_only=True)
    theirs = theirs.get("state_dict", theirs)
    same(
        read(FOLDER / file), {name.removeprefix("module."): tensor.numpy() for name, tensor in theirs.items()}
    )


@pytest.mark.parametrize("file", [f for f in PUBLISHED if f.endswith(("h5", "hdf5"))])
def test_keras_files_are_what_h5py_reads(file):
    h5py = pytest.importorskip("h5py")
    theirs = {}
    with h5py.File(FOLDER / file) as whole:
        whole["model_weights"].visititems(
            lambda name, item: theirs.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
        )
    same(read(FOLDER / file), theirs)


def test_keras_order_is_the_order_of_the_layers():
    pytest.importorskip("h5py")
    names = [
        name.split("/")[-1] for name in read(FOLDER / XCEPTION) if name.startswith("batch_normalization_1/")
    ]
    assert names == ["gamma:0", "beta:0", "moving_mean:0", "moving_variance:0"]


def test_onnx_is_what_onnx_reads():
    onnx = pytest.importorskip("onnx")
    model = onnx.load(FOLDER / "mnist.onnx")
    same(
        read(FOLDER / "mnist.onnx"), {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    )
