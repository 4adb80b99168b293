"""Sigmoid and its relatives keep their digits over the whole range of float32 and float64; no signal is
dropped in silence."""

import numpy as np
import pytest

from minicnn import GraphError, Mul, Op, Sigmoid, SigmoidCrossEntropy, SiLU, Tanh, Tensor, backward

RANGE = {np.float32: 85.0, np.float64: 700.0}  # beyond it, e^-|x| is no normal number any more


def exactly(kind, x):
    """(y, dy/dx) in extended precision."""
    x = x.astype(np.longdouble)
    s, rest = 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(x))
    if kind is Sigmoid:
        return s, s * rest
    if kind is SiLU:
        return x * s, s * (1 + x * rest)
    return np.tanh(x), 1 / np.cosh(x) ** 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [Sigmoid, SiLU, Tanh])
def test_values_and_slopes_keep_their_digits(kind, dtype):
    reach = RANGE[dtype] / (2 if kind is Tanh else 1)
    x = np.concatenate([np.linspace(-reach, reach, 4001), [0, 1e-6, -1e-6]]).astype(dtype)
    tensor = Tensor(x, "x")
    y = kind()(tensor, name="y")
    slope = backward(y, np.ones_like(x), wrt=tensor)
    value, true_slope = exactly(kind, x)
    eps = np.finfo(dtype).eps
    assert (abs(y.data - value) <= 8 * eps * abs(value)).all()
    away = abs(x + 1.2784645) > 0.05 if kind is SiLU else np.ones_like(x, bool)  # where SiLU's slope is 0
    error = abs(slope - true_slope)[away]
    assert (error <= 64 * eps * abs(true_slope[away])).all()
    assert y.data.dtype == slope.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [Sigmoid, SiLU, Tanh])
def test_nothing_overflows_at_the_ends(kind, dtype):
    x = np.array([-np.finfo(dtype).max, -1e30, -200, 200, 1e30, np.finfo(dtype).max], dtype)
    tensor = Tensor(x, "x")
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = kind()(tensor, name="y")
        slope = backward(y, np.ones_like(x), wrt=tensor)
    assert np.isfinite(y.data).all() and np.isfinite(slope).all()


def test_the_loss_of_a_sure_network_has_a_gradient():
    x = np.array([[40.0, -40.0, 90.0]], np.float32)
    tensor = Tensor(x, "x")
    loss = SigmoidCrossEntropy()(tensor, np.array([[1, 0, 1]], np.float32), name="loss")
    g = backward(loss, np.float32(1) + np.zeros_like(loss.data), wrt=tensor)
    assert np.allclose(g, [[-np.exp(-40.0), np.exp(-40.0), -np.exp(-90.0)]], rtol=1e-5)


class Blend(Op):
    """y = x t, and nobody said how a signal passes to t."""

    def forward(self, x, t):
        self.t = t
        return x * t

    def gx(self, gy):
        return gy * self.t


def test_a_signal_that_would_be_dropped_is_an_error():
    x = Tensor(np.ones((2, 3)), "x")
    gate = Sigmoid()(x, name="gate")
    y = Blend()(x, gate, name="y")
    with pytest.raises(GraphError, match=r"Blend 'y' has no gradient towards its input 't'"):
        backward(y, np.ones((2, 3)), wrt=x)
    alone = Blend()(Tensor(np.ones((2, 3)), "z"), gate.data, name="y")
    assert np.array_equal(backward(alone, np.ones((2, 3)), wrt=alone.op.inputs[0]), gate.data)


def test_an_input_that_leads_nowhere_may_lack_a_gradient():
    x, other = Tensor(np.ones((2, 3)), "x"), Tensor(np.full((2, 3), 2.0), "other")
    y = Blend()(Mul()(x, x, name="square"), other, name="y")
    assert np.array_equal(backward(y, np.ones((2, 3)), wrt=x), np.full((2, 3), 4.0))
