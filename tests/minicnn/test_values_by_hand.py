"""What operations give of a few numbers: a factor that is wrong forwards and backwards hides from central
differences.
"""

import numpy as np
import pytest

from minicnn import GraphError, Tensor, backward, ops
from minicnn.replay import replay
from minicnn.windows import cut_padding, out_size, pad_to_fit, pooled_size, taps

A = np.array
X = A([[1.0, -2.0, 3.0], [4.0, 0.0, -6.0]])
GRID = np.arange(1.0, 13).reshape(1, 1, 3, 4)
LN = np.log

# operation, inputs, its value
VALUES = {
    "Add": (ops.Add(), (X, A([1.0, 2, 3])), [[2, 0, 6], [5, 2, -3]]),
    "Sub": (ops.Sub(), (X, A([1.0, 2, 3])), [[0, -4, 0], [3, -2, -9]]),
    "Mul": (ops.Mul(), (X, A([[2.0], [3.0]])), [[2, -4, 6], [12, 0, -18]]),
    "Div": (ops.Div(), (X, A([[2.0], [4.0]])), [[0.5, -1, 1.5], [1, 0, -1.5]]),
    "MatMul": (ops.MatMul(), (X, A([[1.0], [2], [3]])), [[6], [-14]]),
    "Einsum": (ops.Einsum("ni,mi->nm"), (X, A([[1.0, 0, 1], [0, 2, 0]])), [[4, -4], [-2, 0]]),
    "Einsum of three": (ops.Einsum("i,j,k->ik"), (A([1.0, 2]), A([3.0, 4]), A([1.0, -1])),
                        [[7, -7], [14, -14]]),
    "Linear": (ops.Linear(), (X, A([[1.0, 1, 1], [0, 1, 0]]), A([10.0, 20])), [[12, 18], [8, 20]]),
    "Pow": (ops.Pow(), (A([4.0, 9]), A([0.5, 2])), [2, 81]),
    "Sqrt": (ops.Sqrt(), (A([4.0, 9]),), [2, 3]),
    "Exp": (ops.Exp(), (LN(A([2.0, 5])),), [2, 5]),
    "Log": (ops.Log(), (np.exp(A([2.0, 5])),), [2, 5]),
    "Remainder": (ops.Remainder(), (A([7.0, -7, 7]), A([4.0, 4, -4])), [3, 1, -1]),
    "Remainder, truncated": (ops.Remainder(truncated=True), (A([7.0, -7, 7]), A([4.0, 4, -4])), [3, -3, 3]),
    "Maximum": (ops.Maximum(), (X, A([1.0, 1, 1])), [[1, 1, 3], [4, 1, 1]]),
    "Minimum": (ops.Minimum(), (X, A([1.0, 1, 1])), [[1, -2, 1], [1, 0, -6]]),
    "Where": (ops.Where(), (X > 0, X, 10 * X), [[1, -20, 3], [4, 0, -60]]),
    "PReLU": (ops.PReLU(), (X, A([0.5, 0.25, 2])), [[1, -0.5, 3], [4, 0, -12]]),
    "Sum": (ops.Sum((1,)), (X,), [2, -2]),
    "Sum of all": (ops.Sum(), (X,), 0),
    "Mean": (ops.Mean((0,), True), (X,), [[2.5, -1, -1.5]]),
    "MaxOver": (ops.MaxOver((1,)), (X,), [3, 4]),
    "MinOver": (ops.MinOver((0,), True), (X,), [[1, -2, -6]]),
    "Prod": (ops.Prod((1,)), (X,), [-6, 0]),
    "Norm": (ops.Norm(axis=(1,)), (A([[3.0, -4]]),), [5]),
    "Norm of third powers": (ops.Norm(3, (1,), True), (A([[1.0, -2]]),), [[9 ** (1 / 3)]]),
    "LogSumExp": (ops.LogSumExp((1,)), (LN(A([[1.0, 2, 5]])),), [LN(8)]),
    "CumSum": (ops.CumSum(1), (X,), [[1, -1, 2], [4, 4, -2]]),
    "CumSum, exclusive, from the end": (ops.CumSum(1, True, True), (X,), [[1, 3, 0], [-6, -6, 0]]),
    "Along": (ops.Along(A([[1.0, 1, 0], [0, 0, 2]])), (X,), [[-1, 6], [4, -12]]),
    "Along rows": (ops.Along(A([[0.0, 1], [1, 0], [1, 1]]), 0), (X,), [[4, 0, -6], [1, -2, 3], [5, -2, -3]]),
    "TopK": (ops.TopK(2), (X,), [[3, 1], [4, 0]]),
    "TopK, the smallest": (ops.TopK(1, 0, False), (X,), [[1, -2, -6]]),
    "Take": (ops.Take([2, 0, 0], 1), (X,), [[3, 1, 1], [-6, 4, 4]]),
    "Embedding": (ops.Embedding(), (A([[1, 0, 1]]), X), [[[4, 0, -6], [1, -2, 3], [4, 0, -6]]]),
    "Pad": (ops.Pad((1, 0), (0, 2), value=7), (X[:1, :2],), [[7, 7, 7, 7], [1, -2, 7, 7]]),
    "Expand": (ops.Expand((2, 2, 3)), (X[:, None],), [[X[0]] * 2, [X[1]] * 2]),
    "Transpose": (ops.Transpose((1, 0)), (X,), X.T),
    "Concat": (ops.Concat(1), (X, X[:, :1]), np.hstack([X, X[:, :1]])),
    "Softmax": (ops.Softmax(), (LN(A([[1.0, 2, 5]])),), [[1 / 8, 2 / 8, 5 / 8]]),
    "LogSoftmax": (ops.LogSoftmax(), (LN(A([[1.0, 2, 5]])),), [LN([1 / 8, 2 / 8, 5 / 8])]),
    "Normalise": (ops.Normalise((1,), 0), (A([[1.0, 3], [2, 4]]),), [[-1, 1], [-1, 1]]),
    "Normalise, with eps": (ops.Normalise((1,), 3), (A([[1.0, 3]]),), [[-0.5, 0.5]]),
    "Normalise, as it is": (ops.Normalise((1,)), (A([[1.0, 3]]),), A([[-1, 1]]) / np.sqrt(1 + 1e-5)),
    "Normalise, not centred": (ops.Normalise((1,), 2, False), (A([[3.0, 5]]),), A([[3, 5]]) / np.sqrt(19)),
    "MaxPool": (ops.MaxPool(2), (GRID,), [[[[6, 8]]]]),
    "AvgPool": (ops.AvgPool(2, 1), (GRID,), [[[[3.5, 4.5, 5.5], [7.5, 8.5, 9.5]]]]),
    "LpPool": (ops.LpPool(2, (1, 2)), (A([[[[3.0, -4, 0, 2]]]]),), [[[[5, 2]]]]),
    "GlobalAvgPool": (ops.GlobalAvgPool(), (GRID,), [[6.5]]),
    "Conv": (ops.Conv(2), (GRID, A([[[[1.0, 2], [0, -1]]]]), A([0.5])),
             [[[[1 + 4 - 6 + 0.5, 3 + 8 - 8 + 0.5]]]]),
    "Conv, padded": (ops.Conv(pad=((1, 0), (0, 1))), (GRID[..., :1, :2], A([[[[1.0, 2], [3, 4]]]])),
                     [[[[3 * 1 + 4 * 2, 3 * 2]]]]),
    "ConvTranspose": (ops.ConvTranspose(2), (A([[[[1.0, 2]]]]), A([[[[1.0, 10, 100]]]])),
                      [[[[1, 10, 102, 20, 200]]]]),
    "BatchNorm": (ops.BatchNorm(3), (X, A([2.0, 1, 1]), A([0.0, 1, 0]), A([1.0, 0, 0]), A([1.0, 6, 1])),
                  [[0, -2 / 3 + 1, 1.5], [3, 1, -3]]),
    "BatchNorm, in training": (ops.BatchNormTraining(0), (X, A([2.0, 1, 1]), A([0.0, 1, 0])),
                               [[-2, 0, 1], [2, 2, -1]]),
    # k + alpha/n of the squares of each channel and the one in front of it, 1, 1 + 4, 4 + 9
    "LocalResponseNorm": (ops.LocalResponseNorm(2, 2.0, 0.5, 3.0), (A([1.0, 2, 3]).reshape(1, 3, 1, 1),),
                          A([1 / 2, 2 / 8**0.5, 3 / 4]).reshape(1, 3, 1, 1)),
    "CrossEntropy": (ops.CrossEntropy(), (LN(A([[1.0, 2, 5], [1, 1, 2]])), A([2, 0])),
                     (LN(8 / 5) + LN(4)) / 2),
    "CrossEntropy, smoothed": (ops.CrossEntropy(0.3), (LN(A([[1.0, 2, 5]])), A([2])),
                               0.8 * LN(8 / 5) + 0.1 * LN(4) + 0.1 * LN(8)),
    "CrossEntropy of shares": (ops.CrossEntropy(), (LN(A([[1.0, 3]])), A([[0.5, 1]])),
                               0.5 * LN(4) + LN(4 / 3)),
    "SigmoidCrossEntropy": (ops.SigmoidCrossEntropy(),
                            (LN(A([[3.0, 1, 1 / 3], [1, 1, 1]])), A([[1, 0, 1], [0, 0, 1]])),
                            (LN(4 / 3) + LN(2) + LN(4) + 3 * LN(2)) / 2),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_the_value_of_an_operation(name):
    op, inputs, expected = VALUES[name]
    before = [a.copy() for a in inputs]
    np.testing.assert_allclose(op(*inputs), expected, rtol=1e-9, atol=1e-12)
    assert all(np.array_equal(a, b) for a, b in zip(inputs, before))


def test_dropout_scales_what_it_keeps():
    random = lambda: np.random.default_rng(3)  # noqa: E731
    drawn = random().random((4, 5), dtype=np.float32)
    x = Tensor(np.full((4, 5), 3.0), "x")
    y = ops.Dropout(0.25, random())(x)
    assert np.array_equal(y.data, np.where(drawn >= 0.25, 4, 0)) and 0 < (y.data == 0).sum() < 20
    assert np.array_equal(backward(y, np.ones((4, 5)), wrt=x), y.data / 3)
    for p in (-0.1, 1):
        with pytest.raises(GraphError, match="dropout drops with a probability from 0 to below 1"):
            ops.Dropout(p)
    assert np.array_equal(ops.Dropout(0)(x).data, x.data)


def test_what_a_batch_was_is_kept():
    op = ops.BatchNormTraining()
    op(np.arange(24.0).reshape(2, 3, 2, 2), np.ones(3), np.zeros(3))
    assert op.count == 8 and op.mean.tolist() == [7.5, 11.5, 15.5] and op.var.tolist() == [37.25] * 3
    assert op.eps == ops.BatchNorm().eps == 1e-5


# --- windows


def test_how_many_windows_fit():
    for how, n in (
        ((7, 3, 2), 3), ((8, 3, 2), 3), ((5, 2, 2, (1, 1)), 3), ((9, 3, 1, (0, 0), 2), 5),
        ((9, 3, 2, (1, 0), 2), 3),
        ((8, 3, 2, (0, 0), 1, True), 4), ((4, 2, 3, (0, 0), 1, True), 2), ((7, 3, 2, (0, 0), 1, True), 3),
        ((3, 1, 3, (0, 0), 1, True), 1), ((3, 1, 3, (1, 0), 1, True), 2),  # begins behind the end; inside it
    ):  # fmt: skip
        assert out_size(*how) == n
    with pytest.raises(GraphError, match="a window of 5 does not fit into 3 pixels"):
        out_size(3, 3, dilation=2, pad=(1, 0))
    with pytest.raises(GraphError, match=r"padding \(2, 0\) leaves a window of 2 nothing to see"):
        pooled_size(9, 2, 1, (2, 0))
    assert pooled_size(9, 2, 1, (1, 0)) == 9


def test_padding_for_windows_and_what_a_tap_sees():
    x = np.arange(6.0).reshape(1, 1, 2, 3)
    wide = pad_to_fit(x, (2, 2), (1, 2), ((1, 0), (0, 1)), (1, 1), (2, 2))
    assert wide[0, 0].tolist() == [[0, 0, 0, 0], [0, 1, 2, 0], [3, 4, 5, 0]]
    assert pad_to_fit(x, (1, 2), (1, 1), ((0, 0),) * 2, (1, 1), (1, 1), 9)[0, 0].tolist() == [[0, 1]]
    assert pad_to_fit(x, (1, 2), (1, 1), ((0, 0),) * 2, (1, 3), (2, 1), 9)[0, 0].tolist() == [
        [0, 1, 2, 9],
        [3, 4, 5, 9],
    ]
    seen = [(*tap, index[1:]) for *tap, index in taps((1, 2), (2, 1), (1, 2), (2, 3))]
    assert seen == [(0, 0, np.s_[0:3:2, 0:3:1]), (0, 1, np.s_[0:3:2, 2:5:1])]
    g = np.arange(20.0).reshape(4, 5)
    assert cut_padding(g, (2, 3), ((1, 1), (1, 1))).tolist() == [[6, 7, 8], [11, 12, 13]]
    assert cut_padding(g[:2, :2], (2, 3), ((1, 0), (0, 0))).tolist() == [[5, 6, 0], [0, 0, 0]]


def test_other_values_pass_through_what_came_behind():
    x = Tensor(np.array([[1.0, 2], [3, 4]]), "x")
    A = ops.ReLU()(x, name="A")
    beside = ops.Mul()(x, np.array(10.0))
    y = ops.Reshape((2, 2))(ops.Add()(ops.Mul()(A, A), beside), name="y")
    values = np.array([[1.0, 0], [0, 1], [2, 0], [0, 2]])  # two batches of the same two pictures
    assert replay(y, A, values).tolist() == [[11, 20], [30, 41], [14, 20], [30, 44]]
    assert replay(y, A, A.data).tolist() == y.data.tolist() and replay(A, A, values) is values
    with pytest.raises(GraphError, match="A does not depend on y"):
        replay(A, y, y.data)


def test_a_divisor_moves_what_is_left_by_how_often_it_went_in():
    x, z = np.array([7.0, -7, 9]), np.array([4.0, 4, -4])
    for truncated, went_in in ((False, [1, -2, -3]), (True, [1, -1, -2])):
        op = ops.Remainder(truncated=truncated)
        op.forward(x, z)
        assert op.gz(np.full(3, 10.0)).tolist() == [-10 * n for n in went_in]
