"""Augmentation: against Pillow, and that each picture keeps to itself."""

import numpy as np
import pytest
from PIL import Image

from minicnn.training.augment import LUMA, crop_and_resize, flip, jitter, random_boxes, to_input
from tests.support.compare import assert_close

RANDOM = np.random.default_rng(7)
PICTURES = RANDOM.integers(0, 256, (5, 24, 32, 3), dtype=np.uint8)
X = to_input(PICTURES)


def whole(x, y0=0, y1=24, x0=0, x1=32):
    return tuple(np.full(len(x), float(v)) for v in (y0, y1, x0, x1))


def test_to_input():
    assert X.dtype == np.float32 and X.shape == (5, 3, 24, 32)
    assert X[1, 2, 3, 4] == np.float32(PICTURES[1, 3, 4, 2]) / 255


@pytest.mark.parametrize("side", [9, 16, 24, 40])
def test_resized_as_pillow_does(side):
    y = crop_and_resize(X, whole(X), side)
    for n, c in np.ndindex(5, 3):
        assert_close(
            y[n, c],
            np.asarray(Image.fromarray(X[n, c]).resize((side, side), Image.Resampling.BILINEAR)),
            1e-6,
        )


def test_a_box_of_whole_pixels_is_cut_out_and_an_exchanged_one_is_mirrored():
    y0, x0 = np.array([0, 3, 4, 8, 2]), np.array([5, 0, 16, 7, 1])
    y = crop_and_resize(X, (y0, y0 + 16, x0, x0 + 16), 16)
    mirrored = crop_and_resize(X, (y0, y0 + 16, x0 + 16, x0), 16)
    for n in range(5):
        np.testing.assert_allclose(y[n], X[n, :, y0[n] : y0[n] + 16, x0[n] : x0[n] + 16], atol=1e-6)
    np.testing.assert_allclose(mirrored, y[..., ::-1], atol=1e-6)


def test_random_boxes_lie_inside_and_have_the_area_asked_for():
    y0, y1, x0, x1 = random_boxes(
        np.random.default_rng(0), 4000, (24, 32), area=(0.3, 0.6), ratio=(0.8, 1.25)
    )
    assert min(y0.min(), x0.min()) >= 0 and y1.max() <= 24 and x1.max() <= 32
    share = (y1 - y0) * (x1 - x0) / (24 * 32)
    assert (
        share.min() >= 0.3 - 1e-9
        and share.max() <= 0.6 + 1e-9
        and share.mean() == pytest.approx(0.45, abs=0.01)
    )
    ratio = (x1 - x0) / 32 / ((y1 - y0) / 24)
    assert (
        ratio.min() >= 0.8 - 1e-9
        and ratio.max() <= 1.25 + 1e-9
        and np.log(ratio).mean() == pytest.approx(0, abs=0.01)
    )


def test_half_of_the_boxes_are_mirrored():
    boxes = random_boxes(np.random.default_rng(0), 4000, (24, 32))
    y0, y1, x0, x1 = flip(np.random.default_rng(1), boxes)
    mirrored = x0 > x1
    assert 0.45 < mirrored.mean() < 0.55
    np.testing.assert_array_equal(np.where(mirrored, (x1, x0), (x0, x1)), boxes[2:])
    np.testing.assert_array_equal((y0, y1), boxes[:2])


def test_jitter_with_nothing_to_change_changes_nothing_and_grey_stays_grey():
    np.testing.assert_allclose(jitter(RANDOM, X, 0, 0, 0), X, atol=1e-6)
    grey = np.repeat(X[:, :1], 3, axis=1)
    y = jitter(RANDOM, grey)
    assert np.ptp(y, axis=1).max() < 1e-6 and np.abs(y - grey).max() > 0.05 and y.min() >= 0 and y.max() <= 1
    assert LUMA.sum() == pytest.approx(1)


def test_jitter_written_out_for_one_picture():
    x = X[:1] * 0.2 + 0.3  # nothing is clipped
    random = np.random.default_rng(3)
    b, c, s = (random.uniform(1 - v, 1 + v) for v in (0.1, 0.2, 0.3))
    grey = 0.299 * x[0, 0] + 0.587 * x[0, 1] + 0.114 * x[0, 2]
    expected = [b * (grey.mean() + c * (grey + s * (x[0, k] - grey) - grey.mean())) for k in range(3)]
    assert_close(jitter(np.random.default_rng(3), x, 0.1, 0.2, 0.3)[0], np.stack(expected), 1e-6)


@pytest.mark.parametrize(
    "change",
    [lambda r, x: jitter(r, x), lambda r, x: crop_and_resize(x, random_boxes(r, len(x), (24, 32)), 16)],
)
def test_the_input_is_not_changed_and_the_seed_decides(change):
    before = X.copy()
    a, b, other = (change(np.random.default_rng(seed), X) for seed in (0, 0, 1))
    np.testing.assert_array_equal(X, before)
    assert a.tobytes() == b.tobytes() != other.tobytes() and a.dtype == np.float32


def test_what_is_drawn_where_nothing_is_said():
    usual, said = (np.random.default_rng(5) for _ in range(2))
    assert np.array_equal(jitter(usual, X), jitter(said, X, brightness=0.3, contrast=0.3, saturation=0.3))
    found = random_boxes(usual, 9, (24, 32))
    assert np.array_equal(found, random_boxes(said, 9, (24, 32), area=(0.35, 1.0), ratio=(3 / 4, 4 / 3)))
    random = np.random.default_rng(8)
    share, shape = random.uniform(0.2, 0.3, 3), np.exp(random.uniform(np.log(0.5), np.log(0.8), 3))
    up, left = random.random(3), random.random(3)
    h, w = np.sqrt(share / shape) * 24, np.sqrt(share * shape) * 32
    expected = up * (24 - h), up * (24 - h) + h, left * (32 - w), left * (32 - w) + w
    found = random_boxes(np.random.default_rng(8), 3, (24, 32), (0.2, 0.3), (0.5, 0.8))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    drawn = np.random.default_rng(2).random(9) < 0.5
    boxes = random_boxes(said, 9, (24, 32))
    assert np.array_equal(flip(np.random.default_rng(2), boxes)[2], np.where(drawn, boxes[3], boxes[2]))
