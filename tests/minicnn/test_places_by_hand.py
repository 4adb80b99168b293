"""Where the places of each operation's output lie: axes, sizes and reaches written out by hand."""

import numpy as np
import pytest

from minicnn import Tensor, ops
from minicnn.places import Maps, _groups, maps_in

INF = np.inf
ONES = ((1, 1), (1, 1))


def start(*shape):
    return Tensor(np.ones(shape), "x")


def windowed(x, op, kernel, F=4):
    """A convolution of `kernel` taps, F maps."""
    return op(x, Tensor(np.ones((F, x.shape[1], *kernel)), "W"))


X = start(2, 3, 6, 8)
CONV = windowed(
    X, ops.Conv((2, 1), (1, 3), (1, 3)), (3, 2)
)  # rows: 3 taps, 2 further; columns: 2 taps, 3 apart
TOKENS = ops.Transpose((0, 2, 1))(ops.Reshape((2, 3, 48))(X))


def told(y, x=X):
    return maps_in(y, x).get(y)


def test_what_is_known_of_maps():
    plain = Maps(1, (2, 3), (6, 8), ONES)
    assert plain.plain and plain.whole and not plain.tokens and plain.count == 48
    assert plain.fits((2, 9, 6, 8)) and not plain.fits((2, 9, 8, 6)) and not plain.fits((2, 9, 6))
    last, split = Maps(3, (1, 2), (6, 8), ONES), Maps(None, (2, 3), (6, 8), ONES)
    assert not last.plain and last.whole and not split.plain and not split.whole
    tokens = Maps(2, (1,), (6, 8), ONES, before=1, behind=3)
    assert tokens.tokens and not tokens.plain and tokens.whole and tokens.count == 52
    assert tokens.fits((2, 52, 7)) and not tokens.fits((2, 48, 7))
    rows = Maps(1, (0,), (6, 8), ONES, rows=2)
    assert rows.fits((96, 3)) and not rows.fits((48, 3)) and not rows.whole and not rows.plain
    line = Maps(1, (2,), (6,), ONES[:1], rows=2)
    assert not line.tokens and not line.plain and line.fits((1, 3, 12))
    assert maps_in(start(2, 3), start(2, 3)) == {}
    x = start(2, 3, 5)
    assert maps_in(x, x) == {x: Maps(1, (2,), (5,), ((1, 1),))}


def test_windows():
    assert told(CONV) == Maps(1, (2, 3), CONV.shape[2:], ((3, 2), (4, 1)))
    pool = ops.MaxPool((2, 3), (1, 2), dilation=(1, 2))(CONV)
    assert told(pool).reach == ((3 + 1 * 2, 2), (4 + 2 * 2 * 1, 2)) and told(pool).sizes == pool.shape[2:]
    up = ops.ConvTranspose(stride=(2, 3), dilation=(1, 2))(CONV, Tensor(np.ones((4, 2, 3, 4))))
    # rows: 3 taps span 3, of stride 2: at most 2 places; columns: 4 taps span 7, of stride 3: at most 3
    assert told(up).reach == ((3 + 1 * 2, 2 / 2), (4 + 2 * 1, 1 / 3)) and told(up).sizes == up.shape[2:]


def test_windows_over_what_has_lost_its_places_or_has_them_elsewhere():
    lost = ops.Mean((2,), keepdims=True)(X)
    assert told(lost) is None
    for slid in (windowed(lost, ops.Conv(), (1, 3)), ops.MaxPool((1, 2))(lost)):
        assert told(slid) == Maps(1, (2, 3), slid.shape[2:], (None, None))
    last = ops.Transpose((0, 2, 3, 1))(X)  # a window over columns and maps
    for slid in (windowed(last, ops.Conv(), (1, 3)), ops.AvgPool((1, 2))(last)):
        assert told(slid).reach == (None, None)
    assert told(ops.ConvTranspose()(last, Tensor(np.ones((6, 2, 1, 1))))).reach == (None, None)
    row = start(2, 3)
    assert maps_in(ops.ReLU()(row), row) == {}
    further = windowed(windowed(lost, ops.Conv(), (1, 3)), ops.Conv(2), (1, 2))
    assert told(further).reach == (None, None)


def test_axes_in_another_order():
    assert told(ops.Transpose((0, 2, 3, 1))(CONV)) == Maps(3, (1, 2), CONV.shape[2:], ((3, 2), (4, 1)))
    h, w = CONV.shape[2:]
    assert h != w
    assert told(ops.Transpose((0, 1, 3, 2))(CONV)) == Maps(1, (2, 3), (w, h), ((4, 1), (3, 2)))
    assert told(ops.Transpose((0, 3, 1, 2))(CONV)) == Maps(2, (1, 3), (w, h), ((4, 1), (3, 2)))
    assert told(TOKENS) == Maps(2, (1,), (6, 8), ONES)


def test_axes_that_become_one_and_several():
    assert told(ops.Reshape((2, 3, 48))(X)) == Maps(1, (2,), (6, 8), ONES)
    assert told(ops.Reshape((2, 3, 6, 8))(ops.Reshape((2, 3, 48))(X))) == Maps(1, (2, 3), (6, 8), ONES)
    assert told(ops.Reshape((2, 6, 8, 3))(TOKENS)) == Maps(3, (1, 2), (6, 8), ONES)
    assert told(ops.Reshape((2, 8, 6, 3))(TOKENS)) is None
    rows = ops.Reshape((96, 3))(TOKENS)
    assert told(rows) == Maps(1, (0,), (6, 8), ONES, rows=2)
    assert told(ops.Reshape((2, 48, 3))(rows)) == Maps(2, (1,), (6, 8), ONES)
    assert told(ops.Reshape((2, 6, 8, 3))(rows)) == Maps(3, (1, 2), (6, 8), ONES)
    for wrong in ((2, 8, 6, 3), (4, 24, 3), (2, 24, 2, 3)):
        assert told(ops.Reshape(wrong)(rows)) is None


def test_heads_of_attention_split_the_maps_and_join_them():
    wide = ops.MatMul()(TOKENS, Tensor(np.ones((3, 12)), "W"))
    assert told(wide) == Maps(2, (1,), (6, 8), ONES)
    heads = ops.Reshape((2, 48, 3, 4))(wide)
    assert told(heads) == Maps(None, (1,), (6, 8), ONES)
    assert told(ops.Reshape((2, 48, 12))(heads)) == Maps(2, (1,), (6, 8), ONES)


def test_patches_are_a_place_each():
    cut = ops.Reshape((2, 3, 2, 3, 4, 2))(X)  # 3 x 2 pixels
    assert told(cut) == Maps(1, (2, 4), (2, 4), ((3, 3), (2, 2)))
    assert told(ops.Reshape((2, 3, 6, 1, 8))(X)) is None
    wide = windowed(X, ops.Conv(pad=(0, 1)), (1, 3))
    assert told(ops.Reshape((2, 4, 6, 2, 4))(wide)) == Maps(1, (2, 3), (6, 2), ((1, 1), (3 + 3, 4)))
    coarse = windowed(X, ops.Conv(2), (2, 2))  # (2, 4, 3, 4)
    assert told(coarse).reach == ((2, 2), (2, 2))
    assert told(ops.Reshape((2, 4, 3, 2, 2))(coarse)) == Maps(1, (2, 3), (3, 2), ((2, 2), (2 + 2, 4)))


@pytest.mark.parametrize("before, after, groups", [
    ((2, 3, 6, 8), (2, 18, 8), [((0,), (0,)), ((1, 2), (1,)), ((3,), (2,))]),
    ((4, 6), (2, 2, 6), [((0,), (0, 1)), ((1,), (2,))]),
    ((2, 6, 5), (3, 4, 5), [((0, 1), (0, 1)), ((2,), (2,))]),
    ((6, 4), (4, 6), [((0, 1), (0, 1))]),
    ((2, 3), (2,), [((0,), (0,))]), ((2, 3), (4,), []), ((4,), (2, 3), []), ((2,), (4,), []),
])  # fmt: skip
def test_which_axes_hold_the_same_values(before, after, groups):
    assert _groups(before, after) == groups


def test_tokens_before_and_behind():
    token = lambda n: Tensor(np.ones((2, n, 3)), "token")  # noqa: E731
    one = ops.Concat(1)(token(1), TOKENS)
    assert told(one) == Maps(2, (1,), (6, 8), ONES, before=1)
    more = ops.Concat(-2)(token(2), one, token(3), token(4))
    assert told(more) == Maps(2, (1,), (6, 8), ONES, before=3, behind=7)
    assert told(ops.Slice(slice(None), slice(3, 51))(more)) == Maps(2, (1,), (6, 8), ONES)
    assert told(ops.Slice(slice(None), slice(3, 50))(more)) is None
    assert told(ops.Slice(slice(None), 0)(more)) is None
    assert told(ops.Concat(1)(TOKENS, TOKENS)) is None
    assert told(ops.Slice(slice(None), slice(None), slice(1))(more)).before == 3
    assert told(ops.Pad((0, 0), (1, 0), (0, 0))(TOKENS)) is None


def test_maps_side_by_side_see_what_the_wider_one_sees():
    tall = windowed(X, ops.Conv(pad=(2, 0)), (5, 1))
    wide = windowed(X, ops.Conv(pad=(0, 1)), (1, 3))
    for op in (ops.Concat(1), ops.Add(), ops.Maximum()):
        assert told(op(tall, wide)) == Maps(1, (2, 3), (6, 8), ((5, 1), (3, 1)))
    assert told(ops.Concat(2)(tall, wide)) is None
    gate = ops.Mean((2, 3), keepdims=True)(X)
    assert told(gate) is None, "it has no places"
    assert told(ops.Mul()(X, gate)) == Maps(1, (2, 3), (6, 8), ((INF, 1), (INF, 1)))
    assert told(ops.ReLU()(gate)) is None
    everywhere = ops.Mul()(gate, Tensor(np.ones((2, 3, 6, 8))))
    assert told(ops.Concat(1)(X, everywhere)) == Maps(1, (2, 3), (6, 8), ((INF, 1), (INF, 1)))
    lost = ops.Reshape((2, 3, 6, 8))(ops.CumSum(1)(ops.Reshape((2, 144))(X)))
    assert told(lost) is None
    assert told(ops.Add()(X, lost)) == Maps(1, (2, 3), (6, 8), (None, None))
    assert told(ops.Concat(1)(X, lost)) is None


def test_a_part_of_a_tensor():
    part = ops.Slice(slice(None), slice(None), slice(None, None, 2), slice(1, 7))(X)
    assert told(part) == Maps(1, (2, 3), (3, 6), ((1, 2), (1, 1)))
    assert told(ops.Slice(slice(None), slice(1))(X)) == Maps(1, (2, 3), (6, 8), ONES)
    assert told(ops.Slice(slice(None), 0)(X)) is None
    wide = ops.Pad((0, 0), (0, 0), (1, 2), (3, 0))(CONV)
    assert told(wide) == Maps(1, (2, 3), wide.shape[2:], ((3, 2), (4, 1)))


def test_a_resize_along_one_axis():
    M = np.zeros((12, 6))
    M[np.arange(12), np.arange(12) // 2] = M[np.arange(12), np.minimum(np.arange(12) // 2 + 1, 5)] = 0.5
    y = ops.Along(M, -2)(X)
    assert told(y) == Maps(1, (2, 3), (12, 8), ((2, 0.5), (1, 1)))
    y = ops.Along(np.eye(4)[:, [0, 0, 1, 1, 2, 2, 3, 3]], 3)(X)
    assert told(y) == Maps(1, (2, 3), (6, 4), ((1, 1), (2, 2)))
    mixed = ops.Along(np.ones((7, 3)), 1)(X)
    assert told(mixed) == Maps(1, (2, 3), (6, 8), ONES)


def test_what_is_left_of_places_behind_a_mean():
    assert told(ops.Mean((1,))(X)) == Maps(None, (1, 2), (6, 8), ONES)
    assert told(ops.Mean((1,), keepdims=True)(X)) == Maps(1, (2, 3), (6, 8), ONES)
    for some in ((2,), (3,), (0,), (0, 1)):
        assert told(ops.Mean(some)(X)) is None
    last = ops.Transpose((0, 2, 3, 1))(X)
    assert told(ops.Mean((3,))(last)) == Maps(None, (1, 2), (6, 8), ONES)
    wide = ops.Reshape((2, 3, 1, 6, 8))(X)
    assert told(ops.Mean((2, 3, 4))(wide)) is None
    assert told(ops.GlobalAvgPool()(X)) is None


def test_a_product_of_matrices_over_places_mixes_them_all():
    assert told(ops.MatMul()(TOKENS, Tensor(np.ones((3, 3))))).reach == ONES
    turned = ops.Transpose((0, 2, 1))(TOKENS)  # (2, 3, 48)
    assert told(ops.MatMul()(turned, Tensor(np.ones((48, 48))))).reach == ((INF, 1), (INF, 1))
    scores = ops.MatMul()(TOKENS, turned)  # (2, 48, 48)
    assert told(scores).reach == ((INF, 1), (INF, 1))
