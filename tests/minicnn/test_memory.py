"""Large arrays lie where others lay, and nobody notices."""

import gc
import threading

import numpy as np
import pytest

from minicnn import ReLU, Tensor, backward
from minicnn.convolution.fast import memory
from minicnn.layer import Apply, ConvLayer, Sequential
from tests.support.compare import same_bits
from tests.support.strict_array import StrictArray

LARGE = np.empty(memory.FRESH // 4 + 1, np.float32)  # one number more than the smallest that is lent


@pytest.fixture(autouse=True)
def nothing_idle(monkeypatch):
    memory._idle.clear()
    yield
    memory._idle.clear()


def address(array):
    return array.__array_interface__["data"][0]


def test_the_next_array_lies_where_the_last_one_lay_once_it_is_gone():
    first = memory.empty_like(LARGE)
    where = address(first)
    second = memory.empty_like(LARGE)
    assert address(second) != where
    del first
    assert address(memory.empty_like(LARGE)) == where


def test_a_view_keeps_the_memory():
    first = memory.empty_like(LARGE)
    first[:] = 7
    view = first[::2].reshape(-1, 1).T.view(np.int32)
    before = view.copy()
    del first
    memory.empty_like(LARGE)[:] = 1
    assert same_bits(view, before)


@pytest.mark.parametrize("shape", [(2, 3, 500, 700), (1, 64, 130, 130)])
def test_the_layout_is_numpys(shape):
    like = np.moveaxis(np.zeros((shape[0], *shape[2:], shape[1]), np.float32), -1, 1)  # channels last
    for how in (
        {},
        {"shape": (3, *like.shape[1:])},
        {"order": "C"},
        {"shape": (3, *like.shape[1:]), "order": "C"},
    ):
        ours, numpys = memory.empty_like(like, **how), np.empty_like(like, **how)
        assert (ours.shape, ours.strides, ours.dtype) == (
            numpys.shape,
            numpys.strides,
            numpys.dtype,
        ) and ours.base is not None


def test_small_arrays_and_those_on_a_gpu_are_plain():
    assert memory.empty_like(np.zeros(3)).base is None
    assert isinstance(memory.empty_like(StrictArray(LARGE)), StrictArray)


def test_no_more_is_kept_than_the_limit_says():
    arrays = [memory.empty_like(LARGE) for _ in range(2 * memory.IDLE // LARGE.nbytes)]
    arrays.clear()
    assert 0 < sum(m.nbytes for m in memory._idle.values()) <= memory.IDLE


def test_two_arrays_are_kept_however_large_until_others_are_needed():
    large = [
        memory.empty_like(LARGE, shape=memory.IDLE // 2) for _ in range(3)
    ]  # twice the limit each, and never touched
    large.clear()
    assert len(memory._idle) == 2
    small = memory.empty_like(LARGE)
    assert not memory._idle and small.base is not None


def test_an_array_that_is_much_larger_than_needed_is_left_for_others():
    large = memory.empty_like(LARGE, shape=3 * LARGE.size)
    where = address(large)
    del large
    assert address(memory.empty_like(LARGE)) != where


def test_threads_never_share_memory():
    wrong = []

    def use(number):
        for _ in range(200):
            mine = memory.empty_like(LARGE)
            mine[::1024] = number
            if not (mine[::1024] == number).all():
                wrong.append(number)

    threads = [threading.Thread(target=use, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_result_that_was_returned_never_changes_later():
    random = np.random.default_rng(0)
    net = Sequential(ConvLayer("conv", 3, 32, 3, pad=1), Apply("relu", ReLU))
    net.initialise()
    photos = [random.standard_normal((1, 3, 260, 260)).astype(np.float32) for _ in range(3)]
    found = []
    for photo in photos:
        x = Tensor(photo)
        y = net(x)
        g = backward(y, np.ones_like(y.data), [x, y.op.inputs[0]], [{}, {ReLU: ReLU.guided}])
        found.append((y.data, *g))
        del x, y, g
        gc.collect()
    assert found[0][0].nbytes > memory.FRESH and found[0][0].base is not None, (
        "nothing was lent: this test has tested nothing"
    )
    kept = [[a.copy() for a in arrays] for arrays in found]
    for photo in photos:
        net(photo), net(-photo)
    assert all(
        same_bits(a, b) and a.any() for before, after in zip(kept, found) for a, b in zip(before, after)
    )
