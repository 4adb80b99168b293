"""Whole Caffe nets, read by us and by OpenCV's own Caffe importer, from the same two files: the same
weights, the same scores.
"""

import numpy as np
import pytest

import weights
from minicnn import nets
from tests.support.data import DATA
from tests.weights import caffe_nets
from tests.weights.readers.samples import block, caffe_blob
from weights.readers import caffe

cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")
if not hasattr(cv2.dnn, "readNetFromCaffe"):
    pytest.skip(
        "OpenCV 5 has no Caffe importer: pip install 'opencv-python-headless<5'", allow_module_level=True
    )


def theirs(layers, side, folder, v1=False):
    """OpenCV's network, from files that are left in the folder."""
    (folder / "net.prototxt").write_text(caffe_nets.prototxt(layers, side, v1))
    (folder / "net.caffemodel").write_bytes(caffe_nets.caffemodel(layers, v1))
    return cv2.dnn.readNetFromCaffe(str(folder / "net.prototxt"), str(folder / "net.caffemodel"))


def scores(net, x):
    net.setInput(x)
    return net.forward()


def agrees(found, expected):
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found, expected.reshape(found.shape), atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("side", [64, 97])
def test_resnet50_with_its_batchnorm_in_two_layers(side, tmp_path):
    """Sums are divided, gamma and beta come from the Scale behind, strides and roundings are Caffe's: else
    the scores differ.
    """
    net = theirs(caffe_nets.resnet50(), side, tmp_path)
    ours = weights.load("resnet50_caffe", tmp_path / "net.caffemodel")
    assert ours.card.source == "Caffe"
    x = np.random.default_rng(0).standard_normal((1, 3, side, side), np.float32)
    agrees(ours(x), scores(net, x))


@pytest.mark.parametrize("factor", [1.0, 999.98, 0.0])
def test_the_third_blob_of_batchnorm(factor, tmp_path):
    """How many sums there are; 0, before any training, counts as no mean and no variance."""
    drawn = caffe_nets.Drawn()
    drawn.conv("conv1", 3, 4, 3)
    drawn.norm("bn", "scale", 4, factor)
    (tmp_path / "net.caffemodel").write_bytes(caffe_nets.caffemodel(drawn.layers))
    found = weights.read(tmp_path / "net.caffemodel")
    sums = drawn.layers[1][-1]
    assert found.keys() == {"conv1.0", "conv1.1", "bn.0", "bn.1", "scale.0", "scale.1"}
    for name, given in (("bn.0", sums[0]), ("bn.1", sums[1])):
        np.testing.assert_allclose(
            found[name], given / np.float32(factor) if factor else 0 * given, rtol=1e-6
        )
        assert not found[name].flags.writeable


def test_a_third_blob_of_several_numbers_is_refused(tmp_path):
    blobs = b"".join(block(7, caffe_blob(np.ones(n, np.float32))) for n in (4, 4, 2))
    (tmp_path / "net.caffemodel").write_bytes(
        block(1, "net") + block(100, block(1, "bn") + block(2, "BatchNorm") + blobs)
    )
    with pytest.raises(
        weights.WeightsError,
        match=r"bn\.2, by which a BatchNorm layer is divided, is 2 numbers instead of one",
    ):
        weights.read(tmp_path / "net.caffemodel")


def test_a_vgg16_of_v1_layers(tmp_path):
    """With an eighth of the filters:

    OpenCV's importer sees in the file what ours sees, and both compute the same scores.
    """
    blocks, outputs = ((2, 8), (2, 16), (3, 32), (3, 64), (3, 64)), (64, 64, 10)
    net = theirs(caffe_nets.vgg(blocks, 64, outputs), 64, tmp_path, v1=True)
    found = weights.read(tmp_path / "net.caffemodel")
    assert len(found) == 32 and all(
        a.ndim == 4 for a in found.values()
    )  # four sizes, as the published file has them
    for name, array in found.items():
        layer, _, i = name.rpartition(".")
        assert np.array_equal(net.getParam(net.getLayerId(layer), int(i)).ravel(), array.ravel()), name
    ours = small_vgg16(blocks, outputs, found)
    x = np.random.default_rng(1).standard_normal((1, 3, 64, 64), np.float32)
    agrees(ours(x), scores(net, x))


def small_vgg16(blocks, outputs, arrays):
    """minicnn's VGG-16 with other sizes, filled by the zoo's own table of names."""
    from minicnn import load
    from minicnn.layer import ConvLayer, LinearLayer
    from weights.names.translation import translate
    from weights.zoo import network

    net, C, D = nets.vgg16(), 3, blocks[-1][1] * 4
    for i, at in enumerate(net.steps):
        if isinstance(at, ConvLayer):
            F = blocks[int(at.name[4]) - 1][1]
            net.steps[i], C = ConvLayer(at.name, C, F, kernel=3, pad=1), F
        elif isinstance(at, LinearLayer):
            F = outputs[int(at.name[2]) - 6]
            net.steps[i], D = LinearLayer(at.name, D, F), F
    source, ours = translate(arrays, net, network("vgg16"))
    assert source == "Caffe"
    return load(net, ours)


@pytest.mark.data
def test_the_published_lenet():
    file, described = DATA / "weights/lenet_iter_10000.caffemodel", DATA / "weights/lenet.prototxt"
    net, ours = cv2.dnn.readNetFromCaffe(str(described), str(file)), weights.load("lenet", file)
    d = np.load(DATA / "images/mnist_test.npz")
    for digit in d["images"][:5]:
        x = digit[None, None].astype(np.float32) / 256
        y = ours(x)
        p = np.exp(y - y.max())
        agrees(p / p.sum(), scores(net, x))  # its prototxt ends in a softmax


def test_the_reader_knows_the_layers_by_caffes_numbers():
    """caffe.proto: LayerParameter.type is field 2, blobs field 7; V1LayerParameter.blobs field 6."""
    assert (
        caffe.LAYER.fields[2][0] == "type"
        and caffe.LAYER.fields[7][0] == "blobs"
        and caffe.V1_LAYER.fields[6][0] == "blobs"
    )
