"""The three ways to bring a map to the picture's size, against PyTorch and OpenCV."""

import numpy as np
import pytest

from gradcam import upsample
from gradcam.interpolation import WAYS, interpolation
from tests.support.compare import assert_close, relative

SIZES = [((7, 7), (224, 224)), ((13, 13), (227, 227)), ((5, 9), (31, 17)), ((1, 4), (6, 6))]


def random_map(size):
    return np.random.default_rng(0).standard_normal((2, 3, *size))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool])
@pytest.mark.parametrize("how", ["half_pixel", "corner_aligned", "nearest"])
def test_a_map_of_whole_numbers_has_shares_too(dtype, how):
    numbers = np.random.default_rng(1).integers(0, 2 if dtype is bool else 200, (3, 5, 4))
    found = upsample(numbers.astype(dtype), (11, 13), how)
    assert found.dtype.kind == "f" and 0 < found.mean() < numbers.max()
    assert_close(found, upsample(numbers.astype(float), (11, 13), how), 1e-6)


@pytest.mark.torch
@pytest.mark.parametrize("size, to", SIZES)
@pytest.mark.parametrize("ours, theirs", [
    ("half_pixel", {"mode": "bilinear", "align_corners": False}),
    ("corner_aligned", {"mode": "bilinear", "align_corners": True}),
    ("nearest", {"mode": "nearest"}),
])  # fmt: skip
def test_torch(size, to, ours, theirs):
    import torch

    expected = torch.nn.functional.interpolate(torch.from_numpy(random_map(size)), size=to, **theirs).numpy()
    assert_close(upsample(random_map(size), to, ours), expected)


def test_opencv():
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")
    map = random_map((7, 7))[0, 0]
    assert_close(upsample(map, (224, 160)), cv2.resize(map, (160, 224), interpolation=cv2.INTER_LINEAR), 1e-6)


def test_the_ways_differ_and_keep_what_they_must():
    map = random_map((7, 7))
    half, corner, nearest = (
        upsample(map, (224, 224), how) for how in ("half_pixel", "corner_aligned", "nearest")
    )
    assert relative(corner, half) > 0.05 and relative(nearest, half) > 0.05
    assert_close(nearest[..., 16::32, 16::32], map)
    assert_close(corner[..., ::223, ::223], map[..., ::6, ::6])
    assert upsample(map.astype(np.float32), (14, 14)).dtype == np.float32
    with pytest.raises(
        ValueError, match="upsampling is one of half_pixel, corner_aligned, nearest, not 'cubic'"
    ):
        upsample(map, (9, 9), "cubic")


@pytest.mark.parametrize("how, n, N, rows", [
    ("half_pixel", 2, 4, [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]),
    ("half_pixel", 4, 2, [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]),
    ("half_pixel", 3, 3, [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    ("corner_aligned", 2, 5, [[1, 0], [0.75, 0.25], [0.5, 0.5], [0.25, 0.75], [0, 1]]),
    ("corner_aligned", 3, 1, [[1, 0, 0]]),
    ("corner_aligned", 3, 2, [[1, 0, 0], [0, 0, 1]]),
    ("nearest", 2, 5, [[1, 0], [1, 0], [1, 0], [0, 1], [0, 1]]),
    ("nearest", 1, 2, [[1], [1]]),
])  # fmt: skip
def test_shares_of_the_old_values(how, n, N, rows):
    assert interpolation(n, N, how).tolist() == rows


def test_each_axis_has_its_own_size():
    map = np.arange(6.0).reshape(1, 2, 3)
    rows, columns = interpolation(2, 4, "half_pixel"), interpolation(3, 5, "half_pixel")
    np.testing.assert_allclose(upsample(map, (4, 5))[0], rows @ map[0] @ columns.T)
    np.testing.assert_allclose(upsample(map, (5,))[0], map[0] @ columns.T)
    deep = np.random.default_rng(0).random((2, 3, 2, 3))
    depth = interpolation(3, 7, "half_pixel")
    expected = np.einsum("dz,hy,wx,nzyx->ndhw", depth, rows, columns, deep)
    np.testing.assert_allclose(upsample(deep, (7, 4, 5)), expected, rtol=1e-12)


@pytest.mark.parametrize(("n", "N", "how", "rows"), [
    (2, 4, "half_pixel", [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]),
    (4, 2, "half_pixel", [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]),
    (3, 5, "corner_aligned", [[1, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 0.5, 0.5], [0, 0, 1]]),
    (4, 1, "corner_aligned", [[1, 0, 0, 0]]), (1, 2, "corner_aligned", [[1], [1]]),
    (3, 7, "nearest", np.eye(3)[[0, 0, 0, 1, 1, 2, 2]]), (1, 3, "half_pixel", [[1]] * 3),
])  # fmt: skip
def test_the_shares_of_old_values_in_new_ones(n, N, how, rows):
    assert np.array_equal(interpolation(n, N, how), rows)


@pytest.mark.parametrize("how", WAYS)
def test_one_axis_two_or_three_each_by_its_own_matrix(how):
    volume = np.random.default_rng(0).standard_normal((2, 3, 4, 5, 6))
    D, H, W = (interpolation(n, N, how) for n, N in ((4, 7), (5, 3), (6, 9)))
    three = np.einsum("abdhw,Dd,Hh,Ww->abDHW", volume, D, H, W)
    assert_close(upsample(volume, (7, 3, 9), how), three)
    assert_close(upsample(volume, (3, 9), how), np.einsum("abdhw,Hh,Ww->abdHW", volume, H, W))
    assert_close(upsample(volume[0, 0, 0, 0], (9,), how), W @ volume[0, 0, 0, 0])
