"""Every measure on maps of a few pixels, with its number worked out by hand: ties, zeros, ends, corners."""

from types import SimpleNamespace

import numpy as np
import pytest

from gradcam.measure import spearman, ssim
from gradcam.measure.asked import Asked, NotAsked, constant
from gradcam.measure.baselines import bump, centre, random_point
from gradcam.measure.case import Case, parsed
from gradcam.measure.errors import MeasureError
from gradcam.measure.measures import MEASURES
from gradcam.measure.measures.adcc import adcc
from gradcam.measure.measures.average_drop import average_drop, shown
from gradcam.measure.measures.average_increase import average_increase
from gradcam.measure.measures.completeness import completeness
from gradcam.measure.measures.complexity import complexity
from gradcam.measure.measures.deletion_insertion import (
    area_under_curve,
    blurred,
    curve,
    deletion,
    gaussian,
    probability,
)
from gradcam.measure.measures.energy_pointing_game import energy_pointing_game
from gradcam.measure.measures.faithfulness_correlation import drawn, faithfulness_correlation, pearson
from gradcam.measure.measures.infidelity import infidelity, squares
from gradcam.measure.measures.localisation import box, errors, iou, localisation
from gradcam.measure.measures.mask_auc import mask_auc
from gradcam.measure.measures.pointing_game import chance, pointing_game
from gradcam.measure.measures.random_logit import another, random_logit
from gradcam.measure.measures.rank_correlation import rank_correlation, spread, windows
from gradcam.measure.measures.relevance_rank_accuracy import relevance_rank_accuracy
from gradcam.measure.measures.road import imputed, road
from gradcam.measure.measures.sanity_check import similarity
from gradcam.measure.measures.sensitivity import sensitivities, uniform
from gradcam.measure.measures.sparseness import sparseness
from gradcam.measure.pictures.example import Example
from gradcam.measure.statistics.intensity import intensity
from gradcam.measure.statistics.intervals import bootstrap, interval, wilson
from gradcam.measure.statistics.segments import largest_segment
from gradcam.measure.statistics.spearman import ranks

MAP = np.array([[0.0, 1.0], [3.0, 4.0]])
TRUTH = np.array([[False, False], [False, True]])
NOTHING = np.zeros((2, 2))


def total(x):
    """Scores: the sum of the picture, and 0."""
    s = x.reshape(len(x), -1).sum(axis=1)
    return np.stack([s, 0 * s], axis=1)


def sure(s):
    return 1 / (1 + np.exp(-s))


def test_areas_are_trapezoids():
    assert area_under_curve(np.array([1.0, 0.5, 0.25])) == pytest.approx((0.75 + 0.375) / 2)
    assert area_under_curve(np.array([0.0, 0.0, 1.0])) == pytest.approx(0.25)


def test_pixels_go_the_most_important_first_and_of_equal_ones_the_first():
    x = np.array([[[[1.0, 2.0], [4.0, 8.0]]]])
    found = deletion(total, x, 0, np.array([[1.0, 1.0], [0.0, 2.0]]), steps=4)
    assert found == pytest.approx(sure(np.array([15, 7, 6, 4, 0])))
    halves = deletion(total, np.ones((1, 1, 1, 3)), 0, np.array([[3.0, 2.0, 1.0]]), steps=2)
    assert halves == pytest.approx(sure(np.array([3, 1, 0])))  # 1.5 pixels are 2
    with pytest.raises(MeasureError, match="no class 2"):
        deletion(total, x, 2, MAP)
    with pytest.raises(MeasureError, match="number from 1"):
        curve(total, x, x, 0, MAP, 0)


def test_many_steps_are_asked_a_few_at_a_time_and_come_in_order():
    asked = []

    def half(x):
        asked.append(len(x))
        return np.stack([x[:, 0].mean(axis=(1, 2)), np.zeros(len(x))], axis=1)

    for size, passes in ((300, [2, 1]), (100, [3])):  # 2 MB each, and 240 kB
        x, map = np.ones((1, 3, size, size)), np.zeros((size, size))
        map[: size // 2] = 1
        asked.clear()
        assert deletion(half, x, 0, map, steps=2) == pytest.approx(sure(np.array([1, 0.5, 0])))
        assert asked == passes


def test_a_probability_is_softmaxs_or_of_many_labels_the_sigmoids():
    class Net(SimpleNamespace):
        def __call__(self, x):
            return np.array([[1.0, 2.0]])

    x = np.zeros((1, 1, 1, 1))
    assert probability(Net(card=None), x, 0) == pytest.approx(np.exp(1) / (np.exp(1) + np.exp(2)))
    assert probability(Net(card=SimpleNamespace(multi_label=True)), x, 0) == pytest.approx(sure(1))


def test_a_blur_is_a_gaussian_of_a_twentieth_of_the_longer_side():
    x = np.zeros((1, 1, 21, 41))
    x[..., 10, 20] = 1
    share = np.exp(-(np.arange(-9, 10) ** 2) / (2 * 2.05**2))
    share /= share.sum()
    np.testing.assert_allclose(blurred(x)[0, 0, 10, 11:30], share[9] * share, rtol=1e-12)
    np.testing.assert_allclose(blurred(np.ones_like(x)), 1, rtol=1e-12)
    assert gaussian(5, 0.5)[0, 0] > 0.8 and not gaussian(9, 1.0)[0, 6:].any()


def test_the_area_under_the_roc_curve_counts_pairs():
    assert mask_auc(MAP, TRUTH) == 1
    assert mask_auc(np.array([[5.0, 1.0], [3.0, 4.0]]), TRUTH) == pytest.approx(2 / 3)
    assert mask_auc(np.array([[4.0, 1.0], [3.0, 4.0]]), TRUTH) == pytest.approx(2.5 / 3)
    two = np.array([[True, False], [False, True]])
    assert mask_auc(np.array([[2.0, 1.0], [3.0, 4.0]]), two) == pytest.approx(3 / 4)
    for one_sided in (np.ones((2, 2), bool), np.zeros((2, 2), bool)):
        assert mask_auc(MAP, one_sided) == 0.5


def test_what_is_imputed_is_the_weighted_mean_of_the_neighbours():
    x, known = np.arange(9.0).reshape(1, 3, 3), np.ones((3, 3), bool)
    known[1, 1] = False
    x[0, 0, 0] = 24
    beside, corners = 1 + 3 + 5 + 7, 24 + 2 + 6 + 8
    assert imputed(x, known)[0, 1, 1] == pytest.approx(beside / 6 + corners / 12)
    known = np.array([[True, False, False, True]])  # in a row: two neighbours, of equal weight
    found = imputed(np.array([[[3.0, 0, 0, 9.0]]]), known)
    assert found == pytest.approx(np.array([[[3, 5, 7, 9]]]))
    with pytest.raises(MeasureError, match="no pixel is known"):
        imputed(x, np.zeros((3, 3), bool))


def test_road_is_half_of_what_the_most_important_pixels_cost_more():
    x, map = np.zeros((1, 1, 4, 4)), np.arange(16.0).reshape(4, 4)
    x[0, 0, 3] = 3
    seen = []

    def net(x):
        seen.append(x.copy())
        s = x.mean(axis=(1, 2, 3))
        return np.stack([s, 0 * s], axis=1)

    found = road(net, x, 0, map, shares=[0.25], noise=0.0)
    least, most = (pictures[0, 0] for pictures in seen)
    assert np.array_equal(least, x[0, 0]) and not np.array_equal(most, x[0, 0])
    assert found == pytest.approx((sure(least.mean()) - sure(most.mean())) / 2) and found > 0
    road(net, x, 0, map, shares=[0.25], noise=0.01)
    moved = (seen[2] - seen[0])[0, 0]
    assert not moved[1:].any() and 1e-4 < abs(moved[0]).max() < 0.06


@pytest.mark.parametrize(("share", "goes"), [(0.1, 2), (0.5, 6), (0.7, 8), (0.85, 9), (0.9, 10)])
def test_road_takes_a_share_of_the_pixels_in_whole_ones(share, goes):
    """Of 11 in a row 1 - share of 10 stay, whole but for rounding (10 * (1 - 0.7) is more than 3)."""
    x, seen = np.arange(11.0).reshape(1, 1, 1, 11) ** 2, []
    net = lambda x: seen.append(x.copy()) or np.zeros((len(x), 2))  # noqa: E731
    road(net, x, 0, np.arange(11.0)[None], shares=[share], noise=0.0)
    least, most = (pictures[0, 0, 0] for pictures in seen)
    assert least[: goes + 1] == pytest.approx(goes**2) and np.array_equal(least[goes:], x[0, 0, 0, goes:])
    stays = 11 - goes
    assert most[stays - 1 :] == pytest.approx((stays - 1) ** 2)
    assert np.array_equal(most[:stays], x[0, 0, 0, :stays])


def test_adcc_is_a_harmonic_mean():
    x = np.ones((1, 1, 2, 2))
    coherency = (1 + pearson(MAP, 2 * MAP)) / 2
    parts = coherency, 1 - (0 + 1 + 3 + 4) / 16, sure(2) / sure(4)
    assert adcc(total, x, 0, MAP, lambda x: 2 * MAP) == pytest.approx(3 / sum(1 / p for p in parts))
    assert adcc(total, x, 0, NOTHING, lambda x: MAP) == 0
    reverse = MAP.max() - MAP
    assert adcc(total, x, 0, MAP, lambda x: reverse) == 0  # not coherent at all


def test_rank_correlation_asks_window_by_window():
    assert windows((5, 4), 3, 2) == [
        (slice(i, i + 3), slice(j, j + 3)) for i in (0, 2) for j in (0, 2)
    ]  # fmt: skip
    assert len(windows((4, 8), 4, 2)) == 3
    map = np.array([[1.0, 2.0, 9.0], [0.0, 3.0, 3.0]])
    assert rank_correlation(map, np.array([[1.0, 2.0]]), 2, 1) == pytest.approx(1)  # means 1.5 and 4.25
    assert rank_correlation(np.array([[9.0, 2, 4], [0, 0, 8]]), np.array([[1.0, 2.0]]), 2, 1) == 1
    with pytest.raises(MeasureError, match="lie in 2 places"):
        rank_correlation(map, np.ones(3), 2, 1)
    assert spread(np.array([[2.0, 4.0]]), (2, 3), 2, 1).tolist() == [[2, 3, 4]] * 2


def test_completeness_is_what_is_missing_of_the_larger():
    x = np.full((1, 1, 2, 2), 2.0)  # the score is 8
    assert completeness(total, x, 0, NOTHING + 2) == 0
    assert completeness(total, x, 0, NOTHING + 4) == pytest.approx(0.5)
    assert completeness(total, x, 0, NOTHING + 1) == pytest.approx(0.5)
    assert completeness(total, x, 0, NOTHING - 2) == pytest.approx(2)
    assert completeness(total, 0 * x, 0, NOTHING) == 0


def test_sparseness_is_ginis_index():
    assert sparseness(MAP) == pytest.approx((-3 * 0 - 1 * 1 + 1 * 3 + 3 * 4) / (4 * 8))
    assert sparseness(-MAP) == sparseness(MAP) and sparseness(np.ones((2, 2))) == 0
    assert sparseness(TRUTH.astype(float)) == pytest.approx(3 / 4) and sparseness(NOTHING) == 0


def test_complexity_is_an_entropy():
    p = np.array([1, 3, 4]) / 8
    assert complexity(MAP) == complexity(-MAP) == pytest.approx(-(p * np.log(p)).sum())
    assert complexity(NOTHING) == complexity(np.ones((2, 2))) == pytest.approx(np.log(4))
    assert complexity(TRUTH.astype(float)) == 0


def test_sensitivity_is_relative_and_of_zeros_all_or_nothing():
    x, noise = np.ones((1, 1, 1, 1)), np.array([0.0, 0.1, -0.3]).reshape(3, 1, 1, 1)
    maps = lambda x: np.stack([MAP + 8 * (v - 1).item() for v in x])  # noqa: E731
    expected = np.array([0, 0.8, 2.4]) * 2 / np.sqrt((MAP**2).sum())
    assert sensitivities(maps, x, MAP, noise) == pytest.approx(expected)
    zeros = sensitivities(lambda x: np.stack([NOTHING + (v.item() > 1.05) for v in x]), x, NOTHING, noise)
    assert zeros.tolist() == [0, 1, 0]
    drawn = uniform(np.zeros((1, 3, 20, 20)), 0)
    assert drawn.shape == (10, 3, 20, 20) and -0.02 <= drawn.min() < -0.0195 < 0.0195 < drawn.max() <= 0.02

    class Asked(SimpleNamespace):
        def __call__(self, x):
            return np.stack([MAP + v.mean() for v in x])

    asked = Asked(raw=MAP)
    case = SimpleNamespace(x=x, number=0)
    most, mean = MEASURES["sensitivity"].value(MAP, case, asked)
    assert most > mean > 0


def test_average_drop_and_increase():
    x = np.ones((1, 1, 2, 2))
    assert average_drop(total, x, 0, MAP) == pytest.approx((sure(4) - sure(2)) / sure(4))
    assert average_drop(total, -x, 0, MAP) == 0  # it gains
    assert average_drop(total, x, 0, NOTHING) == pytest.approx((sure(4) - sure(0)) / sure(4))
    assert shown(x, MAP)[0, 0].tolist() == [[0, 0.25], [0.75, 1]]
    assert average_increase(total, -x, 0, MAP) and not average_increase(total, x, 0, MAP)
    assert not average_increase(total, x, 0, np.ones((2, 2)))  # as probable as before


def test_the_pointing_game_and_its_tolerance():
    assert pointing_game(MAP, TRUTH) and not pointing_game(MAP.max() - MAP, TRUTH)
    assert not pointing_game(NOTHING, ~TRUTH) and not pointing_game(-MAP, np.ones((2, 2), bool))
    wide = np.zeros((1, 9))
    wide[0, 8] = 1
    truth = np.zeros((1, 9), bool)
    truth[0, 4] = True
    assert [pointing_game(wide, truth, far) for far in (3, 3.9, 4, 5)] == [False, False, True, True]
    assert chance(TRUTH) == 0.25


def test_energy_and_rank_on_the_object():
    assert energy_pointing_game(MAP, TRUTH) == 0.5 and energy_pointing_game(NOTHING, TRUTH) == 0
    two = np.array([[True, False], [True, False]])
    assert relevance_rank_accuracy(MAP, two) == 0.5 and relevance_rank_accuracy(MAP, TRUTH) == 1
    ties = np.array([[1.0, 1.0], [1.0, 0.0]])
    assert relevance_rank_accuracy(ties, np.array([[True, False], [False, False]])) == 1
    assert relevance_rank_accuracy(ties, np.array([[False, False], [True, False]])) == 0
    assert relevance_rank_accuracy(MAP, np.zeros((2, 2), bool)) == 0


def test_boxes():
    map = np.zeros((6, 8))
    map[1:3, 2:5] = 20
    map[1, 5], map[2, 5] = 3, 2.99  # 15 % of the maximum belongs to it
    assert box(map).tolist() == [2, 1, 6, 3]
    assert iou(np.array([0, 0, 2, 2.0]), np.array([1, 1, 3, 4.0])) == pytest.approx(1 / 9)
    assert iou(np.array([0, 0, 2, 2.0]), np.array([2, 0, 3, 1.0])) == 0
    assert iou(np.array([0, 0, 2, 2.0]), np.array([5, 5, 6, 6.0])) == 0
    assert localisation(map, np.array([[7, 5, 8, 6], [2, 1, 6, 3]])) == 1
    assert localisation(0 * map, np.array([[2, 1, 6, 3]])) == 0
    labels = np.array([[1, 1, 0, 1, 1], [0, 0, 0, 0, 0]], bool)
    assert largest_segment(labels)[0].tolist() == [False, False, False, True, True]
    assert not largest_segment(np.zeros((2, 2), bool)).any()


@pytest.mark.parametrize(
    ("side", "rank", "expected"),
    [(4, 0, (True, False, False)), (4, 1, (True, True, False)), (4, 4, (True, True, False)),
     (4, 5, (True, True, True)), (3, 0, (False, True, True))],
)  # fmt: skip
def test_an_error_is_a_wrong_class_or_less_than_half_of_a_box(side, rank, expected):
    map = np.zeros((8, 8))
    map[:side, :2] = 1
    case = SimpleNamespace(boxes=np.array([[0, 0, 4, 4]]), rank=rank, c=0, scores=[1.0], net=total)
    assert errors(map, case) == expected  # a box of 4 x 2 is half of 4 x 4


def test_with_many_labels_a_class_is_named_from_a_half_on():
    net = SimpleNamespace(card=SimpleNamespace(multi_label=True))
    for score, named in ((0.1, True), (0.0, False), (-0.1, False)):
        case = SimpleNamespace(boxes=np.array([[0, 0, 2, 2]]), rank=3, c=0, scores=[score], net=net)
        assert errors(np.ones((2, 2)), case) == (True, not named, False)


def test_the_least_infidelity_is_that_of_the_best_scale():
    x, map = np.ones((1, 1, 1, 2)), np.array([[1.0, 3.0]])
    removed = np.array([[1.0, 0.0], [0.0, 1.0]]).reshape(2, 1, 1, 2)
    # foretold 1 and 3, the score falls by 1 and 1: beta = 2 / 5
    assert infidelity(total, x, 0, map, removed) == pytest.approx((0.6**2 + 0.2**2) / 2)
    assert infidelity(total, x, 0, map, removed, scaled=False) == pytest.approx((0 + 4) / 2)
    assert infidelity(total, x, 0, 0 * map, removed) == pytest.approx(1)
    for wrong in (map[:, :1], np.zeros((2, 1, 2)), map[None, None]):
        with pytest.raises(MeasureError, match=r"the map is \(.*\), and the picture \(1, 1, 2\)"):
            infidelity(total, x, 0, wrong, removed)
    taken = squares(np.full((1, 2, 14, 21), 7.0), 0)
    assert taken.shape == (50, 2, 14, 21) and all((one == 7).sum() == 2 * 2 * 2 for one in taken)
    places = np.argwhere(taken[:, 0] != 0)
    assert places[:, 1].max() == 13 and places[:, 2].max() == 20 and not places[:, 1:].min()


def test_faithfulness_is_a_correlation_over_sets():
    x = np.array([[[[1.0, 2.0], [5.0, 3.0]], [[1.0, 0.0], [0.0, 0.0]]]])
    sets = np.array([[0, 1], [1, 2], [2, 3]])
    expected = np.corrcoef([1, 4, 7], [4, 7, 8])[0, 1]
    assert faithfulness_correlation(total, x, 0, MAP, sets) == pytest.approx(expected)
    assert pearson(MAP, NOTHING) == 0 and pearson(MAP, -MAP) == pytest.approx(-1)
    sets = drawn(40, 0)
    assert sets.shape == (50, 4) and all(len(set(s)) == 4 for s in sets.tolist()) and sets.max() == 39


def test_another_class_is_any_but_this_one():
    for c in range(4):
        assert {another(c, 4, seed) for seed in range(60)} == {0, 1, 2, 3} - {c}
    full = np.random.default_rng(0).random((8, 8))
    assert random_logit(full, 3 * full) == pytest.approx(1)
    assert random_logit(full, 0 * full) == random_logit(0 * full, full) == 0


def test_maps_of_zeros_are_like_nothing():
    raw = np.random.default_rng(0).standard_normal((8, 8))
    for pair in (((raw, abs(raw)), (raw, 0 * raw)), ((raw, 0 * raw), (raw, abs(raw)))):
        assert similarity(*pair) == (0, 0, 0)
    assert similarity((raw, abs(raw)), (raw, 7 * abs(raw))) == pytest.approx((1, 1, 1))


def test_ranks_share_their_mean():
    assert ranks([5, 1, 5, 5, 0]).tolist() == [4, 2, 4, 4, 1]
    assert spearman([1, 2, 3], [1, 1, 2]) == pytest.approx(1.5 / np.sqrt(2 * 1.5))
    assert spearman([1, 2, 3], [4, 4, 4]) == 0


def test_ssim_of_one_window():
    a, b = np.arange(9.0).reshape(3, 3) / 8, np.arange(9.0)[::-1].reshape(3, 3) / 16
    c1, c2 = 0.01**2, 0.03**2
    cov = np.cov(a.ravel(), b.ravel())
    expected = (2 * a.mean() * b.mean() + c1) * (2 * cov[0, 1] + c2)
    expected /= (a.mean() ** 2 + b.mean() ** 2 + c1) * (cov[0, 0] + cov[1, 1] + c2)
    assert ssim(a, b, window=3) == pytest.approx(expected)
    with pytest.raises(MeasureError):
        ssim(a, b, window=4)


def test_intervals():
    # Wilson 1927, as tabled by Newcombe 1998: 81 of 263 is 0.2553 to 0.3662, 0 of 20 is 0 to 0.1611
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)
    assert interval([0, 1, 1]) == (2 / 3, *wilson(2, 3))
    values = np.random.default_rng(0).standard_normal(400)
    low, high = bootstrap(values)
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.12 * half)
    assert interval([0.0, 1.0, 0.5])[1:] == bootstrap(np.array([0.0, 1.0, 0.5]))


def test_the_intensity_of_a_map():
    colours = np.array([[[1.0, -2.0]], [[-3.0, 1.0]]])
    assert intensity(colours, (1, 2)).tolist() == [[3, 2]]
    assert intensity(np.array([[-1.0, 4.0]]), (1, 2)).tolist() == [[0, 4]]


def test_what_a_case_is_made_of():
    """Maps that are given, with no network: of a picture of 30 rows and 50 columns."""
    truth = np.zeros((30, 50), bool)
    example = Example(np.zeros((30, 50, 3), np.uint8), 1, truth, np.zeros((0, 4)))
    coarse = np.array([[-1.0, 2.0]])
    given = {"given b": coarse, "given a": np.full((2, 2), np.nan), "given c": np.zeros((30, 50))}
    case = Case(None, example, None, 7, (), overlap=2, given=given)
    assert list(case.maps) == list(case.raw) == ["given b", "given c"] and case.size == (30, 50)
    assert case.failed == {"given a": "the map is not finite"} and case.raw["given b"] is coarse
    assert case.window == (4, 2) and Case(None, example, None, 7, (), overlap=3, given=given).window == (4, 1)
    assert np.array_equal(case.random, random_point((30, 50), 7))
    np.testing.assert_array_equal(case.maps["given b"], intensity(coarse, (30, 50)))
    case.scores = np.array([3.0, 2.0, 2.0, 5.0])
    assert case.rank == 2
    with pytest.raises(NotAsked, match="made elsewhere"):
        case.asked("given b")(np.zeros((1, 3, 30, 50)))
    example.picture = np.zeros((5, 9, 3), np.uint8)
    assert Case(None, example, None, 7, ()).window == (1, 1)
    with pytest.raises(MeasureError, match="no method is called 'nothing'; there is gradient,"):
        Case(None, example, None, 7, ["nothing@conv1"])
    assert parsed("grad_cam@conv1") == ("grad_cam", "conv1") and parsed("saliency") == ("saliency", None)


def test_baselines_are_bumps():
    found = bump((10, 20), (2, 5))
    assert found.shape == (10, 20) and found[2, 5] == 1
    assert found[5, 9] == pytest.approx(np.exp(-25 / (2 * 4**2)))  # a fifth of 20 pixels
    assert np.array_equal(centre((10, 21)), bump((10, 21), (5, 10)))
    random = np.random.default_rng([3, 10, 20])
    assert np.array_equal(
        random_point((10, 20), 3), bump((10, 20), (random.integers(10), random.integers(20)))
    )
    assert not np.array_equal(random_point((10, 20), [3, 1]), random_point((10, 20), [3, 2]))


def test_a_method_asked_once_more():
    asked = Asked(np.array([[1.0, -3.0]]), (1, 2), lambda x, c: np.stack([[[c, -1]]] * len(x)))
    assert asked.on_pixels.tolist() == [[[1, -3]]] and asked(np.zeros((3, 1)), 4).shape == (3, 1, 2)
    assert asked.drawn(np.zeros((1, 3, 1, 2)), 4).tolist() == [[4, 0]]
    colours = np.zeros((3, 1, 2))
    assert Asked(colours, (1, 2), None).on_pixels is colours
    assert constant(MAP)(np.zeros((3, 1)), 5).tolist() == [MAP.tolist()] * 3


def test_figures_have_these_names_in_this_order():
    several = {name: [f.name for f in m.figures] for name, m in MEASURES.items() if len(m.figures) > 1}
    assert several == {
        "localisation": ["found", "top1_error", "top5_error"],
        "sensitivity": ["max_sensitivity", "avg_sensitivity"],
        "sanity_check": ["signed", "magnitude", "ssim"],
    }
    before = np.random.default_rng(0).standard_normal((8, 8))
    pair = (before, abs(before)), (-before, abs(before))
    assert MEASURES["sanity_check"]._named(similarity(*pair)) == pytest.approx(
        {"signed": -1, "magnitude": 1, "ssim": 1}
    )


def test_each_measure_calls_its_own_function():
    """The rows of figures, by name."""
    net = lambda x: np.stack([x.sum((1, 2, 3)), x[:, 0, 0, 0]], axis=1)  # noqa: E731
    map, truth = np.random.default_rng(1).random((8, 8)), np.zeros((8, 8), bool)
    truth[:5, :4] = True
    x = np.random.default_rng(2).random((1, 3, 8, 8))
    case = SimpleNamespace(net=net, x=x, c=0, truth=truth, number=4, boxes=np.array([[0, 0, 4, 5]]), rank=0,
                           scores=net(x)[0], falls=np.arange(9.0), window=(4, 2))  # fmt: skip
    expected = {
        "pointing_game": {"hit": pointing_game(map, truth)},
        "energy_pointing_game": {"energy": energy_pointing_game(map, truth)},
        "relevance_rank_accuracy": {"relevance_rank": relevance_rank_accuracy(map, truth)},
        "mask_auc": {"mask_auc": mask_auc(map, truth)},
        "grid_pointing_game": {"cell": energy_pointing_game(map, truth)},
        "rank_correlation": {"rank_correlation": rank_correlation(map, case.falls, 4, 2)},
        "deletion": {"deletion": area_under_curve(deletion(net, x, 0, map))},
        "road": {"road": road(net, x, 0, map, seed=4)},
        "average_drop": {"average_drop": average_drop(net, x, 0, map)},
        "average_increase": {"average_increase": average_increase(net, x, 0, map)},
        "sparseness": {"sparseness": sparseness(map)},
        "complexity": {"complexity": complexity(map)},
        "localisation": dict(zip(("found", "top1_error", "top5_error"), errors(map, case))),
    }
    for name, figures in expected.items():
        assert MEASURES[name].of(map, case) == {key: float(value) for key, value in figures.items()}, name
    for name in ("pointing_game", "energy_pointing_game", "relevance_rank_accuracy"):
        assert list(MEASURES[name].of_random(case).values()) == [20 / 64]
    assert MEASURES["mask_auc"].of_random(case) == {"mask_auc": 0.5}
    assert constant(map) is not None
    less = {name for name, m in MEASURES.items() for figure in m.figures if figure.better < 0}
    assert less == {"localisation", "deletion", "average_drop", "infidelity", "completeness", "complexity",
                    "sensitivity", "random_logit", "sanity_check"}  # fmt: skip
    assert {name for name, m in MEASURES.items() if m.ordered} == {
        "relevance_rank_accuracy", "deletion", "insertion", "road",
    }  # fmt: skip
