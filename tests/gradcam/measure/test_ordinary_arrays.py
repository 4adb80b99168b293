"""Masks of whole numbers, maps of bytes, lists, NaN: what a measure is given is measured rightly, or refused
in one sentence.
"""

import numpy as np
import pytest

from gradcam.measure import (
    MeasureError,
    chance,
    deletion,
    energy_pointing_game,
    insertion,
    intensity,
    localisation,
    pointing_game,
    randomised,
    rank_correlation,
    similarity,
    spearman,
    ssim,
)
from minicnn import Error
from tests.support.small_nets import small_vgg

RANDOM = np.random.default_rng(0)
MAP = RANDOM.random((12, 10)).astype(np.float32)
TRUTH = np.zeros((12, 10), bool)
TRUTH[2:7, 3:9] = True
BOXES = np.array([[3, 2, 9, 7]])
FALLS = RANDOM.random((6, 5))
X = RANDOM.standard_normal((1, 3, 12, 10))


def net(x):
    """Scores of two classes, of which the first likes the upper left corner."""
    corner = x[:, :, :5, :5].sum(axis=(1, 2, 3))
    return np.stack([corner, -corner], axis=1)


MEASURED = {
    "pointing_game": lambda map: pointing_game(map, TRUTH),
    "energy_pointing_game": lambda map: energy_pointing_game(map, TRUTH),
    "localisation": lambda map: localisation(map, BOXES),
    "rank_correlation": lambda map: rank_correlation(map, FALLS, 2, 2),
    "deletion": lambda map: deletion(net, X, 0, map, 5),
    "insertion": lambda map: insertion(net, X, 0, map, 5),
    "ssim": lambda map: ssim(map, np.asarray(map)[::-1]),
}
measured = pytest.mark.parametrize("measure", MEASURED)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, bool])
def test_a_mask_of_ones_and_zeros_is_the_mask_of_booleans(dtype):
    assert energy_pointing_game(MAP, TRUTH.astype(dtype)) == energy_pointing_game(MAP, TRUTH)
    assert 0.2 < energy_pointing_game(MAP, TRUTH.astype(dtype)) < 0.3
    assert chance(TRUTH.astype(dtype)) == 0.25
    for number in range(3):
        map = np.roll(MAP, number, axis=1)
        assert pointing_game(map, TRUTH.astype(dtype)) == pointing_game(map, TRUTH)


@pytest.mark.parametrize(
    "mask",
    [
        np.full((12, 10), 7),
        np.array([[3, 4], [5, 6]]),
        np.full((12, 10), np.nan),
        TRUTH.T,
        TRUTH[None],
        np.full((12, 10), "x"),
    ],
)
@pytest.mark.parametrize("measure", [pointing_game, energy_pointing_game])
def test_a_mask_that_is_none_is_one_sentence(measure, mask):
    with pytest.raises(MeasureError, match="mask") as caught:
        measure(MAP, mask)
    assert isinstance(caught.value, Error) and "\n" not in str(caught.value)


@measured
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint64])
def test_a_map_of_whole_numbers_is_the_map_of_floats(measure, dtype):
    whole = (200 * MAP).astype(np.uint8)
    expected = MEASURED[measure](whole.astype(float))
    np.testing.assert_allclose(MEASURED[measure](whole.astype(dtype)), expected, rtol=1e-12)
    np.testing.assert_allclose(MEASURED[measure](whole.tolist()), expected, rtol=1e-12)


@measured
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_map_that_is_not_finite_has_no_score(measure, value):
    map = MAP.copy()
    map[3, 4] = value
    with pytest.raises(MeasureError, match="not finite"):
        MEASURED[measure](map)


@measured
@pytest.mark.parametrize("map", [MAP[None], MAP[0], np.zeros((0, 10)), np.full((12, 10), "x"), MAP * 1j])
def test_what_is_no_map_is_one_sentence(measure, map):
    with pytest.raises(MeasureError, match=r"a map is an array \(H, W\) of numbers; this one is"):
        MEASURED[measure](map)


@pytest.mark.parametrize("measure", [deletion, insertion])
def test_a_picture_of_bytes_is_no_input_and_a_class_is_one_of_the_networks(measure):
    with pytest.raises(MeasureError, match="floats, not uint8"):
        measure(net, X.astype(np.uint8), 0, MAP)
    for c in (-1, 2):
        with pytest.raises(MeasureError, match=f"there is no class {c}: this network has 2, from 0"):
            measure(net, X, c, MAP)
    with pytest.raises(MeasureError, match="scores are not finite"):
        measure(lambda x: net(x) * np.nan, X, 0, MAP)


def test_a_share_of_what_is_below_zero_is_none():
    with pytest.raises(MeasureError, match="goes down to -"):
        energy_pointing_game(MAP - 0.5, TRUTH)


def test_sizes_that_do_not_agree_are_said():
    with pytest.raises(MeasureError, match="windows of 3 pixels, 2 apart, lie in"):
        rank_correlation(MAP, FALLS[:3], 3, 2)
    with pytest.raises(MeasureError, match=r"one picture \(1, C, H, W\)"):
        deletion(net, X, 0, MAP[:5])
    with pytest.raises(MeasureError, match="steps is a number from 1, not 0"):
        deletion(net, X, 0, MAP, 0)
    with pytest.raises(MeasureError, match="equally many values; these have 3 and 4"):
        spearman([1, 2, 3], [1, 2, 3, 4])
    with pytest.raises(MeasureError, match="no rank"):
        spearman([1, 2, np.nan], [1, 2, 3])
    with pytest.raises(MeasureError, match="windows of 7 pixels"):
        ssim(MAP[:5], MAP[:5])
    with pytest.raises(MeasureError, match=r"boxes are an array \(B, 4\)"):
        localisation(MAP, [3, 2, 9, 7])
    with pytest.raises(MeasureError, match=r"\(C, H, W\) with colours or \(h, w\) without"):
        intensity(MAP[None, None], (12, 10))
    with pytest.raises(MeasureError, match="cascading or independent, not 'upwards'"):
        randomised(small_vgg(), "upwards")


def test_intensity_of_bytes_is_that_of_floats():
    coarse = RANDOM.integers(0, 255, (4, 5), np.uint8)
    found = intensity(coarse, (12, 10))
    assert found.max() > 100
    np.testing.assert_allclose(found, intensity(coarse.astype(float), (12, 10)), rtol=1e-6)


def test_similarity_says_all_three():
    assert similarity((MAP, MAP), (MAP, MAP)) == pytest.approx((1, 1, 1))
