"""Tables of rules as objects: they never change, compose, compare and tell what they say."""

import copy
import pickle

import numpy as np
import pytest

import minicnn
from gradcam import BACKPROP, DECONVNET, EXCITATION, GUIDED, LRP_ALPHA_BETA, LRP_EPSILON, LRP_GAMMA
from minicnn import LeakyReLU, ReLU, RuleTable, Tensor, backward


def as_it_is(op, gy):
    return gy


def test_two_tables_make_a_third_and_stay_what_they_were():
    both = GUIDED | {LeakyReLU: as_it_is}
    assert isinstance(both, RuleTable) and dict(both) == {ReLU: ReLU.guided, LeakyReLU: as_it_is}
    assert dict(GUIDED) == {ReLU: ReLU.guided}
    assert (GUIDED | {ReLU: as_it_is})[ReLU] is as_it_is, "where both speak, the right one does"
    assert ({ReLU: as_it_is} | GUIDED)[ReLU] is ReLU.guided and isinstance({} | GUIDED, RuleTable)
    assert isinstance(GUIDED | DECONVNET, RuleTable)
    with pytest.raises(TypeError):
        GUIDED | 3


def test_a_table_cannot_be_changed():
    with pytest.raises(TypeError):
        GUIDED[ReLU] = as_it_is
    with pytest.raises(TypeError):
        del GUIDED[ReLU]
    with pytest.raises(AttributeError):
        GUIDED.name = "other"
    rules = {ReLU: as_it_is}
    table = RuleTable(rules)
    rules[ReLU] = None
    assert table[ReLU] is as_it_is


def test_tables_that_state_the_same_are_equal_and_hash_alike():
    same = RuleTable({ReLU: ReLU.guided}, name="mine")
    assert same == GUIDED == {ReLU: ReLU.guided} and hash(same) == hash(GUIDED)
    assert GUIDED != DECONVNET and len({GUIDED, DECONVNET, same}) == 2
    assert copy.deepcopy(GUIDED) == pickle.loads(pickle.dumps(GUIDED)) == GUIDED


def test_a_table_says_its_name_and_its_rules():
    assert repr(GUIDED) == "RuleTable(GUIDED = {ReLU: ReLU.guided})"
    assert repr(BACKPROP) == "RuleTable(BACKPROP = {})"
    assert repr(RuleTable({"relu2": as_it_is})) == "RuleTable({'relu2': as_it_is})"
    assert "Conv, Linear: epsilon(...)" in repr(LRP_EPSILON)
    for name, table in (
        ("EXCITATION", EXCITATION),
        ("LRP_GAMMA", LRP_GAMMA),
        ("LRP_ALPHA_BETA", LRP_ALPHA_BETA),
    ):
        assert table.name == name


def test_a_plain_dict_is_as_good():
    x = Tensor(np.random.default_rng(0).standard_normal((2, 3)), "x")
    y = ReLU()(x)
    gy = np.random.default_rng(1).standard_normal((2, 2, 3))
    ours = backward(y, gy, wrt=x, rules=[GUIDED, DECONVNET])
    plain = backward(y, gy, wrt=x, rules=[{ReLU: ReLU.guided}, {ReLU: ReLU.deconvnet}])
    assert np.array_equal(ours, plain) and not np.array_equal(ours, backward(y, gy, wrt=x))


def test_the_names_are_on_the_front_page():
    assert {"BACKPROP", "RuleTable", "RuleError"} <= set(minicnn.__all__)
