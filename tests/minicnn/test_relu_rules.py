"""The three rules of the ReLU, each written again slowly from its paper's notation (Springenberg et al. 2015,
fig. 1 c and eqs.)."""

import numpy as np
import pytest

from minicnn import ReLU, Tensor, backward
from tests.support.cases import draw
from tests.support.compare import same_bits

RULES = {
    #   f: the input of layer l;  R: the signal from layer l + 1;  both for one neuron i
    "backprop": ({}, lambda f, R: R if f > 0 else 0.0),  # R_i^l = (f_i^l > 0) R_i^(l+1)
    "deconvnet": (
        {ReLU: ReLU.deconvnet},
        lambda f, R: R if R > 0 else 0.0,
    ),  # R_i^l = (R_i^(l+1) > 0) R_i^(l+1)
    "guided": (
        {ReLU: ReLU.guided},
        lambda f, R: R if f > 0 and R > 0 else 0.0,
    ),  # R_i^l = (f > 0) (R > 0) R_i^(l+1)
}


def slowly(rule, f, R):
    return np.array([rule(a, b) for a, b in zip(f.ravel(), R.ravel())]).reshape(f.shape)


def with_zeros(name, *shape):
    x = draw(name, *shape)
    x.ravel()[::7] = 0.0
    x.ravel()[3::11] = -0.0
    return x


@pytest.mark.parametrize("name", RULES)
def test_each_rule_is_its_equation(name):
    table, rule = RULES[name]
    f, R = with_zeros("f", 2, 3, 4, 5), with_zeros("R", 2, 3, 4, 5)
    x = Tensor(f)
    ours, slow = backward(ReLU()(x), R, wrt=x, rules=table), slowly(rule, f, R)
    assert np.array_equal(ours, slow)
    others = [slowly(other, f, R) for key, (_, other) in RULES.items() if key != name]
    assert not any(np.array_equal(slow, other) for other in others), (
        "the rules agree here: nothing was tested"
    )


def test_at_zero_the_gate_is_closed():
    x = Tensor(np.array([-1.0, -0.0, 0.0, 1e-300, 1.0]))
    y = ReLU()(x)
    assert backward(y, np.ones(5), wrt=x).tolist() == [0, 0, 0, 1, 1]
    assert backward(y, np.ones(5), wrt=x, rules={ReLU: ReLU.guided}).tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("name", RULES)
def test_a_stack_under_a_rule_is_its_rows(name):
    table, _ = RULES[name]
    x, stack = Tensor(draw("f", 2, 3)), draw("R", 4, 2, 3)
    y = ReLU()(x)
    together = backward(y, stack, wrt=x, rules=table)
    assert all(same_bits(together[s], backward(y, stack[s], wrt=x, rules=table)) for s in range(4))


def test_the_papers_example():
    """Figure 1 b of the paper: one patch, three backward passes."""
    f = np.array([[1, -1, 5], [2, -5, -7], [-3, 2, 4]], float)
    R = np.array([[-2, 3, -1], [6, -3, 1], [2, -1, 3]], float)
    expected = {
        "backprop": [[-2, 0, -1], [6, 0, 0], [0, -1, 3]],
        "deconvnet": [[0, 3, 0], [6, 0, 1], [2, 0, 3]],
        "guided": [[0, 0, 0], [6, 0, 0], [0, 0, 3]],
    }
    x = Tensor(f)
    y = ReLU()(x)
    for name, (table, _) in RULES.items():
        assert backward(y, R, wrt=x, rules=table).tolist() == expected[name]
