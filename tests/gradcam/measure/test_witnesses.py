"""Our measures beside the numbers that Quantus, pytorch-grad-cam, Captum and SciPy gave for the same cases
(see `witnesses`), and what is known of each without them.
"""

import json

import numpy as np
import pytest

from gradcam.measure import MEASURES, MeasureError
from gradcam.measure.measures import infidelity as of_infidelity
from gradcam.measure.measures import sensitivity as of_sensitivity
from gradcam.measure.measures.adcc import adcc
from gradcam.measure.measures.average_drop import average_drop, shown
from gradcam.measure.measures.average_increase import average_increase
from gradcam.measure.measures.completeness import completeness
from gradcam.measure.measures.complexity import complexity
from gradcam.measure.measures.deletion_insertion import probability
from gradcam.measure.measures.faithfulness_correlation import drawn, faithfulness_correlation
from gradcam.measure.measures.mask_auc import mask_auc
from gradcam.measure.measures.random_logit import another, random_logit
from gradcam.measure.measures.relevance_rank_accuracy import relevance_rank_accuracy
from gradcam.measure.measures.road import imputed, road
from gradcam.measure.measures.sparseness import sparseness
from tests.gradcam.measure.witnesses import NUMBERS, cases, ours

ROWS = json.loads(NUMBERS.read_text("utf-8"))
TURNED = {  # what the page says that the library does otherwise
    "average_drop": lambda value, case: value * probability(case.net, case.x, case.c)[0],
    "sparseness": lambda value, case: sparseness(case.map + 1e-7),
}


@pytest.fixture(scope="module")
def found():
    return [(case, ours(case, seed)) for seed, case in enumerate(cases())]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['figure']}, {row['library']}")
def test_a_measure_is_the_librarys(found, row):
    mine = [TURNED.get(row["figure"], lambda v, _: v)(of[row["figure"]], case) for case, of in found]
    np.testing.assert_allclose(mine, row["theirs"], rtol=0, atol=1e-6)
    assert len(np.unique(np.round(row["theirs"], 6))) > 1


def test_every_new_measure_has_a_witness():
    figures = {row["figure"] for row in ROWS}
    new = list(MEASURES)[list(MEASURES).index("road") : list(MEASURES).index("sanity_check")]
    assert {f.name for m in new for f in MEASURES[m].figures} <= figures
    assert {"relevance_rank", "mask_auc"} <= figures


W = np.random.default_rng(1).standard_normal((3, 12))


def linear(x):
    """A network whose score is linear in the picture (N, 1, 3, 4)."""
    return x.reshape(len(x), -1) @ W.T + 1.0


def picture():
    return np.random.default_rng(2).standard_normal((1, 1, 3, 4))


def test_of_a_linear_network_the_gradient_foretells_everything():
    x, gradient = picture(), W[1].reshape(1, 3, 4)
    removed = of_infidelity.squares(x, 0, 9)
    assert of_infidelity.infidelity(linear, x, 1, gradient, removed, scaled=False) < 1e-24
    assert of_infidelity.infidelity(linear, x, 1, 7 * gradient, removed) < 1e-24
    assert of_infidelity.infidelity(linear, x, 1, gradient[:, ::-1], removed) > 0.01
    contribution = gradient * x[0]
    assert completeness(linear, x, 1, contribution) < 1e-12
    assert completeness(linear, x, 1, contribution * 2) == pytest.approx(0.5)
    subsets = drawn(12, 0, 30)
    assert faithfulness_correlation(linear, x, 1, contribution[0], subsets) == pytest.approx(1)
    assert faithfulness_correlation(linear, x, 1, -contribution[0], subsets) == pytest.approx(-1)


def test_sensitivity_is_how_far_the_map_moves():
    x, noise = picture(), of_sensitivity.uniform(picture(), 3)
    assert noise.shape == (10, 1, 3, 4) and 0.015 < np.abs(noise).max() <= 0.02
    doubled = of_sensitivity.sensitivities(lambda v: 2 * v[:, 0], x, 2 * x[0, 0], noise)
    length = np.sqrt((noise**2).sum(axis=(1, 2, 3)) / (x**2).sum())
    np.testing.assert_allclose(doubled, length)
    still = lambda v: np.zeros((len(v), 3, 4))  # noqa: E731
    assert not of_sensitivity.sensitivities(still, x, np.zeros((3, 4)), noise).any()
    with pytest.raises(MeasureError, match="not all finite"):
        of_sensitivity.sensitivities(lambda v: v[:, 0] * np.nan, x, x[0, 0], noise)


def test_what_is_imputed_is_the_mean_of_its_neighbours():
    x, known = np.random.default_rng(0).standard_normal((2, 9, 11)), np.ones((9, 11), bool)
    known[2:7, 3:8] = known[0, 0] = known[8, 4:9] = False
    filled = imputed(x, known)
    assert np.array_equal(filled[:, known], x[:, known])
    K = np.array([[1, 2, 1], [2, 0, 2], [1, 2, 1]]) / 12
    for i, j in np.argwhere(~known):
        rows, columns = slice(max(i - 1, 0), i + 2), slice(max(j - 1, 0), j + 2)
        at = (slice(max(1 - i, 0), max(1 - i, 0) + filled[0, rows].shape[0]),)
        weights = K[at[0]][:, max(1 - j, 0) : max(1 - j, 0) + filled[0, 0, columns].shape[0]]
        mean = (weights * filled[:, rows, columns]).sum(axis=(1, 2)) / weights.sum()
        np.testing.assert_allclose(filled[:, i, j], mean, atol=1e-6)
    flat = imputed(np.full((1, 9, 11), 3.5), known)
    np.testing.assert_allclose(flat, 3.5, rtol=1e-7)
    with pytest.raises(MeasureError, match="no pixel is known"):
        imputed(x, np.zeros((9, 11), bool))


def test_road_is_turned_round_with_the_map():
    case = cases()[2]
    map = np.random.default_rng(0).permutation(case.map.size).reshape(case.map.shape) + case.map * 1e6
    found = road(case.net, case.x, case.c, map, noise=0)
    assert (
        road(case.net, case.x, case.c, -map, noise=0) == pytest.approx(-found, abs=1e-6)
        and abs(found) > 0.001
    )


def test_drop_increase_and_adcc_of_a_map_that_leaves_all_or_nothing():
    x = picture()
    everything, nothing = np.ones((3, 4)), np.zeros((3, 4))
    assert np.array_equal(shown(x, 5 * everything), x) and not shown(x, nothing).any()
    assert average_drop(linear, x, 1, everything) == 0 and not average_increase(linear, x, 1, everything)
    whole, left = probability(linear, np.concatenate([x, 0 * x]), 1)
    assert average_drop(linear, x, 1, nothing) == pytest.approx(max(0, 1 - left / whole))
    assert average_increase(linear, x, 1, nothing) == (left > whole)
    assert (
        adcc(linear, x, 1, nothing, lambda _: nothing)
        == 0
        == adcc(linear, x, 1, everything, lambda _: everything)
    )
    half = np.where(np.arange(12).reshape(3, 4) < 3, 1.0, 0)
    drop = average_drop(linear, x, 1, half)
    expected = 3 / (1 + 1 / 0.75 + 1 / (1 - drop))
    assert adcc(linear, x, 1, half, lambda _: 4 * half) == pytest.approx(expected)
    with pytest.raises(MeasureError, match="goes down to -1"):
        average_drop(linear, x, 1, -everything)


def test_sparse_and_complex_at_their_ends():
    one, even = np.zeros((4, 5)), np.ones((4, 5))
    one[2, 3] = -7
    assert sparseness(one) == pytest.approx(19 / 20) and sparseness(even) == 0 == sparseness(0 * even)
    assert complexity(one) == 0 and complexity(even) == pytest.approx(np.log(20)) == complexity(0 * even)


def test_another_class_is_any_but_this():
    assert {another(2, 4, seed) for seed in range(40)} == {0, 1, 3}
    map = np.random.default_rng(0).random((9, 9))
    assert random_logit(map, 3 * map) == pytest.approx(1) and random_logit(map, map.T) < 0.9
    assert random_logit(map, 0 * map) == 0


def test_rank_accuracy_and_auc_count_pairs():
    random = np.random.default_rng(4)
    map, truth = random.integers(0, 6, (5, 6)).astype(float), random.random((5, 6)) < 0.4
    on, beside = map[truth], map[~truth]
    pairs = (on[:, None] > beside).mean() + (on[:, None] == beside).mean() / 2
    assert mask_auc(map, truth) == pytest.approx(pairs)
    assert mask_auc(truth.astype(float), truth) == 1 and mask_auc(map, np.ones_like(truth)) == 0.5
    assert relevance_rank_accuracy(truth + 0.1 * map / 9, truth) == 1
    assert relevance_rank_accuracy(-truth.astype(float), truth) < 0.5
    with pytest.raises(MeasureError, match="give them one size"):
        mask_auc(map, truth[:, :4])
