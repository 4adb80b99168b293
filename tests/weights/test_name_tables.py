"""Numbered arrays under the names that each source publishes, from lists written without our tables: each
arrives at the layer, in the role and in the order of axes that is its own.
"""

from itertools import count

import numpy as np
import pytest

from weights.errors import WeightsError
from weights.names.sources import SOURCES
from weights.names.table import Theirs, parse
from weights.names.translation import _ours, translate
from weights.zoo import available, network

VGG = {"vgg11": [1, 1, 2, 2, 2], "vgg13": [2, 2, 2, 2, 2], "vgg16": [2, 2, 3, 3, 3], "vgg19": [2, 2, 4, 4, 4]}


# --- the lists: {our layer: their layer}, or {our layer: (theirs, ...)} where batchnorm is two layers


def torchvision_vgg(name):
    """features is one nn.Sequential: convolution, (batchnorm,) ReLU, ..., max-pool."""
    places, found = count(), {}
    for block, convolutions in enumerate(VGG[name.removesuffix("_bn")], 1):
        for i in range(1, convolutions + 1):
            found[f"conv{block}_{i}"] = f"features.{next(places)}"
            if name.endswith("_bn"):
                found[f"bn{block}_{i}"] = f"features.{next(places)}"
            next(places)  # ReLU
        next(places)  # max-pool
    return found | {"fc6": "classifier.0", "fc7": "classifier.3", "fc8": "classifier.6"}


def keras_vgg(name):
    """keras.applications.vgg16: block1_conv1 ... fc1, fc2, predictions."""
    found = {f"conv{b}_{i}": f"block{b}_conv{i}" for b, n in enumerate(VGG[name], 1) for i in range(1, n + 1)}
    return found | {"fc6": "fc1", "fc7": "fc2", "fc8": "predictions"}


def caffe_vgg(name):
    """VGG_ILSVRC_16_layers.caffemodel, whose names ours are."""
    found = [f"conv{b}_{i}" for b, n in enumerate(VGG[name], 1) for i in range(1, n + 1)]
    return {layer: layer for layer in [*found, "fc6", "fc7", "fc8"]}


def torchvision_alexnet(name):
    return {
        "conv1": "features.0", "conv2": "features.3", "conv3": "features.6", "conv4": "features.8",
        "conv5": "features.10", "fc6": "classifier.1", "fc7": "classifier.4", "fc8": "classifier.6",
    }  # fmt: skip


def torchvision_squeezenet(name):
    """convolution, ReLU, max-pool, then fire modules with max-pools between them."""
    order = "cr|234|5678|9" if "1_0" in name else "cr|23|45|6789"
    found = {"conv1": "features.0", "conv10": "classifier.1"}
    for place, what in enumerate(order):
        if what.isdigit():
            for ours, theirs in (
                ("squeeze1x1", "squeeze"),
                ("expand1x1", "expand1x1"),
                ("expand3x3", "expand3x3"),
            ):
                found[f"fire{what}/{ours}"] = f"features.{place}.{theirs}"
    return found


def caffe_squeezenet(name):
    fires = [f"fire{n}/{part}" for n in range(2, 10) for part in ("squeeze1x1", "expand1x1", "expand3x3")]
    return {layer: layer for layer in ["conv1", *fires, "conv10"]}


def deep_compression(name):
    return {ours: theirs.replace("/", ".") for ours, theirs in caffe_squeezenet(name).items()}


def keras_resnet50(name):
    found = {"conv1": "conv1_conv", "bn1": "conv1_bn", "fc": "predictions"}
    for stage, blocks in ((2, 3), (3, 4), (4, 6), (5, 3)):
        ours = f"layer{stage - 1}"
        found[f"{ours}.0.downsample.0"] = f"conv{stage}_block1_0_conv"
        found[f"{ours}.0.downsample.1"] = f"conv{stage}_block1_0_bn"
        for block in range(blocks):
            for k in (1, 2, 3):
                found[f"{ours}.{block}.conv{k}"] = f"conv{stage}_block{block + 1}_{k}_conv"
                found[f"{ours}.{block}.bn{k}"] = f"conv{stage}_block{block + 1}_{k}_bn"
    return found


def caffe_resnet50(name):
    """ResNet-50-model.caffemodel: statistics in BatchNorm, gamma and beta in the Scale behind it."""
    found = {"conv1": "conv1", "bn1": ("bn_conv1", "scale_conv1"), "fc": "fc1000"}
    for stage, blocks in ((2, "abc"), (3, "abcd"), (4, "abcdef"), (5, "abc")):
        ours = f"layer{stage - 1}"
        found[f"{ours}.0.downsample.0"] = f"res{stage}a_branch1"
        found[f"{ours}.0.downsample.1"] = (f"bn{stage}a_branch1", f"scale{stage}a_branch1")
        for number, block in enumerate(blocks):
            for k, branch in enumerate("abc", 1):
                end = f"{stage}{block}_branch2{branch}"
                found[f"{ours}.{number}.conv{k}"] = f"res{end}"
                found[f"{ours}.{number}.bn{k}"] = (f"bn{end}", f"scale{end}")
    return found


def xception(name):
    """fer2013_mini_XCEPTION.102-0.66.hdf5, numbered as Keras made the layers: the shortcut comes first."""
    found = {"conv1": "conv2d_1", "bn1": "batch_normalization_1", "conv2": "conv2d_2"}
    found |= {"bn2": "batch_normalization_2", "conv7": "conv2d_7"}
    for module in (1, 2, 3, 4):
        convolution, norm, separable = 2 + module, 3 * module, 2 * module - 1
        at = f"module{module}"
        found[f"{at}.shortcut"] = f"conv2d_{convolution}"
        found[f"{at}.bn3"] = f"batch_normalization_{norm}"
        found[f"{at}.sep1.depthwise"] = found[f"{at}.sep1.pointwise"] = f"separable_conv2d_{separable}"
        found[f"{at}.bn1"] = f"batch_normalization_{norm + 1}"
        found[f"{at}.sep2.depthwise"] = found[f"{at}.sep2.pointwise"] = f"separable_conv2d_{separable + 1}"
        found[f"{at}.bn2"] = f"batch_normalization_{norm + 2}"
    return found


def keras1_mnist(name):
    return {"conv1": "convolution2d_1", "conv2": "convolution2d_2", "fc3": "dense_1", "fc4": "dense_2"}


def keras1_cifar10(name):
    return {"conv1": "convolution2d_3", "conv2": "convolution2d_4", "fc3": "dense_3", "fc4": "dense_4"}


def book(name):
    """deep_convnet_params.pkl: W1, b1, W2, ..."""
    layers = ["conv1", "conv2", "conv3", "conv4", "conv5", "conv6", "fc7", "fc8"]
    return {layer: str(n) for n, layer in enumerate(layers, 1)}


def same(name):
    """Published under the names that ours are."""
    return {layer: layer for layer in layers_of(name)}


LISTS = {
    **{(f"{name}{end}", "PyTorch"): torchvision_vgg for name in VGG for end in ("", "_bn")},
    **{(name, "Keras"): keras_vgg for name in ("vgg16", "vgg19")},
    **{(name, "Caffe"): caffe_vgg for name in ("vgg16", "vgg19")},
    ("alexnet", "PyTorch"): torchvision_alexnet,
    **{(f"squeezenet{v}_torchvision", "PyTorch"): torchvision_squeezenet for v in ("1_0", "1_1")},
    **{(name, "Caffe"): caffe_squeezenet for name in ("squeezenet", "squeezenet1_1")},
    ("squeezenet", "DeepCompression"): deep_compression,
    ("resnet50_keras", "Keras"): keras_resnet50,
    ("resnet50_caffe", "Caffe"): caffe_resnet50,
    ("mini_xception", "Keras"): xception,
    ("keras1_mnist", "Keras"): keras1_mnist,
    ("keras1_cifar10", "Keras"): keras1_cifar10,
    ("deep_convnet", "book"): book,
    **{(name, "PyTorch"): same for name in ("resnet18", "resnet34", "resnet50", "googlenet", "resnet20",
        "resnet56", "udacity_cifar", "udacity_cifar_augmented", "captum_cifar")},
    **{(name, "Caffe"): same for name in ("googlenet_caffe", "lenet")},
}  # fmt: skip


# --- how each source spells a weight, one line for each version of it


ROLES = {
    "PyTorch": ["{}.weight {}.bias {}.weight {}.bias {}.running_mean {}.running_var"],
    "Caffe": ["{}.0 {}.1 {}.0 {}.1 {}.0 {}.1"],
    "DeepCompression": ["{}.weight {}.bias"],
    "book": ["W{} b{}"],
    "Keras": [
        "{}/{}_W:0 {}/{}_b:0 {}/{}_gamma:0 {}/{}_beta:0 {}/{}_running_mean:0 {}/{}_running_std:0",
        "{}/{}/kernel:0 {}/{}/bias:0 {}/{}/gamma:0 {}/{}/beta:0 {}/{}/moving_mean:0 {}/{}/moving_variance:0",
        " ".join(f"layers/{{}}/vars/{n}" for n in (0, 1, 0, 1, 2, 3)),
    ],
}
OURS = ["W", "b", "gamma", "beta", "mean", "var"]


def spelled(source, version, layer, role):
    """Their name of one array."""
    if isinstance(layer, tuple):  # Caffe's BatchNorm and Scale
        layer = layer[1 if role in ("gamma", "beta") else 0]
    name = dict(zip(OURS, ROLES[source][version].split()))[role]
    return name.format(*[layer] * name.count("{}"))


def stored(source, array):
    """An array of ours in the order of axes that the source keeps."""
    if array.ndim == 4 and source == "Keras":
        return array.transpose(2, 3, 1, 0)
    return array.T if array.ndim == 2 and source in ("Keras", "book") else array


def slots_of(name):
    return {ours: tensor.data for ours, tensor in network(name).build().arrays().items()}


def layers_of(name):
    return list(dict.fromkeys(ours.rpartition(".")[0] for ours in slots_of(name)))


def columns(name):
    return parse(network(name).names, layers_of(name))[0] if network(name).names else {}


def versions():
    separable = "mini_xception"  # its kernels have names of their own, which the other versions do not have
    return [
        (name, source, version)
        for name, source in LISTS
        for version in range(len(ROLES[source]))
        if name != separable or version == 1
    ]


def test_every_column_of_every_table_has_its_list():
    assert {(name, source) for name in available() for source in columns(name)} == set(LISTS)


@pytest.mark.parametrize(("name", "source", "version"), versions())
def test_every_array_arrives_at_its_layer_in_its_role(name, source, version):
    layers, slots = LISTS[name, source](name), slots_of(name)
    theirs = {}
    for number, (ours, array) in enumerate(slots.items()):
        layer, _, role = ours.rpartition(".")
        their_name = spelled(source, version, layers[layer], role)
        if layer.endswith(("depthwise", "pointwise")):
            their_name = their_name.replace("kernel", f"{layer.rpartition('.')[2]}_kernel")
        numbered = np.broadcast_to(np.float32(number), array.shape)
        depthwise = layer.endswith("depthwise")
        theirs[their_name] = numbered.transpose(2, 3, 0, 1) if depthwise else stored(source, numbered)
    assert len(theirs) == len(slots)
    found_source, found = translate(theirs, network(name).build(), network(name))
    assert found_source == source
    assert not theirs and found.keys() == slots.keys()
    for number, ours in enumerate(slots):
        assert found[ours].shape == slots[ours].shape
        assert found[ours].reshape(-1)[0] == found[ours].reshape(-1)[-1] == number, ours


# --- axes, number by number


@pytest.mark.parametrize("source", SOURCES)
def test_the_axes_of_a_convolution(source):
    ours = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)  # F C kh kw
    found = _ours(stored(source, ours).copy(), Theirs("conv1"), ours.shape, SOURCES[source])
    assert np.array_equal(found, ours)


def test_the_axes_of_a_depthwise_convolution():
    theirs = np.arange(4 * 5 * 3 * 2.0).reshape(4, 5, 3, 2)  # Keras: kh kw C M
    found = _ours(theirs.copy(), Theirs("s", "depthwise_kernel"), (3, 2, 4, 5), SOURCES["Keras"])
    for (y, x, c, m), number in np.ndenumerate(theirs):
        assert found[c, m, y, x] == number


@pytest.mark.parametrize("source", SOURCES)
def test_the_axes_of_a_matrix(source):
    ours = np.arange(6.0).reshape(2, 3)
    for theirs in (stored(source, ours).copy(), stored(source, ours)[None, None].copy()):
        assert np.array_equal(_ours(theirs, Theirs("fc"), ours.shape, SOURCES[source]), ours)


@pytest.mark.parametrize("readonly", [False, True])
def test_a_matrix_behind_a_flattening_of_other_order(readonly):
    H, W, C, F = 2, 3, 4, 5
    theirs = np.arange(float(H * W * C * F)).reshape(H * W * C, F)
    kept = theirs.copy()
    theirs.flags.writeable = not readonly
    given = np.broadcast_to(theirs, theirs.shape) if readonly else theirs
    found = _ours(given, Theirs("fc1", flattened=(H, W, C)), (F, C * H * W), SOURCES["Keras"])
    for y, x, c in np.ndindex(H, W, C):
        assert np.array_equal(found[:, (c * H + y) * W + x], kept[(y * W + x) * C + c])


def test_vectors_come_flat():
    bias = np.arange(3.0).reshape(1, 1, 1, 3)  # Caffe's oldest files
    assert np.array_equal(_ours(bias, Theirs("conv1"), (3,), SOURCES["Caffe"]), [0, 1, 2])


# --- what the cards say of colours


CAFFES = {
    ("vgg16", "Keras"),
    ("vgg19", "Keras"),
    ("resnet50_keras", "Keras"),
    ("squeezenet", "DeepCompression"),
}


@pytest.mark.parametrize(("name", "source"), LISTS)
def test_whatever_came_from_caffe_takes_bgr_and_the_others_rgb(name, source):
    channels = network(name).card_from(source).preprocessing.channels
    if channels != "L":
        assert channels == ("BGR" if source == "Caffe" or (name, source) in CAFFES else "RGB")


@pytest.mark.parametrize("name", ["lenet", "keras1_mnist", "deep_convnet"])
def test_an_array_that_is_too_many_or_too_few_is_named(name):
    source = next(iter(columns(name)))
    layers = LISTS[name, source](name)
    theirs = {
        spelled(source, 0, layers[ours.rpartition(".")[0]], ours.rpartition(".")[2]): stored(source, array)
        for ours, array in slots_of(name).items()
    }
    translate(dict(theirs), network(name).build(), network(name))
    with pytest.raises(WeightsError, match=r"of \d+ arrays are not there"):
        translate(dict(list(theirs.items())[1:]), network(name).build(), network(name))
    with pytest.raises(WeightsError, match="1 arrays more than it has, surplus is one"):
        translate({**theirs, "surplus": np.ones(3)}, network(name).build(), network(name))
