"""Flat areas: windows that see the same numbers have the same output, whatever computes the convolution, and
so ties stay ties."""

import numpy as np
import pytest

from minicnn import Conv, MaxPool, Tensor, backward
from minicnn.convolution import Geometry, taps
from minicnn.convolution.ties import settle_ties

random = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def drawn_anew(monkeypatch):
    """Each test draws the same, whichever ran before it."""
    monkeypatch.setitem(globals(), "random", np.random.default_rng(5))


def picture(C, side, flat, dtype=np.float32):
    """Noise with a flat rectangle: (1, C, side, side), other values in each channel."""
    x = random.standard_normal((1, C, side, side)).astype(dtype)
    x[(..., *flat)] = random.standard_normal((C, 1, 1)).astype(dtype)
    return x


def outputs(x, W, precision="fast", **geometry):
    return Conv(**geometry, precision=precision).forward(x, W, np.full(len(W), 0.1, x.dtype))


GEOMETRIES = {
    "winograd": (16, 3, {"pad": 1}),
    "im2col": (3, 3, {"pad": 1}),
    "strided": (3, 7, {"stride": 2}),
    "one by one": (16, 1, {}),
    "dilated": (16, 3, {"dilation": 2}),
    "groups": (16, 3, {"groups": 4, "pad": 1}),
}


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", GEOMETRIES)
def test_a_flat_area_has_one_output(name, dtype, channels_last):
    C, kernel, geometry = GEOMETRIES[name]
    x = picture(C, 48, np.s_[8:40, 5:33], dtype)
    if channels_last:
        x = x.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2)
    W = random.standard_normal((32, C // geometry.get("groups", 1), kernel, kernel)).astype(dtype)
    y = outputs(x, W, **geometry)
    stride, pad = geometry.get("stride", 1), geometry.get("pad", 0)
    reach = geometry.get("dilation", 1) * (kernel - 1)
    rows, columns = (
        slice(-(-(first + pad) // stride), (last - 1 - reach + pad) // stride + 1)
        for first, last in ((8, 40), (5, 33))
    )
    flat = y[..., rows, columns]
    assert flat.shape[-1] >= 8 and (flat == flat[..., :1, :1]).all()
    exact = taps.forward(x.astype(np.float64), W.astype(np.float64), Geometry(**geometry), np.full(32, 0.1))
    assert abs(y - exact).max() <= (1e-4 if dtype == np.float32 else 1e-12)


def test_along_a_border_windows_are_alike_in_one_direction():
    """In the first column a window sees the padding: it is like those above and below it, not like its right
    neighbour."""
    x = picture(16, 40, np.s_[:, :])
    y = outputs(x, random.standard_normal((16, 16, 3, 3)).astype(np.float32), pad=1)
    assert (y[:, :, 1:-1, 0] == y[:, :, 1:2, 0]).all() and (y[:, :, 0, 1:-1] == y[:, :, 0, 1:2]).all()
    assert (y[:, :, 1:-1, 1:-1] == y[:, :, 1:2, 1:2]).all()
    assert not np.array_equal(y[:, :, 5, 0], y[:, :, 5, 1]) and not np.array_equal(
        y[:, :, 0, 0], y[:, :, 0, 1]
    )


def test_an_area_of_any_shape_has_one_output():
    x = picture(16, 40, np.s_[:, :])
    x[:, :, 10:30, 10:18] = 0.5  # an L
    x[:, :, 24:30, 10:34] = 0.5
    y = np.arange(16 * 40 * 40, dtype=np.float32).reshape(1, 16, 40, 40)
    settle_ties(y, x, (3, 3), Geometry(1, 1))
    area = np.zeros((40, 40), bool)
    area[11:29, 11:17] = area[25:29, 11:33] = True
    inside = y[0][:, area]
    assert (inside == inside[:, :1]).all() and inside[0, 0] == 11 * 40 + 11
    assert np.unique(y[0, 0]).size > 2


def test_where_no_windows_are_alike_nothing_changes():
    x = random.standard_normal((2, 16, 20, 20)).astype(np.float32)
    y = random.standard_normal((2, 8, 20, 20)).astype(np.float32)
    assert np.array_equal(settle_ties(y.copy(), x, (3, 3), Geometry(1, 1)), y)


def test_pictures_of_a_batch_are_apart():
    x = np.zeros((2, 16, 20, 20), np.float32)
    y = random.standard_normal((2, 8, 20, 20)).astype(np.float32)
    settle_ties(y, x, (1, 1), Geometry())
    assert (y[0] == y[0, :, :1, :1]).all() and (y[1] == y[1, :, :1, :1]).all()
    assert not np.array_equal(y[0], y[1])


def test_the_first_tap_of_a_tied_window_gets_the_signal_behind_winograd():
    x, W = picture(16, 64, np.s_[:, :]), random.standard_normal((16, 16, 3, 3)).astype(np.float32)
    tensor = Tensor(x, "x")
    y = MaxPool(2)(Conv(pad=1)(tensor, W), name="pool")
    assert not y.op.switches[:, :, 1:-1, 1:-1].any()
    double = MaxPool(2)(Conv(pad=1)(Tensor(x.astype(np.float64), "x"), W.astype(np.float64)), name="pool")
    assert np.array_equal(y.op.switches, double.op.switches)
    assert np.any(backward(y, np.ones_like(y.data), wrt=tensor))


def settled_slowly(y, x, kernel, geometry):
    """The same from its definition: neighbours that see the same numbers are one area; its first output is
    everyone's."""
    (N, _, h, w), (down, right), (dh, dw) = y.shape, geometry.stride, geometry.dilation
    padded, y = geometry.padded(x, kernel, (h, w)), y.copy()

    def seen(n, i, j):
        rows, columns = (
            slice(down * i, down * i + dh * kernel[0], dh),
            slice(right * j, right * j + dw * kernel[1], dw),
        )
        return padded[n, :, rows, columns]

    for n in range(N):
        left = {(i, j) for i in range(h) for j in range(w)}
        for at in sorted(left):
            area = [at] if at in left else []
            for i, j in area:
                for near in ((i, j + 1), (i + 1, j), (i, j - 1), (i - 1, j)):
                    if near in left and near not in area and np.array_equal(seen(n, i, j), seen(n, *near)):
                        area.append(near)
            for near in area:
                y[(n, slice(None), *near)] = y[(n, slice(None), *at)]
            left.difference_update(area)
    return y


def test_areas_are_those_of_the_definition():
    """Pictures of few numbers, of any geometry: large areas, small ones, none, and areas in the padding."""
    moved = 0
    for _ in range(120):
        kernel = tuple(int(k) for k in random.integers(1, 4, 2))
        dilation = tuple(int(d) for d in random.integers(1, 3, 2)) if random.random() < 0.2 else 1
        pad = tuple(tuple(int(p) for p in random.integers(0, 4, 2)) for _ in "hw")
        geometry = Geometry(tuple(int(s) for s in random.integers(1, 4, 2)), pad, dilation)
        shape = [int(n) for n in random.integers([1, 1, 5, 5], [3, 5, 13, 13])]
        x = random.integers(0, random.choice([1, 2, 50]), shape).astype(np.float32)
        x[:, :, shape[2] // 3 :, : shape[3] // 2] = 0
        if random.random() < 0.5:
            x = x.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2)
        y = random.standard_normal((shape[0], 3, *geometry.windows(shape[2:], kernel))).astype(np.float32)
        ours = settle_ties(y.copy(), x, kernel, geometry)
        assert np.array_equal(ours, settled_slowly(y, x, kernel, geometry))
        moved += not np.array_equal(ours, y)
    assert 50 < moved < 120
