"""Which unit leads to which: numbered arrays, windows cut by slicing, and pairs written by hand."""

import numpy as np
import pytest

from gradcam.explore import ExploreError
from gradcam.explore.units import is_plain, origin, seeing, seen, switch, switched, value_at, weights_of
from minicnn import Tensor
from minicnn.ops import Concat, Conv, Flatten, Linear, MaxPool

GEOMETRIES = [  # kernel, stride, pad, dilation
    ((2, 3), (2, 3), (1, 2), (3, 2)),
    ((3, 3), (1, 1), (1, 1), (1, 1)),
    ((3, 2), (3, 1), (2, 0), (1, 4)),
    ((1, 2), (2, 2), (0, 1), (1, 1)),
]


def numbered(*shape):
    return np.arange(1.0, np.prod(shape) + 1).reshape(shape)


def convolved(kernel, stride, pad, dilation, size=(7, 9)):
    x, W = numbered(1, 2, *size), numbered(3, 2, *kernel)
    op = Conv(stride, pad, dilation)
    y = op(Tensor(x, "x"), Tensor(W, "W"), Tensor(np.zeros(3), "b"))
    return op, W, x[0], y.data[0]


def test_taps_of_a_convolution_by_hand():
    op, W, x, y = convolved(*GEOMETRIES[0], size=(5, 8))
    assert y.shape == (3, 2, 3)
    # row 2 i + 3 a - 1, column 3 j + 2 b - 2
    assert [*seen(op, W, x, 0, 0)] == [(1, 1, 2, 0), (1, 2, 2, 2)]
    assert [*seen(op, W, x, 1, 2)] == [(0, 0, 1, 4), (0, 1, 1, 6), (1, 0, 4, 4), (1, 1, 4, 6)]
    assert [*seeing(op, W, y, 2, 0)] == [(1, 1, 0, 0)]
    assert [*seeing(op, W, y, 1, 4)] == [(0, 0, 1, 2)] and [*seeing(op, W, y, 0, 4)] == []
    assert [*seeing(op, W, y, 4, 1)] == [(1, 0, 1, 1)]


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_taps_are_those_of_the_padded_windows_in_both_directions(geometry):
    op, W, x, y = convolved(*geometry)
    (kh, kw), (si, sj), (pi, pj), (di, dj) = geometry
    padded = np.pad(numbered(*x.shape[1:]), ((pi, pi), (pj, pj))).astype(int)
    pairs = []
    for i, j in np.ndindex(y.shape[1:]):
        rows = slice(i * si, i * si + di * (kh - 1) + 1, di)
        window = padded[rows, j * sj : j * sj + dj * (kw - 1) + 1 : dj]
        taps = [(int(a), int(b), *divmod(int(window[a, b]) - 1, x.shape[2])) for a, b in np.argwhere(window)]
        assert [*seen(op, W, x, i, j)] == taps
        pairs += [((a, b, i, j), (r, q)) for a, b, r, q in taps]
    for r, q in np.ndindex(x.shape[1:]):
        assert sorted(seeing(op, W, y, r, q)) == sorted(above for above, place in pairs if place == (r, q))


def test_a_linear_layer_is_a_convolution_of_one_tap():
    W, b = numbered(2, 3), np.array([7.0, 8.0])
    op = Linear()
    op(Tensor(np.ones((1, 3))), Tensor(W), Tensor(b))
    filters, bias = weights_of(op)
    assert filters.shape == (2, 3, 1, 1) and filters[1, 0, 0, 0] == 4 and bias.tolist() == [7, 8]
    x, y = np.ones((3, 1, 1)), np.ones((2, 1, 1))
    assert [*seen(op, filters, x, 0, 0)] == [*seeing(op, filters, y, 0, 0)] == [(0, 0, 0, 0)]
    assert is_plain(op)


def test_weights_may_be_arrays_and_the_bias_may_be_missing():
    op, W = Conv(), numbered(2, 3, 1, 2)
    op(Tensor(np.ones((1, 3, 2, 2))), W)
    assert weights_of(op)[0] is W and weights_of(op)[1] is None
    op = Conv()
    op(Tensor(np.ones((1, 3, 2, 2))), W, None)
    assert weights_of(op)[1] is None


def test_a_unit_of_a_grouped_convolution_or_of_another_number_of_axes_does_not_see_all_maps():
    grouped, long, plain = Conv(groups=2), Conv(), Conv()
    grouped(Tensor(np.ones((1, 2, 3, 3))), Tensor(np.ones((2, 1, 1, 1))))
    long(Tensor(np.ones((1, 2, 5))), Tensor(np.ones((3, 2, 2))))
    plain(Tensor(np.ones((1, 2, 3, 3))), Tensor(np.ones((3, 2, 1, 1))))
    assert [is_plain(op) for op in (grouped, long, plain)] == [False, False, True]


def test_a_value_is_found_in_maps_and_in_a_row():
    assert value_at(numbered(1, 2, 3, 4), (1, 2, 3)) == 24 and value_at(numbered(1, 2, 3, 4), (1, 0, 2)) == 15
    assert value_at(numbered(1, 5), (3, 0, 0)) == 4


@pytest.mark.parametrize("kernel, stride, pad, dilation", [
    ((2, 3), (2, 1), (0, 1), (1, 2)), ((3, 2), (1, 2), (1, 0), (2, 1)), ((2, 2), (2, 2), (1, 1), (1, 1)),
])  # fmt: skip
def test_a_switch_leads_to_the_largest_of_its_window(kernel, stride, pad, dilation):
    x = np.random.default_rng(3).permutation(2 * 6 * 9).reshape(1, 2, 6, 9).astype(float)
    pool = MaxPool(kernel, stride, pad, dilation=dilation)
    tensors = {"x": Tensor(x, "x")}
    tensors["pool"] = y = pool(tensors["x"])
    for k in (0, 1):
        times = np.zeros((6, 9), int)
        for i, j in np.ndindex(y.shape[2:]):
            at = switch(pool, (k, i, j))
            assert x[(0, k, *at)] == y.data[0, k, i, j]
            times[at] += 1
        below, counted = switched(tensors, "pool", k)
        assert below == "x" and counted.dtype == np.int8 and np.array_equal(counted, times)
    assert not np.array_equal(times, switched(tensors, "pool", 0)[1]), "the maps differ"


def test_only_a_max_pool_over_rows_and_columns_has_switches_and_only_of_its_own_maps():
    x = Tensor(numbered(1, 3, 4, 4), "x")
    tensors = {"x": x, "pool": MaxPool(2)(x), "conv": Conv()(x, Tensor(np.ones((1, 3, 1, 1))))}
    tensors["line"] = MaxPool((2,))(x)
    assert switched(tensors, "pool", 2)[1].sum() == 4
    for k in (-1, 3):
        with pytest.raises(ExploreError, match=f"'pool' has no map {k}"):
            switched(tensors, "pool", k)
    for name in ("x", "conv", "line", "nothing", 7):
        with pytest.raises(ExploreError, match=f"'{name}' is no max-pool"):
            switched(tensors, name, 0)


def test_a_flattened_number_is_a_copy_of_its_unit():
    x = Tensor(numbered(1, 2, 3, 4), "x")
    op = Flatten()
    y = op(x)
    for k in range(24):
        source, unit = origin(op, [x], x.data[0], (k, 0, 0))
        assert source is x and x.data[(0, *unit)] == y.data[0, k]


def test_a_joined_map_is_a_copy_of_one_of_its_source():
    sources = [Tensor(numbered(1, C, 2, 3) + 100 * C, f"{C}") for C in (2, 3, 1)]
    op = Concat()
    y = op(*sources)
    for unit in np.ndindex(6, 2, 3):
        source, (k, i, j) = origin(op, sources, sources[0].data[0], unit)
        assert source is sources[(0, 0, 1, 1, 1, 2)[unit[0]]] and (i, j) == unit[1:]
        assert source.data[0, k, i, j] == y.data[(0, *unit)]
