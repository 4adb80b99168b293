"""Where places lie, and how much of the input each of them sees."""

import numpy as np
import pytest

from minicnn import Tensor, backward, names, one_hot, ops
from minicnn.places import maps_in

RNG = np.random.default_rng(0)


def conv(x, F, k, name, stride=1, dilation=1, pad=0):
    W = abs(RNG.standard_normal((F, x.shape[1], *k))) + 0.1
    return ops.Conv(stride, pad, dilation)(x, Tensor(W, f"{name}.W"), name=name)


@pytest.mark.parametrize("size", [(41,), (41, 53), (31, 33, 35)])
def test_a_receptive_field_is_what_the_gradient_reaches(size):
    """All weights are positive and poolings average, so that nothing that is seen is lost."""
    n, x = len(size), Tensor(abs(RNG.standard_normal((1, 2, *size))), "x")
    y = conv(x, 3, (3, 5, 2)[:n], "conv1", stride=(2, 1, 1)[:n])
    y = ops.AvgPool((2, 3, 2)[:n], (1, 2, 2)[:n])(y, name="pool")
    y = ops.ReLU()(conv(y, 2, (3, 3, 2)[:n], "conv2", dilation=(2, 1, 1)[:n]), name="relu")
    y = ops.ConvTranspose(2)(y, Tensor(np.ones((2, 2, *(3,) * n)), "W"), name="up")
    maps = maps_in(y, x)
    named = {name: t for name, t in names(y).items() if t in maps and t.op}
    assert [*named] == ["conv1", "pool", "conv2", "relu", "up"]
    for name, t in named.items():
        middle = tuple(s // 2 for s in t.shape[2:])
        seen = backward(t, one_hot(t, (0, *middle)), wrt=x)[0].any(axis=0)
        for axis, r in enumerate(maps[t].reach):
            extent = np.ptp(np.flatnonzero(seen.any(axis=tuple(a for a in range(n) if a != axis)))) + 1
            assert extent <= r[0] and (name == "up" or extent == r[0]), name


def test_of_nothing_no_place_is_known():
    x = Tensor(RNG.standard_normal((1, 3, 12, 12)), "x")
    A = conv(x, 4, (3, 3), "conv")
    nothing = ops.Slice(slice(None), slice(None), slice(9, 3))(A, name="nothing")
    found = maps_in(ops.ReLU()(nothing, name="y"), x)
    assert A in found and nothing not in found


def test_places_that_a_reshape_hid_are_back_behind_what_lets_every_number_be():
    """(N, K, h, w) -> (N, K h w) -> ... -> (N, K, h, w)"""
    x = Tensor(RNG.standard_normal((1, 3, 6, 7)), "x")
    A = conv(x, 4, (3, 3), "conv")
    everything = ((np.inf, 1),) * 2
    for between, reach in (
        (ops.ReLU(), ((3, 1),) * 2),
        (ops.Softmax(1), everything),
        (ops.Normalise([1]), everything),
    ):
        y = ops.Reshape(A.shape)(between(ops.Reshape((1, -1))(A, name="flat")), name="back")
        assert maps_in(y, x)[y].reach == reach, between
    lost = ops.Reshape(A.shape)(ops.CumSum(1)(ops.Reshape((1, -1))(A)), name="back")
    assert lost not in maps_in(lost, x)


@pytest.mark.parametrize(
    ("op", "seen"),
    [
        (ops.Softmax(1), (3, 3)),
        (ops.Softmax(2), (np.inf, 3)),
        (ops.LogSoftmax(-1), (3, np.inf)),
        (ops.Normalise((1, 2)), (np.inf, 3)),
        (ops.Normalise((2, 3)), (np.inf, np.inf)),
        (ops.CumSum(2), (np.inf, np.inf)),
    ],
)
def test_what_is_divided_by_a_sum_over_places_sees_them_all(op, seen):
    x = Tensor(RNG.standard_normal((1, 3, 6, 7)), "x")
    y = op(conv(x, 4, (3, 3), "conv"))
    assert tuple(reach[0] for reach in maps_in(y, x)[y].reach) == seen
    tokens = ops.Softmax(2)(ops.Reshape((1, 4, -1))(conv(x, 4, (3, 3), "conv")))
    assert maps_in(tokens, x)[tokens].reach == ((np.inf, 1),) * 2
