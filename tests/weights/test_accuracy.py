"""A part of `python -m tests.weights.accuracy`, small enough for every day, exact enough to fail when
something is broken.
"""

import numpy as np
import pytest

import weights
from gradcam.image import prepare, read
from minicnn import ReLU, Softmax, Tensor, backward, find, one_hot
from tests.support.data import DATA
from tests.weights import accuracy

pytestmark = pytest.mark.data

# of the first 100 pictures, how many each network gets right: counted when the whole table agreed with
# PyTorch's to 0.00 points
RIGHT = {
    ("resnet20-12fca82f.th", "cifar_test"): 81,
    ("resnet56-4bfd9763.th", "cifar_test"): 81,
    ("udacity_model_cifar.pt", "cifar_test"): 76,
    ("udacity_model_augmented.pt", "cifar_test"): 83,
    ("captum_cifar_torchvision.pt", "cifar_test"): 53,
    ("deep_convnet_params.pkl", "mnist"): 99,
    ("lenet_iter_10000.caffemodel", "mnist"): 100,
    ("mnist.onnx", "mnist"): 99,
    ("keras1_mnist_conv.h5", "mnist"): 100,
    ("keras1_cifar10.h5", "cifar_test"): 57,
}


@pytest.mark.parametrize(("file", "data"), RIGHT)
def test_a_hundred_pictures(file, data):
    row = next(row for row in accuracy.ROWS if (row.file, row.data) == (file, data))
    (found,) = accuracy.measure(row, 100)
    assert abs(found - RIGHT[file, data]) <= 1


@pytest.mark.parametrize("file", ["compressed_SqueezeNet.net", "squeezenet_v1_0.npz"])
def test_squeezenet_on_a_known_photo(file):
    """To three digits: neither the order of the channels nor conv10's padding can be wrong."""
    net = weights.load("squeezenet", DATA / "weights" / file)
    scores = net(prepare(read(DATA / "images/cat_dog.jpg"), net.card.preprocessing))
    p = Softmax()(scores)[0]
    found = {net.card.classes[c]: round(float(p[c]), 3) for c in np.argsort(-p)[:3]}
    assert list(found.values()) == pytest.approx([0.867, 0.037, 0.020], abs=0.001)
    assert [name.replace(" ", "_") for name in found] == ["bull_mastiff", "boxer", "tiger_cat"]


def test_mini_xception_runs():
    """There are no pictures of faces here: it loads, tells inputs apart, and its residual modules halve the
    maps.
    """
    net = weights.load("mini_xception", DATA / "weights/fer2013_mini_XCEPTION.102-0.66.hdf5")
    x = np.random.default_rng(0).standard_normal((2, 1, 64, 64), np.float32)
    y = net(Tensor(x, "x"))
    assert y.shape == (2, 7)
    assert np.abs(y.data[0] - y.data[1]).max() > 1e-3
    assert [find(y, f"module{i}").shape[1:] for i in (1, 2, 3, 4)] == [
        (16, 30, 30),
        (32, 15, 15),
        (64, 8, 8),
        (128, 4, 4),
    ]


def test_resnet56_signals_agree_with_pytorch_in_float64():
    """Guided backprop and the gradient that Grad-CAM averages, on inputs without ties."""
    torch = pytest.importorskip(
        "torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'"
    )
    from tests.weights.torch_resnet import ResNet

    path = DATA / "weights/resnet56-4bfd9763.th"
    net = weights.load("resnet56", path).astype(np.float64)
    model = ResNet(9, torch.load(path, map_location="cpu", weights_only=True)["state_dict"])
    x = np.random.default_rng(0).standard_normal((2, 3, 32, 32))
    y = net(mine := Tensor(x, "x"))
    theirs = torch.tensor(x, requires_grad=True)
    scores, A = model(theirs)
    c = y.data.argmax(axis=1)
    np.testing.assert_allclose(y.data, scores.detach().numpy(), rtol=0, atol=1e-10 * np.abs(y.data).max())
    start = torch.nn.functional.one_hot(torch.tensor(c), 10).double()
    dx, dA = torch.autograd.grad(scores, [theirs, A], start)
    gx, gA = backward(y, one_hot(y, c), wrt=[mine, find(y, "layer3.8")])
    (guided,) = torch.autograd.grad(model(theirs, guided=True)[0], theirs, start)
    found = backward(y, one_hot(y, c), wrt=mine, rules={ReLU: ReLU.guided})
    assert np.linalg.norm(guided - dx) > 0.1 * np.linalg.norm(dx), "the rule changed nothing"
    for ours, expected in ((gx, dx), (gA, dA), (found, guided)):
        expected = expected.numpy()
        assert np.abs(expected).max() > 0
        assert np.linalg.norm(ours - expected) <= 1e-10 * np.linalg.norm(expected)
