"""The measures of one map, on maps whose value can be worked out by hand."""

import numpy as np
import pytest

from gradcam.measure import (
    baselines,
    energy_pointing_game,
    intensity,
    localisation,
    pointing_game,
    rank_correlation,
)
from gradcam.measure.measures.localisation import box, box_around, iou
from gradcam.measure.measures.pointing_game import chance
from gradcam.measure.measures.rank_correlation import spread, windows
from gradcam.methods.occlusion import occlusion
from tests.support.small_nets import picture, small_vgg


def test_pointing_game_looks_at_the_largest_value():
    map, truth = np.zeros((6, 8)), np.zeros((6, 8), bool)
    map[2, 3], map[5, 7] = 2, 1
    truth[2, 3] = True
    assert pointing_game(map, truth)
    assert not pointing_game(map, np.roll(truth, 1, axis=1))
    assert not pointing_game(map, ~truth)


def test_pointing_game_forgives_within_the_tolerance_only():
    map, truth = np.zeros((20, 20)), np.zeros((20, 20), bool)
    map[10, 10], truth[13, 14] = 1, True  # five pixels away
    assert [pointing_game(map, truth, t) for t in (0, 4, 5)] == [False, False, True]


def test_a_map_of_zeros_misses_even_where_everything_is_truth():
    zeros, truth = np.zeros((5, 5)), np.ones((5, 5), bool)
    assert not pointing_game(zeros, truth)
    assert energy_pointing_game(zeros, truth) == 0
    assert localisation(zeros, np.array([[0, 0, 5, 5]])) == 0


def test_chance_is_what_random_points_get():
    truth = np.zeros((30, 40), bool)
    truth[3:13, 5:25] = True
    hits = [pointing_game(baselines.random_point(truth.shape, seed), truth) for seed in range(2000)]
    assert abs(np.mean(hits) - chance(truth)) < 4 * np.sqrt(chance(truth) / 2000)
    assert 0.1 < chance(truth) < 0.2


def test_energy_is_the_share_on_the_object():
    map, truth = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), np.array([[False, True], [False, True]])
    assert energy_pointing_game(map, truth) == pytest.approx(0.6)


def test_box_keeps_the_largest_segment_at_15_percent_of_the_maximum():
    map = np.zeros((20, 30))
    map[2:5, 3:9] = 0.16  # 18 pixels, and the corner below touches them
    map[5, 9] = 0.5
    map[12:15, 20:23] = 1  # 9 pixels, though the highest
    map[10:19, 1:9] = 0.14  # below the cut
    assert box(map).tolist() == [3, 2, 10, 6]


def test_iou_by_hand_and_the_nearest_box_counts():
    a = np.array([0.0, 0, 4, 4])
    assert iou(a, a) == 1
    assert iou(a, np.array([2.0, 0, 6, 4])) == pytest.approx(8 / 24)
    assert iou(a, np.array([4.0, 0, 8, 4])) == 0
    map = np.zeros((10, 10))
    map[0:4, 0:4] = 1
    assert localisation(map, np.array([[5.0, 5, 9, 9], [2, 0, 6, 4]])) == pytest.approx(1 / 3)


def test_box_around_a_mask_has_its_far_edges_outside():
    mask = np.zeros((9, 9), bool)
    mask[3, 4] = mask[6, 2] = True
    assert box_around(mask).tolist() == [2, 3, 5, 7]


def test_intensity_of_colours_is_the_largest_magnitude_and_of_a_coarse_map_what_is_positive():
    colours = np.array([[[1.0, -2.0]], [[-3.0, 0.5]]])
    assert intensity(colours, (1, 2)).tolist() == [[3, 2]]
    coarse = intensity(np.array([[1.0, -1.0]]), (2, 4))
    assert coarse.shape == (2, 4)
    assert coarse[0].tolist() == [1, 0.5, 0, 0]


def test_baselines_point_where_they_say():
    middle = baselines.centre((9, 12))
    assert np.unravel_index(middle.argmax(), middle.shape) == (4, 6)
    assert middle.min() > 0
    points = {np.argmax(baselines.random_point((9, 12), seed)).item() for seed in range(200)}
    assert len(points) > 60
    assert np.array_equal(baselines.random_point((9, 12), 5), baselines.random_point((9, 12), 5))


@pytest.mark.parametrize(("window", "stride"), [(4, 4), (5, 2), (12, 3)])
def test_windows_are_those_of_occlusion(window, stride):
    net, x = small_vgg(), picture(N=1).data
    falls = occlusion(net, x, 1, window, stride, average="none")[0]
    whole = occlusion(net, x, 1, window, stride)[0]
    assert np.any(whole)
    assert len(windows(whole.shape, window, stride)) == falls.size
    np.testing.assert_allclose(spread(falls, whole.shape, window, stride), whole, rtol=1e-12, atol=1e-14)


def test_rank_correlation_sees_order_and_nothing_else():
    falls = np.array([[1.0, 2.0], [3.0, 9.0]])
    map = falls.repeat(3, axis=0).repeat(3, axis=1)
    assert rank_correlation(map, falls, 3, 3) == pytest.approx(1)
    assert rank_correlation(map**3, falls, 3, 3) == pytest.approx(1)
    assert rank_correlation(map.max() - map, falls, 3, 3) == pytest.approx(-1)
    assert rank_correlation(np.zeros((6, 6)), falls, 3, 3) == 0
