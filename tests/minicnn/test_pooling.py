"""Max-pooling with switches and average pooling, against their definitions, ties, and PyTorch, on shapes
drawn by hypothesis."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from minicnn import AvgPool, GlobalAvgPool, MaxPool, Tensor, backward
from minicnn.windows import pad_to_fit, taps
from tests.support import slow
from tests.support.compare import assert_close, same_bits

few = settings(max_examples=60, deadline=None, derandomize=True)


@st.composite
def pools(draw_from, ties=False):
    """(x, options); padding at most half the kernel, as everywhere.

    ties: values from {0, 1, 2}, as after a ReLU.
    """
    number = lambda low, high: draw_from(st.integers(low, high))  # noqa: E731
    kernel, stride = (number(1, 3), number(1, 4)), (number(1, 3), number(1, 3))
    pad = tuple((p, p) for p in (number(0, k // 2) for k in kernel))
    size = [max(1, k - 2 * p[0]) + number(0, 6) for k, p in zip(kernel, pad)]
    random = np.random.default_rng(number(0, 2**31))
    shape = (number(1, 2), number(1, 2), *size)
    x = random.integers(0, 3, shape).astype(float) if ties else random.standard_normal(shape)
    return x, {"kernel": kernel, "stride": stride, "pad": pad, "ceil": draw_from(st.booleans())}


@given(pools(ties=True))
@few
def test_max_pooling_is_its_definition_and_a_tie_goes_to_the_first_tap(drawn):
    x, options = drawn
    tensor, expected = Tensor(x), np.zeros(slow.out_shape(x, **options))
    y = MaxPool(**options)(tensor)
    assert y.shape == expected.shape
    gy, gx = np.random.default_rng(1).standard_normal(y.shape), np.zeros_like(x)
    for at, inside, _ in slow.pool(x, **options):
        expected[at] = max(inside.values())
        gx[(*at[:2], *max(inside, key=inside.get))] += gy[at]  # the first of equals, in reading order
    assert np.array_equal(y.data, expected)
    assert_close(backward(y, gy, wrt=tensor), gx, 1e-14)


@given(pools(), st.booleans())
@few
def test_average_pooling_is_its_definition(drawn, count_padding):
    x, options = drawn
    tensor, expected = Tensor(x), np.zeros(slow.out_shape(x, **options))
    y = AvgPool(**options, count_padding=count_padding)(tensor)
    assert y.shape == expected.shape
    gy, gx = np.random.default_rng(1).standard_normal(y.shape), np.zeros_like(x)
    for at, inside, on_padding in slow.pool(x, **options):
        Z = on_padding if count_padding else len(inside)
        expected[at] = sum(inside.values()) / Z
        for place in inside:
            gx[(*at[:2], *place)] += gy[at] / Z
    np.testing.assert_allclose(y.data, expected, rtol=1e-12, atol=1e-14)
    assert_close(backward(y, gy, wrt=tensor), gx, 1e-13)


@pytest.mark.torch
@given(pools(ties=True), st.booleans())
@few
def test_both_agree_with_pytorch(drawn, count_padding):
    import torch

    x, options = drawn
    F, size = (
        torch.nn.functional,
        {"kernel_size": options["kernel"], "stride": options["stride"], "ceil_mode": options["ceil"]},
    )
    size["padding"] = [p for p, _ in options["pad"]]
    t = torch.tensor(x, requires_grad=True)
    pairs = [
        (MaxPool(**options), F.max_pool2d(t, **size)),
        (
            AvgPool(**options, count_padding=count_padding),
            F.avg_pool2d(t, **size, count_include_pad=count_padding),
        ),
    ]
    for op, theirs in pairs:
        tensor = Tensor(x)
        y = op(tensor)
        assert y.shape == theirs.shape
        np.testing.assert_allclose(y.data, theirs.detach(), rtol=1e-12, atol=1e-14)
        gy = np.random.default_rng(1).standard_normal(y.shape)
        reference = torch.autograd.grad(theirs, t, torch.tensor(gy))[0].numpy()
        assume(np.any(reference))
        assert_close(backward(y, gy, wrt=tensor), reference, 1e-13)


@given(pools(ties=True), st.booleans(), st.sampled_from([np.float32, np.float64]))
@few
def test_the_fast_way_gives_the_bits_of_the_equation(drawn, channels_last, dtype):
    """The maximum and argmax over taps, and unpooling with np.add.at, against NumPy's own and the loop in the
    file."""
    x, options = drawn
    x = _in_order(x.astype(dtype), channels_last)
    op = MaxPool(**options)
    y = op(Tensor(x)).data
    padded = pad_to_fit(x, op.kernel, op.stride, op.pad, (1, 1), op.windows, value=-np.inf)
    seen = np.stack([padded[at] for _, _, at in taps(op.kernel, op.stride, (1, 1), op.windows)])
    assert same_bits(y, seen.max(axis=0)) and np.array_equal(op.switches, seen.argmax(axis=0))
    gy = _in_order(np.random.default_rng(2).standard_normal((3, *y.shape)).astype(dtype), channels_last)
    g = op.gx(gy)
    assert same_bits(g, MaxPool.gx.__wrapped__(op, gy)) and g.any()


def _in_order(a, channels_last):
    """The same numbers, in memory as (..., H, W, C) or as (..., C, H, W)."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(a, -3, -1)), -1, -3) if channels_last else a


def test_switches_name_the_tap():
    x = np.array([[[[1.0, 5, 2, 2], [3, 4, 2, 2]]]])
    op = MaxPool(2)
    op(x)
    assert op.switches.tolist() == [[[[1, 0]]]]


def test_a_flat_window_gives_its_whole_signal_to_the_first_pixel():
    x = Tensor(np.zeros((1, 1, 2, 2)))
    assert backward(MaxPool(2)(x), np.full((1, 1, 1, 1), 3.0), wrt=x).tolist() == [[[[3, 0], [0, 0]]]]


def test_overlapping_windows_add_their_signals_at_a_shared_maximum():
    x = np.zeros((1, 1, 3, 5))
    x[0, 0, 1, 2] = 1
    tensor = Tensor(x)
    g = backward(MaxPool(3, stride=2)(tensor), np.array([[[[2.0, 5.0]]]]), wrt=tensor)
    assert g[0, 0, 1, 2] == 7 and g.sum() == 7


def test_negative_pictures_are_not_beaten_by_the_padding():
    x = Tensor(-1 - np.arange(9.0).reshape(1, 1, 3, 3))
    y = MaxPool(3, stride=2, pad=1)(x)
    assert y.data.tolist() == [[[[-1, -2], [-4, -5]]]]
    assert backward(y, np.ones(y.shape), wrt=x).sum() == 4


@pytest.mark.parametrize(
    "size, windows", [(224, 112), (111, 55), (112, 56), (55, 27), (27, 13), (54, 27), (113, 56)]
)
def test_squeezenets_pools_round_up(size, windows):
    assert MaxPool(3, stride=2, ceil=True)(np.zeros((1, 1, size, 5))).shape[2] == windows


def test_large_kernels_need_more_than_a_byte_of_switches():
    x = Tensor(np.arange(400.0).reshape(1, 1, 20, 20))
    g = backward(MaxPool(20)(x), np.ones((1, 1, 1, 1)), wrt=x)
    assert g[0, 0, 19, 19] == 1 and g.sum() == 1


def test_global_average_pooling():
    x = Tensor(np.random.default_rng(0).standard_normal((2, 3, 4, 5)))
    y = GlobalAvgPool()(x)
    assert_close(y.data, [[m.mean() for m in photo] for photo in x.data], 1e-14)
    gy = np.arange(6.0).reshape(2, 3)
    g = backward(y, gy, wrt=x)
    assert same_bits(g, np.repeat(gy, 20).reshape(2, 3, 4, 5) / 20)
    g += 1  # a result of its own, not a broadcast view
