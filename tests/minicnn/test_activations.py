"""Activations that are one formula: as PyTorch has them, with all their digits in float32, at both ends."""

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
    import math

    x = np.concatenate([np.linspace(-6, 6, 5001), np.linspace(5, 26, 501)])
    for ours, true in ((erf, math.erf), (erfc, math.erfc)):
        expected = np.array([true(v) for v in x])
        assert (abs(ours(x) - expected) <= 2e-15 * abs(expected)).all()


def test_an_alpha_that_divides_is_not_zero():
    with pytest.raises(GraphError, match="the alpha of CELU divides"):
        ops.CELU(0)
    assert ops.CELU(-1)(Tensor(np.float64([2.0]))).data == 2
