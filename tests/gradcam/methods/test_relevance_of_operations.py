"""Relevance through operations of any network: conserved where they are linear, refused by name elsewhere."""

import numpy as np
import pytest

from gradcam.methods.relevance import epsilon, table, to_the_winner_of_two
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
