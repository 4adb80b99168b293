"""Whole networks: a directional derivative, batches, repetition, threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from minicnn import CrossEntropy, ReLU, Tensor, backward, find, history, nets, one_hot
from minicnn.layer import Apply, BatchNormLayer, ConvLayer, DropoutLayer, LinearLayer, Sequential
from minicnn.nets.classifiers.squeezenet import Fire
from minicnn.ops import Flatten, GlobalAvgPool, MaxPool
from tests.support.cases import draw
from tests.support.compare import assert_close, relative, same_bits

TABLES = {"backprop": {}, "deconvnet": {ReLU: ReLU.deconvnet}, "guided": {ReLU: ReLU.guided}}


def small_vgg(batchnorm=False):
    """VGG in small: five convolutions in three blocks and three linear layers.  x (N, 3, 24, 32) -> (N, 7)"""
    steps, C = [], 3
    for block, (convolutions, F) in enumerate([(1, 6), (2, 8), (2, 10)], start=1):
        for i in range(1, convolutions + 1):
            steps.append(ConvLayer(f"conv{block}_{i}", C, F, 3, pad=1))
            steps += [BatchNormLayer(f"bn{block}_{i}", F)] if batchnorm else []
            steps.append(Apply(f"relu{block}_{i}", ReLU))
            C = F
        steps.append(Apply(f"pool{block}", MaxPool, kernel=2))
    head = [
        LinearLayer("fc6", 120, 20),
        Apply("relu6", ReLU),
        DropoutLayer("drop6"),
        LinearLayer("fc7", 20, 20),
        Apply("relu7", ReLU),
    ]
    return Sequential(*steps, Apply("flatten", Flatten), *head, LinearLayer("fc8", 20, 7)).initialise(5)


def small_squeezenet():
    """x (N, 3, 24, 32) -> (N, 7)"""
    pool1 = Apply("pool1", MaxPool, kernel=3, stride=2, ceil=True)
    stem = [ConvLayer("conv1", 3, 8, 3, stride=2), Apply("relu_conv1", ReLU), pool1, Fire("fire2", 8, 4, 6)]
    head = [
        DropoutLayer("drop9"),
        ConvLayer("conv10", 12, 7, 1, pad=1),
        Apply("relu_conv10", ReLU),
        Apply("pool10", GlobalAvgPool),
    ]
    return Sequential(*stem, *head).initialise(5)


NETS = {"vgg": small_vgg, "vgg_bn": lambda: small_vgg(batchnorm=True), "squeezenet": small_squeezenet}
each_net = pytest.mark.parametrize("name", NETS)


def photos(N=3, dtype=np.float64):
    return draw("photos", N, 3, 24, 32).astype(dtype)


def kinks(y):
    """Where the network stands: every ReLU's gates and every pool's switches, as bytes."""
    ops = [t.op for t in history(y)]
    return [
        (op.x > 0).tobytes() if isinstance(op, ReLU) else op.switches.tobytes()
        for op in ops
        if isinstance(op, (ReLU, MaxPool))
    ]


@each_net
def test_the_directional_derivative_of_a_whole_network(name):
    """d/dt loss(all weights + t dW, x + t dx) at t = 0 against central differences, in training mode, in
    random directions.

    The step is halved until no gate and no switch lies between the two points.
    """
    net = NETS[name]().astype(np.float64).train()
    for key, tensor in net.arrays().items():
        if key.endswith(".b"):
            tensor.data = draw(key, *tensor.shape) / 10  # a bias of 0 puts padded borders right on the kink
    x = Tensor(photos())
    moving = [x, *net.parameters().values()]
    starts = [v.data for v in moving]

    def loss(shift, steps):
        for v, start, step in zip(moving, starts, steps):
            v.data = start + shift * step
        for layer in net.layers():
            if isinstance(layer, DropoutLayer):
                layer.random = np.random.default_rng(8)
        return CrossEntropy()(net(x), np.array([1, 4, 6]))

    for direction in range(3):
        steps = [np.random.default_rng(direction).standard_normal(v.shape) for v in starts]
        here, h = loss(0, steps), 1e-5
        while kinks(above := loss(h, steps)) != kinks(here) or kinks(below := loss(-h, steps)) != kinks(here):
            h /= 2
            assert h > 1e-9, "no step without a kink"
        numeric = float(above.data - below.data) / (2 * h)
        analytic = sum((g * step).sum() for g, step in zip(backward(here, np.ones(()), wrt=moving), steps))
        assert abs(analytic - numeric) <= 1e-8 + 1e-6 * abs(numeric), (
            f"{analytic} is not {numeric} (step {h:.0e})"
        )
        assert abs(numeric) > 0.1


@each_net
def test_a_batch_is_its_pictures_one_by_one(name):
    net, x = NETS[name]().astype(np.float64), photos(4)
    together = Tensor(x, "x")
    y = net(together)
    classes = [0, 3, 5, 2]
    for table in TABLES.values():
        batch = backward(y, one_hot(y, classes), wrt=together, rules=table)
        for n, c in enumerate(classes):
            alone = Tensor(x[n : n + 1], "x")
            y1 = net(alone)
            assert_close(y1.data[0], y.data[n], 1e-12)
            assert_close(backward(y1, one_hot(y1, c), wrt=alone, rules=table)[0], batch[n], 1e-12)


@each_net
def test_the_same_call_gives_the_same_bits(name):
    net = NETS[name]()

    def once():
        x = Tensor(photos(dtype=np.float32), "x")
        y = net(x)
        return [y.data, *(backward(y, one_hot(y, 1), wrt=x, rules=t) for t in TABLES.values())]

    first = once()
    bytes_then = [a.tobytes() for a in first]
    second = once()
    assert all(same_bits(a, b) for a, b in zip(first, second))
    for a in second:
        a *= 0
    assert bytes_then == [a.tobytes() for a in first]
    assert (
        min(relative(a, b) for a, b in [(first[1], first[2]), (first[1], first[3]), (first[2], first[3])])
        > 1e-3
    )


@each_net
def test_two_threads_give_the_bits_that_they_give_alone(name):
    net, x = NETS[name](), photos(dtype=np.float32)

    def explain(c):
        photo = Tensor(x, "x")
        y = net(photo)
        stack = np.stack([one_hot(y, c)] * 3)
        return [y.data, *backward(y, stack, wrt=[photo, find(y, "pool1")], rules=list(TABLES.values()))]

    alone = [explain(c) for c in (1, 4)]
    assert not same_bits(alone[0][1], alone[1][1])
    with ThreadPoolExecutor(2) as workers:
        together = list(workers.map(explain, [1, 4] * 10))
    for n, results in enumerate(together):
        assert all(same_bits(a, b) for a, b in zip(results, alone[n % 2]))


def test_two_threads_may_go_back_over_one_forward_pass():
    net, photo = small_vgg(), Tensor(photos(dtype=np.float32), "x")
    y = net(photo)

    def explain(job):
        c, table = job
        return backward(y, one_hot(y, c), wrt=photo, rules=TABLES[table])

    jobs = [(c, table) for c in (1, 4) for table in TABLES]
    alone = [explain(job) for job in jobs]
    with ThreadPoolExecutor(2) as workers:
        together = list(workers.map(explain, jobs * 5))
    assert all(same_bits(g, alone[n % len(jobs)]) for n, g in enumerate(together))


@each_net
def test_a_network_and_its_photo_are_not_changed(name):
    net, photo = NETS[name](), Tensor(photos(dtype=np.float32), "x")
    before = {key: t.data.copy() for key, t in net.arrays().items()} | {"x": photo.data.copy()}
    for t in (*net.arrays().values(), photo):
        t.data.flags.writeable = False
    for mode in (net.eval, net.train):
        y = mode()(photo)
        backward(y, one_hot(y, 1), wrt=[photo, *net.parameters().values()])
    now = {key: t.data for key, t in net.arrays().items()} | {"x": photo.data}
    assert all(same_bits(before[key], now[key]) for key in before)


@each_net
def test_a_picture_may_be_of_another_shape_where_the_network_allows_it(name):
    net = NETS[name]().astype(np.float64)
    if name != "squeezenet":
        with pytest.raises(ValueError, match=r"takes \(N, 120\), not \(1, 180\)"):
            net(draw("wide", 1, 3, 24, 48))
        return
    x = Tensor(draw("wide", 1, 3, 31, 50), "x")
    y = net(x)
    assert y.shape == (1, 7) and backward(y, one_hot(y, 0), wrt=x).shape == x.shape


def test_squeezenets_layers_have_their_published_sizes():
    y = nets.squeezenet().initialise(0)(Tensor(draw("photo", 1, 3, 227, 227).astype(np.float32), "data"))
    sizes = {
        name: find(y, name).shape[1:]
        for name in ("conv1", "pool1", "fire4", "pool4", "fire8", "pool8", "fire9", "conv10", "pool10")
    }
    assert sizes == {
        "conv1": (96, 111, 111), "pool1": (96, 55, 55), "fire4": (256, 55, 55), "pool4": (256, 27, 27),
        "fire8": (512, 27, 27),
        "pool8": (512, 13, 13), "fire9": (512, 13, 13), "conv10": (1000, 15, 15), "pool10": (1000,),
    }  # fmt: skip


def test_keras_resnet_divides_by_its_own_epsilon():
    """keras.applications.resnet: epsilon=1.001e-5 in every BatchNormalization"""
    norms = [at for at in nets.resnet50_keras().layers() if isinstance(at, BatchNormLayer)]
    assert len(norms) == 53 and {at.eps for at in norms} == {1.001e-5}
    assert {at.eps for at in nets.resnet50().layers() if isinstance(at, BatchNormLayer)} == {1e-5}
