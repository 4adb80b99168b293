"""Deletion and insertion, on a network whose probabilities can be worked out by hand."""

import numpy as np
import pytest

from gradcam.measure.measures.deletion_insertion import (
    area_under_curve,
    blurred,
    deletion,
    few,
    gaussian,
    insertion,
)


def mean_net(x):
    """Two scores: the sum of one corner, and 0."""
    corner = x[:, :, :4, :4].sum(axis=(1, 2, 3))
    return np.stack([corner, np.zeros_like(corner)], axis=1)


def ones():
    return np.ones((1, 3, 12, 12))


def corner_map():
    map = np.zeros((12, 12))
    map[:4, :4] = 1
    return map


def test_deletion_of_the_right_pixels_ends_the_class_at_once():
    curve = deletion(mean_net, ones(), 0, corner_map(), steps=9)  # 16 of 144 pixels in each step
    assert len(curve) == 10
    np.testing.assert_allclose(curve, [1, *[0.5] * 9], atol=1e-12)
    wrong = deletion(mean_net, ones(), 0, 1 - corner_map(), steps=9)
    np.testing.assert_allclose(wrong, [*[1] * 9, 0.5], atol=1e-12)
    assert area_under_curve(curve) < area_under_curve(wrong)


def test_deletion_goes_from_the_whole_picture_to_the_mean_colour():
    x = np.random.default_rng(0).standard_normal((1, 3, 12, 12))
    curve = deletion(mean_net, x, 0, np.random.default_rng(1).random((12, 12)), steps=5)
    assert curve[0] == pytest.approx(1 / (1 + np.exp(-mean_net(x)[0, 0])))
    assert curve[-1] == pytest.approx(0.5)


def test_insertion_goes_from_the_blurred_picture_to_the_whole():
    x = np.random.default_rng(0).standard_normal((1, 3, 12, 12))
    kept = x.copy()
    curve = insertion(mean_net, x, 1, np.random.default_rng(1).random((12, 12)), steps=7)
    assert curve[0] == pytest.approx(1 / (1 + np.exp(mean_net(blurred(x))[0, 0])))
    assert curve[-1] == pytest.approx(1 / (1 + np.exp(mean_net(x)[0, 0])))
    assert np.array_equal(x, kept)


def test_batches_do_not_matter(monkeypatch):
    x, map = (
        np.random.default_rng(0).standard_normal((1, 3, 12, 12)),
        np.random.default_rng(1).random((12, 12)),
    )
    whole = deletion(mean_net, x, 0, map)
    monkeypatch.setattr("gradcam.measure.measures.deletion_insertion.few", lambda x: 3)
    np.testing.assert_array_equal(deletion(mean_net, x, 0, map), whole)


def test_large_pictures_go_in_twos():
    assert few(np.zeros((1, 3, 227, 227), np.float32)) == 2
    assert few(np.zeros((1, 3, 96, 96), np.float32)) > 4


def test_area_of_a_line():
    assert area_under_curve(np.linspace(0, 1, 11)) == pytest.approx(0.5)
    assert area_under_curve(np.ones(5)) == pytest.approx(1)


def test_blur_is_scipys():
    ndimage = pytest.importorskip("scipy.ndimage")
    x = np.random.default_rng(0).standard_normal((2, 3, 20, 20))
    theirs = ndimage.gaussian_filter(x, (0, 0, 1, 1), mode="nearest", radius=5)
    np.testing.assert_allclose(blurred(x, 0.05), theirs, atol=1e-12)
    np.testing.assert_allclose(gaussian(7, 2.0).sum(axis=1), 1)
