"""Folding batchnorm away changes the names of the weights, not the scores."""

import numpy as np
import pytest

from minicnn import Tensor, backward, load, nets, one_hot
from minicnn.layer import Apply, BatchNormLayer, ConvLayer, Sequential
from minicnn.ops import ReLU
from tests.support.compare import assert_close

RANDOM = np.random.default_rng(11)


def lively(net):
    """The same network in float64 with statistics, scales and shifts that no wrong folding survives."""
    net = net.initialise(3).astype(np.float64)
    for at in net.layers():
        if isinstance(at, BatchNormLayer):
            C = at.mean.shape
            at.mean.data, at.var.data = RANDOM.standard_normal(C), RANDOM.uniform(0.05, 4, C)
            at.beta.data, at.gamma.data = (
                RANDOM.standard_normal(C),
                RANDOM.choice([-1, 1], C) * RANDOM.uniform(0.5, 2, C),
            )
    return net


@pytest.mark.parametrize(("build", "side"), [(nets.mini_vgg, 48), (nets.shapes, 96)])
def test_folded_is_unfolded(build, side):
    net = lively(build(batchnorm=True))
    before = {name: tensor.data.copy() for name, tensor in net.arrays().items()}
    folded = load(build().astype(np.float64), nets.fold(net))
    x = RANDOM.standard_normal((3, 3, side, side))
    assert_close(folded(x), net(x), 1e-10)
    unsaid = load(
        build().astype(np.float64), {**nets.fold(net), "conv2_1.b": np.zeros_like(folded["conv2_1"].b.data)}
    )
    assert np.abs(unsaid(x) - net(x)).max() > 1e-3  # the statistics matter
    for name, tensor in net.arrays().items():
        np.testing.assert_array_equal(tensor.data, before[name])


def test_gradients_agree_too():
    net = lively(nets.mini_vgg(batchnorm=True))
    folded = load(nets.mini_vgg().astype(np.float64), nets.fold(net))
    x = Tensor(RANDOM.standard_normal((1, 3, 32, 32)))
    ours, reference = ((lambda y: backward(y, one_hot(y, 4), x))(n(x)) for n in (folded, net))
    assert_close(ours, reference, 1e-10)


def test_a_convolution_with_a_bias_of_its_own():
    net = lively(
        Sequential(
            ConvLayer("conv1", 3, 4, 3),
            BatchNormLayer("bn1", 4),
            Apply("relu1", ReLU),
            ConvLayer("conv2", 4, 2, 1),
        )
    )
    net["conv1"].b.data = RANDOM.standard_normal(4)
    arrays = nets.fold(net)
    assert sorted(arrays) == ["conv1.W", "conv1.b", "conv2.W", "conv2.b"]
    without = load(
        Sequential(ConvLayer("conv1", 3, 4, 3), Apply("relu1", ReLU), ConvLayer("conv2", 4, 2, 1)).astype(
            np.float64
        ),
        arrays,
    )
    x = RANDOM.standard_normal((2, 3, 6, 7))
    assert_close(without(x), net(x), 1e-12)


def test_a_batchnorm_that_follows_no_convolution_is_refused():
    with pytest.raises(
        ValueError, match="'bn1' cannot be folded: a convolution must stand directly in front of it"
    ):
        nets.fold(Sequential(ConvLayer("conv1", 3, 4, 3), Apply("relu1", ReLU), BatchNormLayer("bn1", 4)))
