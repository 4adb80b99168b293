"""The same lines on a GPU.

Without one, the strict stand-in array proves that no line leaks into NumPy or beyond CuPy.
"""

import numpy as np
import pytest

from minicnn import (
    Conv,
    CrossEntropy,
    ReLU,
    Tensor,
    backward,
    device,
    find,
    history,
    load,
    one_hot,
    to_cpu,
    to_gpu,
)
from minicnn.layer import BatchNormLayer, DropoutLayer
from minicnn.ops import BatchNormTraining
from minicnn.optimise import SGD, Adam, AdamW
from tests.minicnn.test_networks import NETS, TABLES, photos
from tests.support import cupy_api
from tests.support.cases import CASES, draw
from tests.support.compare import assert_close, same_bits
from tests.support.strict_array import Leak, StrictArray


class StandIn:
    """The stand-in array."""

    there, back = staticmethod(StrictArray), staticmethod(StrictArray.get)


class Gpu:
    """A real device."""

    there, back = staticmethod(to_gpu), staticmethod(to_cpu)


def assert_same(there, here):
    """Equal up to the order of sums: another device may convolve by another of the ways in convolution/."""
    here = np.asarray(here)
    assert there.shape == here.shape and there.dtype == here.dtype
    tolerance = {np.float64: 1e-11, np.float32: 1e-4}[here.dtype.type]
    np.testing.assert_allclose(there, here, rtol=tolerance, atol=tolerance * max(1, np.abs(here).max()))


on_each = pytest.mark.parametrize(
    "on", [StandIn, pytest.param(Gpu, marks=pytest.mark.gpu)], ids=["stand-in", "gpu"]
)
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
each_net = pytest.mark.parametrize("name", NETS)


@on_each
@each_case
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_operation_runs_where_its_inputs_are(case, on, dtype):
    def run(there):
        inputs = [
            there(a) if i in case.constants else Tensor(there(a)) for i, a in enumerate(case.arrays(dtype))
        ]
        y = case.make()(*inputs)
        gy = draw("gy", 2, *y.shape).astype(dtype)
        return [y.data, *backward(y, there(gy), wrt=[i for i in inputs if isinstance(i, Tensor)])]

    for here, there in zip(run(lambda a: a), run(on.there)):
        assert type(there) is type(on.there(np.zeros(1)))
        assert_same(on.back(there), here)


@on_each
@pytest.mark.parametrize("precision", ["fast", "exact"])
def test_a_convolution_large_enough_for_the_fast_way_runs_where_its_inputs_are(on, precision):
    def run(there):
        arrays = (draw("x", 2, 20, 13, 18), draw("W", 16, 20, 3, 3), draw("b", 16))
        inputs = [Tensor(there(a.astype(np.float32))) for a in arrays]
        y = Conv(pad=1, precision=precision)(*inputs)
        return [y.data, *backward(y, there(draw("gy", 2, *y.shape).astype(np.float32)), wrt=inputs)]

    for here, there in zip(run(lambda a: a), run(on.there)):
        assert_same(on.back(there), here)


@on_each
@pytest.mark.parametrize("optimiser", [SGD(decay=0.1), Adam(), AdamW()], ids=lambda o: type(o).__name__)
def test_a_weight_takes_its_steps_where_it_is(on, optimiser):
    def run(there):
        w = there(draw("w", 4, 5))
        memories = [np.zeros_like(w) for _ in optimiser.memories]
        for t in (1, 2, 3):
            w, *memories = optimiser.update(w, there(draw(f"g{t}", 4, 5)), *memories, rate=0.1, t=t)
        return w

    assert_same(on.back(run(on.there)), run(lambda a: a))


@on_each
@each_net
def test_a_network_is_explained_where_it_is(name, on):
    def run(net, x, there):
        photo = Tensor(there(x), "x")
        y = net(photo)
        A = find(y, "pool1")
        starts = [np.zeros_like(t.data, shape=(4, *t.shape)) for t in (y, A)]
        for s in range(3):
            starts[0][s] = one_hot(y, [1, 4, 2])
        starts[1][3] = one_hot(A, (2, 3, 1))
        return [y.data, *backward([y, A], starts, wrt=[photo, A], rules=[*TABLES.values(), {}])]

    net = NETS[name]().astype(np.float64)
    here = run(net, photos(), lambda a: a)
    for ours, there in zip(here, run(net.map(on.there), photos(), on.there)):
        assert_same(on.back(there), ours)


@on_each
@each_net
def test_a_network_is_trained_where_it_is(name, on):
    def run(net, there):
        net.train()
        y = CrossEntropy(smoothing=0.1)(net(Tensor(there(photos()))), there(np.array([1, 4, 6])))
        gradients = backward(y, np.ones_like(y.data), wrt=list(net.parameters().values()))
        for t in history(y):
            if isinstance(t.op, BatchNormTraining):
                t.layer.follow(t.op)
        for tensor, g in zip(net.parameters().values(), gradients):
            tensor.data = tensor.data - 0.1 * g
        return [y.data, *(t.data for t in net.arrays().values())]

    net = NETS[name]().astype(np.float64)
    here, there = run(net.map(np.copy), lambda a: a), run(net.map(on.there), on.there)
    for ours, theirs in zip(here, there):
        assert_same(on.back(theirs), ours)


@on_each
def test_dropout_draws_the_same_numbers_everywhere(on):
    x = np.ones((50, 40))
    here, there = [DropoutLayer("drop", 0.3).train()(a) for a in (x, on.there(x))]
    assert_same(on.back(there), here)


@on_each
def test_weights_are_drawn_and_loaded_where_the_network_is(on):
    net = NETS["vgg_bn"]()
    there = net.map(on.there).initialise(9)
    for ours, theirs in zip(net.initialise(9).arrays().values(), there.arrays().values()):
        assert_same(on.back(theirs.data), ours.data)
    arrays = {key: on.there(t.data + 1) for key, t in net.arrays().items()}
    assert load(there, arrays) is there and there["fc8"].W.data is arrays["fc8.W"]
    assert isinstance(there["bn1_1"], BatchNormLayer)


@on_each
def test_to_cpu_brings_a_network_back(on):
    net = NETS["squeezenet"]()
    back = to_cpu(net.map(on.there))
    assert all(same_bits(a.data, b.data) for a, b in zip(net.arrays().values(), back.arrays().values()))
    assert same_bits(to_cpu(on.there(np.arange(3))), np.arange(3)) and same_bits(
        to_cpu(np.arange(3)), np.arange(3)
    )


@pytest.mark.gpu
def test_float32_gradients_on_the_gpu_are_as_good_as_on_the_cpu():
    net = NETS["vgg"]()
    x = photos(dtype=np.float32)
    results = []
    for there in (lambda a: a, to_gpu):
        photo = Tensor(there(x))
        y = net.map(there)(photo)
        results.append(to_cpu(backward(y, one_hot(y, 1), wrt=photo, rules={ReLU: ReLU.guided})))
    assert_close(results[1], results[0], 1e-4)


def test_without_a_gpu_the_error_says_what_to_install():
    try:
        device.gpu()
    except device.DeviceError as error:
        assert "pip install 'minicnn-gradcam[cuda12]'" in str(error) or "no CUDA device" in str(error)
        with pytest.raises(device.DeviceError):
            to_gpu(np.zeros(3))


# ---- the stand-in itself


X = StrictArray(np.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize(
    "leak, said",
    [
        (lambda: np.asarray(X), "implicit conversion"),
        (lambda: np.asarray([X, X]), "implicit conversion"),
        (lambda: X + np.ones(3), "meets an array on the device"),
        (lambda: np.ones((2, 3)) * X, "meets an array on the device"),
        (lambda: X @ np.ones(3), "meets an array on the device"),
        (lambda: X / np.asarray(2.0), "meets an array on the device"),
        (lambda: np.add(np.ones(3), X, out=np.zeros((2, 3))), "writes into a NumPy array"),
        (lambda: np.add.reduce(X), "no ufunc add.reduce"),
        (lambda: np.add(X, X, where=X > 2), "takes no where"),
        (lambda: np.stack([X, np.ones((2, 3))]), "meets an array on the device"),
        (lambda: np.clip(X, 0, 1, dtype=float), "np.clip"),
        (lambda: np.linalg.norm(X), "no function numpy.linalg.norm"),
        (lambda: np.block([[X, X]]), "no function numpy.block"),
        (lambda: X.sum(axis=0, initial=1), ".sum"),
        (lambda: X.mean(axis=0, where=X > 2), ".mean"),
        (lambda: X.__setitem__(0, np.ones(3)), "meets an array on the device"),
        (lambda: np.sum(X, axis=0, initial=0), "np.sum"),
    ],
)
def test_the_stand_in_refuses_what_cupy_refuses(leak, said):
    with pytest.raises(Leak, match=said):
        leak()


def test_the_stand_in_computes():
    y = np.maximum(X[:, ::2] * 2 - 3, 0)
    assert isinstance(y, StrictArray) and y.get().tolist() == [[0, 1], [3, 7]]
    assert X.sum().shape == () and isinstance(X.sum(), StrictArray) and float(X.sum()) == 15
    assert isinstance(np.asarray(np.ones(2), like=X), StrictArray)
    Z = StrictArray(np.zeros(3))
    Z[1:] += X[0, 1:]
    assert Z.get().tolist() == [0, 1, 2]
    with pytest.raises(AttributeError, match="has no itemset"):
        X.itemset(0)


def test_the_stated_api_is_cupys_own():
    pytest.importorskip("cupy", reason="CuPy is not installed; its API was read into cupy_api.txt")
    installed, stated = cupy_api.installed(), cupy_api.stated()
    import cupy

    if cupy_api.FILE.read_text().startswith(f"CuPy {cupy.__version__},"):
        assert installed == stated
