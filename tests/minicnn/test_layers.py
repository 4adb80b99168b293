"""Layers: names, modes, copies, loading."""

import numpy as np
import pytest

from minicnn import GraphError, LoadError, ReLU, Tensor, backward, find, history, load, nets, ops
from minicnn.layer import Apply, BatchNormLayer, ConvLayer, DropoutLayer, Layer, LinearLayer, Sequential
from tests.support.cases import draw
from tests.support.compare import assert_close, same_bits


def small():
    conv, fc = ConvLayer("conv1", 2, 4, 3, pad=1), LinearLayer("fc", 4 * 4 * 5, 3)
    steps = [
        conv,
        BatchNormLayer("bn1", 4),
        Apply("relu1", ReLU),
        DropoutLayer("drop1"),
        Apply("flatten", ops.Flatten),
        fc,
    ]
    return Sequential(*steps).initialise(1)


class TwiceReLU(Layer):
    """relu1 applied twice, with weights used at two places as well."""

    def __init__(self):
        super().__init__("twice")
        self.conv, self.relu = ConvLayer("conv1", 2, 2, 3, pad=1), Apply("relu1", ReLU)

    def forward(self, x):
        return self.relu(self.conv(self.relu(self.conv(x))))


X = draw("x", 2, 2, 4, 5).astype(np.float32)


def test_arrays_are_named_after_their_layers():
    assert list(small().arrays()) == [
        *("conv1.W", "conv1.b", "bn1.gamma", "bn1.beta", "bn1.mean", "bn1.var", "fc.W", "fc.b"),
    ]
    assert set(small().arrays()) - set(small().parameters()) == {"bn1.mean", "bn1.var"}


def test_an_array_in_gives_an_array_out_with_the_same_bits():
    net = small()
    assert isinstance(net(X), np.ndarray)
    assert same_bits(net(X), net(Tensor(X)).data)


def test_layers_are_found_by_name():
    net = small()
    assert net["bn1"] is net.steps[1]
    with pytest.raises(GraphError, match=r"no layer is called 'conv2'.*conv1"):
        net["conv2"]


def test_a_copy_in_another_dtype_leaves_the_network_alone():
    net = small()
    twin = net.astype(np.float64)
    assert {a.dtype for a in twin.arrays().values()} == {np.dtype(np.float64)}
    assert {a.dtype for a in net.arrays().values()} == {np.dtype(np.float32)}
    assert not any(
        np.shares_memory(a.data, b.data) for a, b in zip(net.arrays().values(), twin.arrays().values())
    )
    assert_close(twin(X.astype(np.float64)), net(X), 1e-6)
    twin.train()
    assert not net.training and not net["drop1"].training and twin["drop1"].training


def test_a_copy_shares_what_the_network_shares():
    twin = TwiceReLU().initialise(0).astype(np.float64)
    y = twin(Tensor(X.astype(np.float64)))
    assert find(y, "relu1:2") is y
    assert len({t for t in history(y) if t.name == "conv1.W"}) == 1


def test_a_copy_that_keeps_the_arrays_costs_none():
    net = small()
    twin = net.map(lambda a: a)
    assert all(a.data is b.data and a is not b for a, b in zip(net.arrays().values(), twin.arrays().values()))


def test_batchnorm_follows_what_it_saw_in_training():
    torch_like = BatchNormLayer("bn", 2, momentum=0.1).astype(np.float64).train()
    x = draw("bn", 3, 2, 4, 5)
    y = torch_like(Tensor(x))
    assert same_bits(torch_like.mean.data, np.zeros(2)), "calling a network never changes it"
    torch_like.follow(y.op)
    for c in range(2):
        values = x[:, c].ravel()
        assert np.isclose(torch_like.mean.data[c], 0.1 * values.mean(), rtol=1e-12)
        assert np.isclose(torch_like.var.data[c], 0.9 + 0.1 * values.var(ddof=1), rtol=1e-12)


def test_dropout_drops_in_training_only():
    layer = DropoutLayer("drop", p=0.25)
    x = Tensor(np.ones((100, 100)))
    assert layer(x) is x
    y = layer.train()(x)
    assert set(np.unique(y.data)) == {0, 1 / 0.75}
    assert abs((y.data == 0).mean() - 0.25) < 0.02
    assert same_bits(backward(y, np.ones_like(y.data), wrt=x), y.data)


def test_he_initialisation():
    net = Sequential(ConvLayer("conv1", 64, 128, 3), LinearLayer("fc", 500, 400)).initialise(3)
    assert abs(net["conv1"].W.data.std() / (2 / (64 * 9)) ** 0.5 - 1) < 0.01
    assert abs(net["fc"].W.data.std() / (2 / 500) ** 0.5 - 1) < 0.01
    assert not net["fc"].b.data.any()
    again, other = net.map(np.copy).initialise(3), net.map(np.copy).initialise(4)
    assert same_bits(net["fc"].W.data, again["fc"].W.data)
    assert not np.array_equal(net["fc"].W.data, other["fc"].W.data)


def test_loading_fills_every_weight():
    net, arrays = small(), {name: t.data + 1 for name, t in small().arrays().items()}
    assert load(net, arrays) is net
    assert all(same_bits(t.data, arrays[name]) for name, t in net.arrays().items())


def test_half_precision_is_loaded_as_float32():
    net = load(small(), {name: t.data.astype(np.float16) for name, t in small().arrays().items()})
    assert {t.dtype for t in net.arrays().values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    "spoil, said",
    [
        (lambda a: a.pop("fc.b"), r"the network needs fc.b \(3,\); the arrays lack it"),
        (lambda a: a.update({"fc.bias": a.pop("fc.b")}), r"lack it \(near: fc\.bias\)"),
        (
            lambda a: a.update(extra=np.zeros(3)),
            r"the arrays hold extra \(3,\); the network has no such weight",
        ),
        (
            lambda a: a.update({"fc.b": np.zeros(4, np.float32)}),
            r"fc\.b is \(4,\) in the arrays and \(3,\) in the network",
        ),
        (
            lambda a: a.update({"fc.b": np.zeros(3, int)}),
            r"fc\.b holds int64 instead of floating-point numbers",
        ),
    ],
)
def test_arrays_of_another_network_are_refused_and_nothing_changes(spoil, said):
    net = small()
    before = {name: t.data for name, t in net.arrays().items()}
    arrays = {name: t.data + 1 for name, t in net.arrays().items()}
    spoil(arrays)
    with pytest.raises(LoadError, match=said):
        load(net, arrays)
    assert all(t.data is before[name] for name, t in net.arrays().items())


@pytest.mark.parametrize(("extra", "more"), [(12, ""), (13, "\n  ... and 1 more")])
def test_twelve_misfits_are_listed(extra, more):
    arrays = {name: t.data for name, t in small().arrays().items()}
    with pytest.raises(LoadError) as error:
        load(small(), arrays | {f"x{n:02}": np.zeros(n) for n in range(extra)})
    listed = [f"  the arrays hold x{n:02} ({n},); the network has no such weight" for n in range(12)]
    assert str(error.value) == "\n".join(["these weights belong to another network:", *listed]) + more


@pytest.mark.parametrize(
    "make, batchnorm, parameters",
    [
        (nets.vgg11, False, 132_863_336), (nets.vgg13, False, 133_047_848), (nets.vgg16, False, 138_357_544),
        (nets.vgg19, False, 143_667_240), (nets.vgg16, True, 138_365_992),
    ],
)  # fmt: skip
def test_vgg_has_its_published_number_of_parameters(make, batchnorm, parameters):
    net = make(batchnorm=batchnorm)
    assert sum(t.data.size for t in net.parameters().values()) == parameters


def test_the_published_names():
    vgg, squeezenet = [{at.name for at in net.layers()} for net in (nets.vgg16(), nets.squeezenet())]
    assert {"conv1_1", "relu1_1", "conv5_3", "relu5_3", "pool5", "fc6", "relu6", "fc7", "relu7", "fc8"} <= vgg
    assert {
        "conv1",
        "pool1",
        "fire2",
        "fire9",
        "fire9/squeeze1x1",
        "fire9/expand3x3",
        "conv10",
        "relu_conv10",
        "pool10",
    } <= squeezenet
    assert sum(t.data.size for t in nets.squeezenet().parameters().values()) == 1_248_424


def test_a_network_says_in_one_line_what_it_is():
    assert repr(ConvLayer("conv", 3, 4, 3)) == "<conv: ConvLayer; 112 weights>"
    net = Sequential(ConvLayer("conv", 3, 4, 3), Apply("relu", ReLU))
    assert repr(net) == "<Sequential of 2 layers, conv to relu; 112 weights>"
    net.name = "net"
    assert repr(net) == "<net: Sequential of 2 layers, conv to relu; 112 weights>"
