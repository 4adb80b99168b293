"""Convolution against its definition, its adjoint identity, and PyTorch, on shapes drawn by hypothesis."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicnn import Conv, Tensor, backward
from tests.support import slow
from tests.support.cases import draw
from tests.support.compare import assert_close, same_bits

few = settings(max_examples=60, deadline=None, derandomize=True)


@st.composite
def convolutions(draw_from):
    """(x, W, options): any stride, padding (uneven too), dilation and groups for which at least one window
    fits."""
    number = lambda low, high: draw_from(st.integers(low, high))  # noqa: E731
    kernel, stride, dilation = [(number(1, 3), number(1, high)) for high in (4, 3, 2)]
    pad = ((number(0, 2), number(0, 2)), (number(0, 2), number(0, 2)))
    spans = [d * (k - 1) + 1 for d, k in zip(dilation, kernel)]
    size = [max(1, span - sum(p)) + number(0, 5) for span, p in zip(spans, pad)]
    groups, Cg, Fg, N = number(1, 3), number(1, 2), number(1, 2), number(1, 2)
    random = np.random.default_rng(number(0, 2**31))
    x, W = random.standard_normal((N, groups * Cg, *size)), random.standard_normal((groups * Fg, Cg, *kernel))
    return x, W, {"stride": stride, "pad": pad, "dilation": dilation, "groups": groups}


@given(convolutions())
@few
def test_convolution_is_its_definition(drawn):
    x, W, options = drawn
    y = Conv(**options)(x, W)
    expected = slow.conv(x, W, **options)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)


@given(convolutions())
@few
def test_the_adjoint_identity(drawn):
    """<conv(x), gy> = <x, gx> = <W, gW>: convolution is linear in x and in W."""
    arrays = {key: Tensor(a) for key, a in zip("xW", drawn)}
    y = Conv(**drawn[2])(arrays["x"], arrays["W"])
    gy = np.random.default_rng(1).standard_normal(y.shape)
    gx, gW = backward(y, gy, wrt=[arrays["x"], arrays["W"]])
    scale = np.linalg.norm(y.data) * np.linalg.norm(gy)
    for ours in ((arrays["x"].data * gx).sum(), (arrays["W"].data * gW).sum()):
        assert abs((y.data * gy).sum() - ours) <= 1e-13 * scale


@pytest.mark.torch
@given(convolutions())
@few
def test_convolution_agrees_with_pytorch(drawn):
    import torch

    x, W, options = drawn
    b = np.random.default_rng(2).standard_normal(len(W))
    ours = [Tensor(a) for a in (x, W, b)]
    theirs = [torch.tensor(a, requires_grad=True) for a in (x, W, b)]
    (top, bottom), (left, right) = options["pad"]
    padded = torch.nn.functional.pad(theirs[0], (left, right, top, bottom))
    y_torch = torch.nn.functional.conv2d(
        padded, *theirs[1:], options["stride"], 0, options["dilation"], options["groups"]
    )
    y = Conv(**options)(*ours)
    np.testing.assert_allclose(y.data, y_torch.detach(), rtol=1e-12, atol=1e-12)
    gy = np.random.default_rng(3).standard_normal(y.shape)
    expected = torch.autograd.grad(y_torch, theirs, torch.tensor(gy))
    for g, reference in zip(backward(y, gy, wrt=ours), expected):
        np.testing.assert_allclose(g, reference, rtol=1e-11, atol=1e-11)


def test_pixels_that_no_window_sees_get_no_signal():
    x, W = Tensor(draw("x", 1, 2, 8, 7)), draw("W", 3, 2, 2, 2)
    y = Conv(stride=3)(x, W)
    g = backward(y, np.ones(y.shape), wrt=x)
    assert y.shape == (1, 3, 3, 2)
    assert not g[:, :, 2].any() and not g[:, :, :, 5:].any() and g[:, :, 0, 0].all()


def test_float32_agrees_with_float64():
    arrays = [
        draw("x", 2, 20, 13, 17),
        draw("W", 16, 20, 3, 3),
        draw("b", 16),
    ]  # large enough for the fast way
    exact = [Tensor(a) for a in arrays]
    single = [Tensor(a.astype(np.float32)) for a in arrays]
    for precision, tolerance in (("fast", 1e-5), ("exact", 1e-6)):
        y, y32 = Conv(pad=1)(*exact), Conv(pad=1, precision=precision)(*single)
        gy = draw("gy", *y.shape)
        assert_close(y32.data, y.data, tolerance)
        for g32, g in zip(backward(y32, gy.astype(np.float32), wrt=single), backward(y, gy, wrt=exact)):
            assert g32.dtype == np.float32
            assert_close(g32, g, tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_batch_is_its_pictures_one_by_one(dtype):
    x, W = draw("batch", 5, 16, 11, 9).astype(dtype), draw("W", 16, 16, 3, 3).astype(dtype)
    together = Conv(pad=1)(x, W)
    for n in range(5):
        assert_close(together[n], Conv(pad=1)(x[n : n + 1], W)[0], 1e-13 if dtype is np.float64 else 1e-5)


def test_views_and_strange_memory_layouts_give_the_same():
    x, W = draw("x", 2, 3, 9, 8), draw("W", 4, 3, 3, 3)
    plain = Conv(pad=1)(x, W)
    channels_last = x.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2)
    every_other, reversed_twice = np.repeat(x, 2, axis=-1)[..., ::2], x[..., ::-1].copy()[..., ::-1]
    for strange in (np.asfortranarray(x), channels_last, every_other, reversed_twice):
        assert_close(Conv(pad=1)(strange, W), plain, 1e-14)
    assert same_bits(Conv(pad=1)(x, W), plain)
