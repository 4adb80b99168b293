"""Our short statistics against SciPy's and scikit-image's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcam.measure import spearman, ssim
from gradcam.measure.statistics.intervals import bootstrap, interval, wilson
from gradcam.measure.statistics.segments import largest_segment, segments


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 60), st.integers(2, 9), st.integers(0, 10**6))
def test_spearman_is_scipys_with_ties(n, levels, seed):
    stats = pytest.importorskip("scipy.stats")
    a, b = np.random.default_rng(seed).integers(levels, size=(2, n))
    if np.ptp(a) and np.ptp(b):
        assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)


def test_spearman_of_an_order_its_reverse_and_nothing():
    a = np.array([[1.0, 5.0], [2.0, 9.0]])
    assert spearman(a, np.exp(a)) == pytest.approx(1)
    assert spearman(a, -a) == pytest.approx(-1)
    assert spearman(a, np.ones((2, 2))) == 0


@pytest.mark.parametrize("seed", range(5))
def test_ssim_is_scikit_images(seed):
    metrics = pytest.importorskip("skimage.metrics")
    random = np.random.default_rng(seed)
    a = random.random((23, 31))
    b = np.clip(a + 0.3 * random.standard_normal(a.shape), 0, 1)
    assert ssim(a, b) == pytest.approx(metrics.structural_similarity(a, b, data_range=1), abs=1e-12)
    assert 0.1 < ssim(a, b) < 0.99
    assert ssim(a, a) == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 25), st.integers(1, 25), st.floats(0.05, 0.95), st.integers(0, 10**6))
def test_segments_are_scipys(height, width, share, seed):
    ndimage = pytest.importorskip("scipy.ndimage")
    mask = np.random.default_rng(seed).random((height, width)) < share
    ours, (theirs, count) = segments(mask), ndimage.label(mask, np.ones((3, 3)))
    assert np.array_equal(ours > 0, mask)
    pairs = set(zip(ours[mask].tolist(), theirs[mask].tolist()))
    assert len(pairs) == count == len(np.unique(ours[mask]))
    if count:
        assert largest_segment(mask).sum() == np.bincount(theirs.ravel())[1:].max()


def test_a_spiral_is_one_segment():
    mask = np.zeros((41, 41), bool)
    for k in range(0, 20, 2):
        mask[k, max(k - 2, 0) : 41 - k] = mask[k : 41 - k, 40 - k] = mask[40 - k, k : 41 - k] = mask[
            k + 2 : 41 - k, k
        ] = True
    assert len(np.unique(segments(mask))) == 2
    assert np.array_equal(largest_segment(mask), mask)
    assert not largest_segment(np.zeros((3, 3), bool)).any()


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (10, 10), (3, 7), (442, 500)])
def test_wilson_is_scipys(hits, n):
    stats = pytest.importorskip("scipy.stats")
    theirs = stats.binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits, n) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_bootstrap_agrees_with_the_normal_interval_of_a_mean():
    values = np.random.default_rng(1).normal(3, 2, 400)
    half = 1.96 * values.std() / 20
    assert bootstrap(values) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.15 * half)
    assert bootstrap(values) == bootstrap(values)


def test_hits_get_wilsons_interval_and_shares_the_bootstraps():
    assert interval([1, 0, 1, 1])[1:] == wilson(3, 4)
    assert interval([0.2, 0.9, 0.4]) == (pytest.approx(0.5), *bootstrap(np.array([0.2, 0.9, 0.4])))
    assert interval([1.0] * 5)[1] < 0.6  # five hits of five are no certainty
