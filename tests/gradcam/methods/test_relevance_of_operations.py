"""Relevance through operations of any network: conserved where they are linear, refused by name elsewhere."""

import numpy as np
import pytest

from gradcam.methods.relevance import (
    alpha_beta,
    epsilon,
    flat,
    gamma,
    share,
    table,
    to_the_winner_of_two,
    z_box,
)
from minicnn import RuleError, Tensor, backward, ops
from tests.support.cases import draw, positive

X = (2, 3, 4, 5)
LINEAR = {
    "Take": lambda x: ops.Take([0, 0, 2, 3, 1], 2)(x),
    "Expand": lambda x: ops.Expand((6, *X))(x),
    "Along": lambda x: ops.Along(positive("M", 7, 5))(x),
    "CumSum": lambda x: ops.CumSum(1)(x),
    "Sum": lambda x: ops.Sum((2, 3))(x),
    "Mean": lambda x: ops.Mean((1, -1), True)(x),
    "TopK": lambda x: ops.TopK(2)(x),
    "MaxOver": lambda x: ops.MaxOver((2, 3))(x),
    "MinOver": lambda x: ops.MinOver((2, 3))(x),
    "ConvTranspose": lambda x: ops.ConvTranspose(2)(x, positive("W", 3, 4, 3, 2)),
    "Sub": lambda x: ops.Sub()(x, ops.Slice(slice(None, None, -1))(x)),
    "Maximum": lambda x: ops.Maximum()(x, ops.Slice(slice(None, None, -1))(x)),
    "Where": lambda x: ops.Where()(draw("c", *X) > 0, x, ops.Slice(slice(None, None, -1))(x)),
}
REFUSED = {
    "GELU": lambda x: ops.GELU()(x),
    "LpPool": lambda x: ops.LpPool(2, 2)(x),
    "Normalise": lambda x: ops.Normalise((-1,))(x),
    "Softmax": lambda x: ops.Softmax()(x),
    "Norm": lambda x: ops.Norm()(x),
    "Pow": lambda x: ops.Pow()(x, np.full((), 3.0)),
}
RULES = table(epsilon(0))


@pytest.mark.parametrize("name", LINEAR)
def test_relevance_is_conserved(name):
    x = Tensor(positive(name, *X), "x")
    y = LINEAR[name](x)
    R = draw("R" + name, *y.shape) * (abs(y.data) > 1e-3)
    arrived = backward(y, R, wrt=x, rules=RULES)
    assert np.abs(arrived).max() > 0
    assert np.allclose(arrived.sum(), R.sum(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_linear_is_refused_by_name(name):
    x = Tensor(positive(name, *X), "x")
    y = REFUSED[name](x)
    with pytest.raises(RuleError, match=name):
        backward(y, np.ones(y.shape), wrt=x, rules=RULES)


def test_relevance_goes_to_the_one_of_two_that_a_value_is():
    x, z = np.array([[1.0, 5.0, 3.0]]), np.array([[4.0, 2.0, 3.5]])
    R = np.array([[10.0, 20.0, 30.0]])
    one, other = to_the_winner_of_two(ops.Maximum()(Tensor(x), Tensor(z)).op, R)
    assert one.tolist() == [[0, 20, 0]] and other.tolist() == [[10, 0, 30]]
    one, other = to_the_winner_of_two(ops.Where()(x > 2, Tensor(x), Tensor(z)).op, R)
    assert one.tolist() == [[0, 20, 30]] and other.tolist() == [[10, 0, 0]]


# x >= 0, as behind a ReLU, and one row of it mixed; a unit below zero among the second picture's
ROWS = {"behind a ReLU": [[1.0, 2.0], [0.0, 4.0]], "mixed": [[1.0, -2.0], [0.0, 4.0]]}
W, B = np.array([[2.0, 1.0], [1.0, -1.0]]), np.array([1.0, -2.0])
R = np.array([[10.0, 0.0], [2.0, 6.0]])
TINY = 1e-6


def by_the_equation(terms, R):
    """sum of x W^T (R / z), z = sum of W x + b, with nothing left out; W: (outputs, inputs)"""
    z = sum(x @ W.T + b for x, W, b in terms)
    s = R / (z + np.where(z < 0, -1, 1) * TINY)
    return sum(x * (s @ W) for x, W, _ in terms)


def up(v):
    return v + np.maximum(v, 0) / 4


def down(v):
    return v + np.minimum(v, 0) / 4


def gamma_in_full(x):
    p, n, z = np.maximum(x, 0), np.minimum(x, 0), x @ W.T + B
    above = by_the_equation([(p, up(W), up(B)), (n, down(W), 0)], R * (z > 0))
    return above + by_the_equation([(p, down(W), down(B)), (n, up(W), 0)], R * (z < 0))


def alpha_beta_in_full(x):
    (p, n), (Wp, Wn) = ((np.maximum(v, 0), np.minimum(v, 0)) for v in (x, W))
    positive = by_the_equation([(p, Wp, np.maximum(B, 0)), (n, Wn, 0)], R)
    return 2 * positive - by_the_equation([(p, Wn, np.minimum(B, 0)), (n, Wp, 0)], R)


def z_box_in_full(x):
    low, high = np.zeros_like(x), np.full_like(x, 5)  # low: as of pixels that begin at black
    return by_the_equation([(x, W, 0), (-low, np.maximum(W, 0), 0), (-high, np.minimum(W, 0), 0)], R)


def flat_in_full(x):
    return by_the_equation([(np.ones_like(x), np.ones_like(W), 0)], R)


IN_FULL = {
    "gamma": (gamma(), gamma_in_full),
    "alpha_beta": (alpha_beta(), alpha_beta_in_full),
    "z_box": (z_box(0.0, 5.0), z_box_in_full),
    "flat": (flat(), flat_in_full),
}


@pytest.mark.parametrize("of", ROWS)
@pytest.mark.parametrize("rule", IN_FULL)
def test_terms_that_are_zero_everywhere_may_be_left_out(rule, of):
    ours, in_full = IN_FULL[rule]
    x = np.array(ROWS[of])
    op = ops.Linear()(Tensor(x), Tensor(W), Tensor(B)).op
    assert np.abs(in_full(x)).max() > 1
    assert np.allclose(ours(op, R), in_full(x), rtol=1e-12)


@pytest.fixture
def passes(monkeypatch):
    """Every pass of a linear layer, in order."""
    made = []
    for name in ("forward", "gx"):
        whole = getattr(ops.Linear, name)
        monkeypatch.setattr(
            ops.Linear, name, lambda self, *a, name=name, whole=whole: made.append(name) or whole(self, *a)
        )
    return made


def test_what_is_zero_everywhere_costs_no_pass(passes):
    x = np.array(ROWS["behind a ReLU"])
    op = ops.Linear()(Tensor(x), Tensor(W), Tensor(B)).op
    z = x @ W.T + B
    assert (z < 0).any()
    for rule, R_, expected in (
        (gamma(), R * (z > 0), ["forward", "forward", "gx"]),  # z, and of where z > 0 what has x > 0
        (gamma(), R, ["forward", "forward", "gx", "forward", "gx"]),  # and of where z < 0
        (alpha_beta(), R, ["forward", "gx", "forward", "gx"]),
        (alpha_beta(), 0 * R, []),
        (z_box(0.0, 5.0), R, ["forward", "forward", "gx", "gx"]),  # low is 0
    ):
        passes.clear()
        rule(op, R_)
        assert passes == expected, (rule, passes)


def test_no_input_at_all_gets_nothing_but_a_bias_counts():
    op, x, W_ = ops.Linear()(Tensor(np.zeros((1, 2))), Tensor(W), Tensor(B)).op, np.ones((1, 2)), np.eye(2)
    assert share(op, np.array([[3.0, 4.0]]), [(0 * x, W_, None)]).tolist() == [[0, 0]]
    assert share(op, 0 * x, [(x, W_, None)]).tolist() == [[0, 0]]
    with_bias = share(op, np.array([[6.0, 8.0]]), [(x, W_, None), (0 * x, W_, np.array([1.0, 3.0]))])
    assert np.allclose(with_bias, [[3, 2]], rtol=1e-5)  # z: 1 + 1 and 1 + 3
