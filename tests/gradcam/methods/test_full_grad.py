"""FullGrad: its parts add up to the score, and its map is written out once more."""

import numpy as np
import pytest

from gradcam import explain, upsample
from gradcam.methods.full_grad import full_grad, full_gradient
from minicnn import BatchNorm, Error, Tensor
from minicnn.layer import Apply, ConvLayer, LinearLayer, Sequential
from minicnn.ops import GELU, AvgPool, GlobalAvgPool, LeakyReLU, MaxPool, Mul, ReLU, SiLU
from tests.support.compare import assert_close
from tests.support.small_nets import picture, small_vgg


def bent(*activations):
    """Convolutions with these nonlinearities, biases and a batchnorm of its own, float64."""
    random = np.random.default_rng(3)
    layers, C = [], 3
    for n, activation in enumerate(activations):
        layers += [ConvLayer(f"conv{n}", C, 5, 3, pad=1), Apply(f"act{n}", activation)]
        C = 5
    net = Sequential(*layers, Apply("pool", AvgPool, kernel=2), Apply("gap", GlobalAvgPool),
                     LinearLayer("fc", C, 4)).initialise(1).astype(np.float64)  # fmt: skip
    for name, tensor in net.arrays().items():
        if name.endswith(".b"):
            tensor.data = random.standard_normal(tensor.shape)
    return net


@pytest.mark.parametrize(
    "net",
    [small_vgg(), small_vgg(gap=True), bent(ReLU, LeakyReLU), bent(SiLU, GELU)],
    ids=["vgg", "gap", "relus", "smooth"],
)
def test_the_parts_add_up_to_the_score(net):
    x = picture()
    y = net(x)
    for c in (0, (1, 3)):
        at_input, at_biases = full_gradient(y, c, x)
        total = at_input.sum(axis=(1, 2, 3)) + sum(f.reshape(2, -1).sum(axis=1) for f in at_biases)
        assert_close(total, y.data[[0, 1], c], 1e-12)
        assert len(at_biases) >= 3 and all(np.any(f) for f in at_biases)


def test_batchnorm_and_gates_add_up_too():
    random = np.random.default_rng(0)
    x = picture()
    conv = ConvLayer("conv", 3, 4, 3, pad=1).initialise(2).astype(np.float64)
    gamma, beta, mean = random.standard_normal((3, 4))
    z = BatchNorm()(conv(x), gamma, beta, mean, random.random(4) + 0.5, name="bn")
    gated = Mul()(z, SiLU()(z, name="gate"), name="gated")
    y = Apply("gap", GlobalAvgPool)(MaxPool(2)(gated))
    at_input, at_biases = full_gradient(y, 2, x)
    total = at_input.sum(axis=(1, 2, 3)) + sum(f.reshape(2, -1).sum(axis=1) for f in at_biases)
    assert_close(total, y.data[:, 2], 1e-12)


@pytest.mark.parametrize("rescale", ["layer", "map"])
def test_the_map_by_hand(rescale):
    net, x = small_vgg(), picture()
    y = net(x)
    at_input, at_biases = full_gradient(y, 1, x)
    parts = [at_input, *(f for f in at_biases if f.ndim == 4)]
    assert len(parts) == 3
    for n in range(2):
        total = np.zeros((12, 16))
        for part in parts:
            size = abs(part[n])
            for k in range(len(size)):
                seen = size[k] if rescale == "map" else size
                total += upsample((size[k] - seen.min()) / (np.ptp(seen) or 1), (12, 16))  # 0 / 1: a dead map
        assert_close(full_grad(y, 1, x, rescale=rescale)[n], total, 1e-12)
    assert_close(explain(net, x, 1, "full_grad")["full_grad"], full_grad(y, 1, x))


def test_what_it_cannot_rescale():
    net, x = small_vgg(), picture()
    with pytest.raises(Error, match="rescale is one of layer, map"):
        full_grad(net(x), 1, Tensor(x.data), rescale="all")
