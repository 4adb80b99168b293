"""Activations that are one formula: as PyTorch has them, with all their digits in float32, at both ends."""

import math

import numpy as np
import pytest

from minicnn import GraphError, Tensor, backward, ops
from minicnn.ops.erf import erf, erfc

SMOOTH = {
    "GELU": (ops.GELU, "gelu", {}),
    "TanhGELU": (ops.TanhGELU, "gelu", {"approximate": "tanh"}),
    "ELU": (lambda: ops.ELU(0.7), "elu", {"alpha": 0.7}),
    "SELU": (ops.SELU, "selu", {}),
    "CELU": (lambda: ops.CELU(0.5), "celu", {"alpha": 0.5}),
    "Softplus": (lambda: ops.Softplus(2, 20), "softplus", {"beta": 2}),
    "LogSigmoid": (ops.LogSigmoid, "logsigmoid", {}),
    "Mish": (ops.Mish, "mish", {}),
    "Softsign": (ops.Softsign, "softsign", {}),
}
STRAIGHT = {
    "HardSigmoid": (lambda: ops.HardSigmoid(1 / 6), "hardsigmoid", {}),
    "HardSwish": (ops.HardSwish, "hardswish", {}),
    "Threshold": (lambda: ops.Threshold(0.3, 0.7), "threshold", {"threshold": 0.3, "value": 0.7}),
    "soft Shrink": (lambda: ops.Shrink(0.5, 0.5), "softshrink", {}),
    "hard Shrink": (ops.Shrink, "hardshrink", {}),
}
each = pytest.mark.parametrize("name", [*SMOOTH, *STRAIGHT])


def value_and_slope(make, x):
    tensor = Tensor(x, "x")
    y = make()(tensor)
    return y.data, backward(y, np.ones_like(x), wrt=tensor)


@each
def test_as_pytorch_has_it(name):
    torch = pytest.importorskip("torch")
    make, function, options = (SMOOTH | STRAIGHT)[name]
    x = np.concatenate([np.linspace(-9.03, 9.01, 3001), [-0.0, 0.0, 30, -30]])
    t = torch.tensor(x, requires_grad=True)
    expected = getattr(torch.nn.functional, function)(t, **options)
    (slope,) = torch.autograd.grad(expected.sum(), t)
    ours = value_and_slope(make, x)
    theirs = 1e-7 if name == "HardSigmoid" else 1e-12  # PyTorch's slope there is a float32's 1/6
    # 1 + tanh u leaves few digits of PyTorch's where u < 0
    np.testing.assert_allclose(ours[0], expected.detach().numpy(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(ours[1], slope.numpy(), rtol=theirs, atol=1e-14)
    assert len(set(np.round(ours[1], 6))) > 1


@pytest.mark.parametrize("name", SMOOTH)
def test_float32_keeps_the_digits_of_float64(name):
    make = SMOOTH[name][0]
    x = np.linspace(-12, 80, 20011).astype(np.float32)
    for single, double in zip(value_and_slope(make, x), value_and_slope(make, x.astype(np.float64))):
        assert single.dtype == np.float32
        error = abs(single - double)
        # near where a curve crosses 0 an error of x's own last digit is a large share of it
        assert (error <= 2e-6 * abs(double) + 2e-7 * np.minimum(1, abs(x))).all()
        small = (abs(double) < 1e-3) & (x < -8) & (abs(double) > 1e-30)
        assert (error[small] <= 1e-4 * abs(double[small])).all()


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_overflows_at_the_ends(name, dtype):
    make = (SMOOTH | STRAIGHT)[name][0]
    x = np.array(
        [-np.finfo(dtype).max / 4, -1e30, -200, -40, 0, 40, 200, 1e30, np.finfo(dtype).max / 4], dtype
    )
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y, slope = value_and_slope(make, x)
    assert np.isfinite(y).all() and np.isfinite(slope).all()


def test_erf_is_right_to_the_last_digits():
    x = np.concatenate([np.linspace(-6, 6, 5001), np.linspace(5, 26, 501)])
    for ours, true in ((erf, math.erf), (erfc, math.erfc)):
        expected = np.array([true(v) for v in x])
        assert (abs(ours(x) - expected) <= 2e-15 * abs(expected)).all()


# at these points, value and slope of each, kinks and defaults among them
E, LN = math.exp, math.log
BY_HAND = {
    "HardSigmoid": (ops.HardSigmoid(), [-3, -2.5, 0, 1, 2.5], [0, 0, 0.5, 0.7, 1], [0, 0, 0.2, 0.2, 0]),
    "HardSwish": (ops.HardSwish(), [-4, -3, -1, 0, 1, 3, 5], [0, 0, -1 / 3, 0, 2 / 3, 3, 5],
                  [0, 0, 1 / 6, 0.5, 5 / 6, 1, 1]),
    "Threshold": (ops.Threshold(2, 7), [1, 2, 2.5], [7, 7, 2.5], [0, 0, 1]),
    "Threshold, as it is": (ops.Threshold(), [0.5, 1, 3], [0, 0, 3], [0, 0, 1]),
    "soft Shrink": (ops.Shrink(1, 0.25), [-3, -1, 0.5, 1, 2], [-2.75, 0, 0, 0, 1.75], [1, 0, 0, 0, 1]),
    "hard Shrink": (ops.Shrink(), [-1, -0.5, 0.5, 0.75], [-1, 0, 0, 0.75], [1, 0, 0, 1]),
    "Abs": (ops.Abs(), [-2, 0, 3], [2, 0, 3], [-1, 0, 1]),
    "Clip": (ops.Clip(-1, 2), [-3, -1, 0, 2, 3], [-1, -1, 0, 2, 2], [0, 0, 1, 0, 0]),
    "ReLU": (ops.ReLU(), [-1, 0, 2], [0, 0, 2], [0, 0, 1]),
    "LeakyReLU": (ops.LeakyReLU(0.25), [-4, 0, 2], [-1, 0, 2], [0.25, 0.25, 1]),
    "LeakyReLU, as it is": (ops.LeakyReLU(), [-4, 2], [-0.04, 2], [0.01, 1]),
    "ELU": (ops.ELU(3, 2, 0.5), [-2, 0, 1], [6 * (E(-1) - 1), 0, 2], [3 * E(-1), 3, 2]),
    "ELU, as it is": (ops.ELU(), [-1, 0, 1], [E(-1) - 1, 0, 1], [E(-1), 1, 1]),
    "SELU": (ops.SELU(), [-1, 2], [1.7580993408473766 * (E(-1) - 1), 2 * 1.0507009873554805],
             [1.7580993408473766 * E(-1), 1.0507009873554805]),
    "CELU": (ops.CELU(2), [-4, 0, 1], [2 * (E(-2) - 1), 0, 1], [E(-2), 1, 1]),
    "Softplus": (ops.Softplus(2, 6), [-1, 0, 3, 4], [LN(1 + E(-2)) / 2, LN(2) / 2, LN(1 + E(6)) / 2, 4],
                 [1 / (1 + E(2)), 0.5, 1 / (1 + E(-6)), 1]),
    "Softplus, as it is": (ops.Softplus(), [0, 30], [LN(2), 30 + E(-30)], [0.5, 1 / (1 + E(-30))]),
    "LogSigmoid": (ops.LogSigmoid(), [-1, 0], [-LN(1 + E(1)), -LN(2)], [1 / (1 + E(-1)), 0.5]),
    "Softsign": (ops.Softsign(), [-3, 0, 1], [-0.75, 0, 0.5], [1 / 16, 1, 0.25]),
    "Sigmoid": (ops.Sigmoid(), [-LN(3), 0, LN(3)], [0.25, 0.5, 0.75], [3 / 16, 0.25, 3 / 16]),
    "SiLU": (ops.SiLU(), [0, LN(3)], [0, 0.75 * LN(3)], [0.5, 0.75 * (1 + LN(3) / 4)]),
    "Tanh": (ops.Tanh(), [0, LN(2), -LN(2)], [0, 0.6, -0.6], [1, 0.64, 0.64]),
    # tanh(ln(1 + w)) = (w^2 + 2w) / (w^2 + 2w + 2)
    "Mish": (ops.Mish(), [0, LN(2)], [0, 0.8 * LN(2)], [0.6, 0.8 + LN(2) * 0.36 * 2 / 3]),
    "GELU": (ops.GELU(), [0, 1], [0, 0.8413447460685429], [0.5, 0.8413447460685429 + 0.24197072451914337]),
    "TanhGELU": (ops.TanhGELU(), [0, 1], [0, 0.8411919906082768], [0.5, 1.0829640838457826]),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_an_activation_by_hand(name):
    op, x, y, slope = BY_HAND[name]
    found = value_and_slope(lambda: op, np.array(x, np.float64))
    np.testing.assert_allclose(found[0], y, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(found[1], slope, rtol=1e-12, atol=1e-15)
    sent = op.gx(np.full((2, len(x)), 3.0))
    assert np.array_equal(sent, 3 * np.stack([found[1]] * 2)), "a stack of signals"


def test_an_alpha_that_divides_is_not_zero():
    with pytest.raises(GraphError, match="the alpha of CELU divides"):
        ops.CELU(0)
    assert ops.CELU(-1)(Tensor(np.float64([2.0]))).data == 2
