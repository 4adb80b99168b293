"""Every gradient method of every operation, in every mode, against central differences; and what holds for
all of them."""

import inspect

import numpy as np
import pytest

import minicnn.ops
from minicnn import GraphError, Op, Tensor, backward
from minicnn.ops.formula import Formula
from minicnn.ops.reduction import Reduction
from tests.support.cases import CASES, draw
from tests.support.compare import assert_close, same_bits
from tests.support.differences import assert_gradient, central

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def applied(case, dtype=np.float64):
    """-> (tensors, those that carry a gradient, y)"""
    tensors = [Tensor(a) if i not in case.constants else a for i, a in enumerate(case.arrays(dtype))]
    return tensors, [t for t in tensors if isinstance(t, Tensor)], case.make()(*tensors)


BASES = {Formula, Reduction}  # what several operations have in common
WITHOUT_BACKWARD = {minicnn.ops.Steps}  # constant by pieces


def kinds(base=Op):
    """Every operation of the engine, found by what is defined, not by a list."""
    found = {sub for direct in base.__subclasses__() for sub in (direct, *kinds(direct))}
    return {
        kind for kind in found if kind.__module__.startswith("minicnn.") and not kind.__name__.startswith("_")
    } - BASES


def test_no_operation_is_left_out():
    assert kinds() - WITHOUT_BACKWARD == {type(case.make()) for case in CASES}
    assert kinds() == {getattr(minicnn.ops, name) for name in minicnn.ops.__all__}


def test_the_inputs_without_a_way_back_are_labels_and_statistics():
    without = {
        (kind.__name__, name)
        for kind in kinds()
        for name in list(inspect.signature(kind.forward).parameters)[1:]
        if not hasattr(kind, "g" + name)
    }
    labels = {("CrossEntropy", "t"), ("SigmoidCrossEntropy", "t"), ("Embedding", "t")}
    assert without == labels | {
        ("BatchNorm", "mean"), ("BatchNorm", "var"), ("Where", "c"), ("Steps", "xs"),
    }  # fmt: skip


@each_case
def test_gradients_are_central_differences(case):
    tensors, carriers, y = applied(case)
    gy = draw("gy" + case.name, *y.shape)
    ours = backward(y, gy, wrt=carriers)
    positions = [i for i, t in enumerate(tensors) if isinstance(t, Tensor)]
    for i, g in zip(positions, ours):
        assert_gradient(g, central(lambda *a: case.make()(*a), case.arrays(), i, gy))


@each_case
def test_a_stack_of_signals_is_its_rows_one_by_one(case):
    _, carriers, y = applied(case)
    stack = draw("stack" + case.name, 2, 3, *y.shape)
    for g, carrier in zip(backward(y, stack, wrt=carriers), carriers):
        assert g.shape == (2, 3, *carrier.shape)
        for s in np.ndindex(2, 3):
            assert_close(g[s], backward(y, stack[s], wrt=carrier), 1e-13)


@each_case
def test_nothing_is_changed_in_place(case):
    arrays = case.arrays()
    before = [a.copy() for a in arrays]
    tensors = [a if i in case.constants else Tensor(a) for i, a in enumerate(arrays)]
    for a in arrays:
        a.flags.writeable = False
    y = case.make()(*tensors)
    y_before, gy = y.data.copy(), draw("gy", 2, *y.shape)
    gy_before = gy.copy()
    gy.flags.writeable = False
    np.asarray(y.data).flags.writeable = False
    backward(y, gy, wrt=[t for t in tensors if isinstance(t, Tensor)])
    assert all(same_bits(a, b) for a, b in zip([*arrays, y.data, gy], [*before, y_before, gy_before]))


@each_case
def test_float32_stays_float32(case):
    _, carriers, y = applied(case, np.float32)
    assert y.dtype == np.float32
    results = backward(y, np.ones_like(y.data), wrt=carriers)
    assert {g.dtype for g in results} == {np.dtype(np.float32)}


@each_case
def test_an_array_in_gives_an_array_out(case):
    _, _, y = applied(case)
    out = case.make()(*case.arrays())
    assert not isinstance(out, Tensor)
    assert same_bits(np.asarray(out), np.asarray(y.data))


@each_case
def test_results_share_no_memory(case):
    _, carriers, y = applied(case)
    gy = draw("gy" + case.name, *y.shape)
    first = backward(y, gy, wrt=[*carriers, *carriers, y])
    bytes_then = [g.tobytes() for g in first]
    for n, g in enumerate(first):
        assert not np.shares_memory(g, gy)
        assert not any(np.shares_memory(g, other) for other in first[n + 1 :])
        assert not any(
            np.shares_memory(g, kept) for kept in vars(y.op).values() if isinstance(kept, np.ndarray)
        )
    second = backward(y, gy, wrt=[*carriers, *carriers, y])
    gy *= 2
    for g in second:
        g *= 3
    assert bytes_then == [g.tobytes() for g in first]


@each_case
def test_an_operation_is_applied_once(case):
    op = case.make()
    op(*case.arrays())
    with pytest.raises(GraphError, match="applied already"):
        op(*case.arrays())


def test_the_check_rejects_a_wrong_gradient():
    x, gy = draw("x", 3, 4), draw("gy", 3, 4)
    numeric = central(np.tanh, [x], 0, gy)
    assert_gradient(gy * (1 - np.tanh(x) ** 2), numeric)
    for wrong in (gy * (1 - np.tanh(x)), gy * (1 - np.tanh(x) ** 2) * (1 + 2e-6), -numeric):
        with pytest.raises(AssertionError, match="off by"):
            assert_gradient(wrong, numeric)
    with pytest.raises(AssertionError, match="zero"):
        assert_gradient(np.zeros(3), np.zeros(3))
