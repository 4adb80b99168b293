"""The sanity check: which layers are random when, and whether a map notices."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import weights
from gradcam.measure import drawn_anew, layers_with_weights, randomised, similarity
from gradcam.measure.baselines import CENTRE, RANDOM
from gradcam.measure.measures.sanity_check import ORDERS
from gradcam.measure.pictures.photos import Photos
from gradcam.measure.study import run
from gradcam.measure.study.sanity_curves import curves, figure, styles, table_of_likeness, verdict
from gradcam.methods import METHODS as METHODS_OF_EXPLAIN
from minicnn import nets
from tests.gradcam.measure.test_over_pictures import METHODS, network, photos, plain_card  # noqa: F401
from tests.support.small_nets import small_vgg


def test_layers_become_random_from_the_scores_down_or_one_at_a_time():
    net = small_vgg()
    names = layers_with_weights(net)
    assert names == ["fc8", "fc6", "conv2_1", "conv1_1"]
    kept = {k: t.data.copy() for k, t in net.arrays().items()}
    for way, expected in {
        "cascading": [names[: k + 1] for k in range(4)],
        "independent": [[n] for n in names],
    }.items():
        for copy, random in zip(randomised(net, way), expected, strict=True):
            changed = {
                key.removesuffix(".W")
                for key, t in copy.arrays().items()
                if key.endswith(".W") and np.any(t.data != kept[key])
            }
            assert changed == set(random)
    assert all(np.array_equal(t.data, kept[k]) for k, t in net.arrays().items())


def test_a_fire_module_is_one_step_and_its_layers_differ():
    names = layers_with_weights(nets.squeezenet())
    assert names == ["conv10", *(f"fire{n}" for n in range(9, 1, -1)), "conv1"]
    copy = drawn_anew(nets.squeezenet(), ["fire2", "fire3"], 0)
    two, three = (copy.arrays()[f"{name}/expand3x3.W"].data for name in ("fire2", "fire3"))
    assert two.std() == pytest.approx(np.sqrt(2 / (16 * 9)), rel=0.05)
    assert two.shape == three.shape and not np.array_equal(two, three)


def test_every_step_draws_something_and_a_batchnorm_is_no_step():
    net = weights.build("mini_resnet")
    names = layers_with_weights(net)
    assert names == ["fc", *(f"layer{s}.{k}" for s in (4, 3, 2, 1) for k in (1, 0)), "conv1"]
    before = {k: t.data.copy() for k, t in net.arrays().items()}
    for name, copy in zip(names, randomised(net, "independent"), strict=True):
        changed = {k for k, t in copy.arrays().items() if np.any(t.data != before[k])}
        assert changed and {k.startswith(f"{name}.") or k.startswith(f"{name}/") for k in changed} == {True}


def test_random_weights_depend_on_the_seed_alone():
    one, same, other = (randomised(small_vgg(), "cascading", *seed)[-1].arrays() for seed in ([], [0], [1]))
    assert all(np.array_equal(one[k].data, same[k].data) for k in one)
    assert not np.array_equal(one["conv1_1.W"].data, other["conv1_1.W"].data)


def test_similarity_of_the_same_map_of_its_negative_and_of_nothing():
    raw = np.random.default_rng(0).standard_normal((3, 16, 16))
    intensity = abs(raw).max(axis=0)
    assert similarity((raw, intensity), (raw, intensity)) == pytest.approx([1, 1, 1])
    assert similarity((raw, intensity), (-raw, 5 * intensity)) == pytest.approx([-1, 1, 1])
    assert similarity((raw, intensity), (raw, 0 * intensity)) == (0, 0, 0)


def test_rows_curves_and_table(photos):  # noqa: F811
    net = network()
    rows = run.sanity(net, Photos(photos[0], net.card), (*METHODS, "occlusion"), 3, workers=2, progress=False)
    found = curves(rows)
    assert set(found) >= {RANDOM, CENTRE, "gradient", "grad_cam", "cam", "occlusion"}
    layers = layers_with_weights(net)
    for method in (RANDOM, "gradient"):
        for way in ORDERS:
            assert found[method][way].shape == (3, len(layers), 3)
    assert np.all(found[CENTRE]["cascading"] == 1)
    # the gradient of a network whose lower layers are random has another sign as often as not;
    # a network itself is unchanged by measuring
    assert np.abs(found["gradient"]["cascading"][:, -1, 0]).max() < 0.6
    again = run.sanity(
        net, Photos(photos[0], net.card), (*METHODS, "occlusion"), 3, workers=1, progress=False
    )
    assert again == rows
    text = table_of_likeness(rows)
    assert text.count("\n") == len(found) + 1
    page = figure(rows, layers, "Tiny")
    assert len(page.axes) == 6
    lines = page.axes[0].get_lines()
    assert {line.get_label().split(" (")[0] for line in lines} >= set(METHODS) - {"deconvnet"}
    gradient = next(line for line in lines if line.get_label().startswith("gradient"))
    np.testing.assert_allclose(
        gradient.get_ydata(), [1, *found["gradient"]["cascading"][..., 0].mean(axis=0)]
    )


def test_a_map_that_is_zero_before_anything_is_random_is_a_failure(photos):  # noqa: F811
    net = network()
    net["fc"].W.data[:] = 0
    row, *_ = run.sanity(net, Photos(photos[0], net.card), ["grad_cam"], 1, progress=False)
    assert row["failed"] == {"grad_cam": "the intact network's map is zero"}
    assert "grad_cam" not in row["values"]


def test_the_verdict_follows_the_numbers():
    def rows(left):
        return [{"values": {m: {way: [[0, v, v]] * 2 for way in ORDERS} for m, v in left.items()}}]

    left = {"gradient": 0.1, "grad_cam": 0.2, "guided_backprop": 0.8, "guided_grad_cam": 0.9}
    assert "grad_cam 0.20" in verdict(rows(left)) and verdict(rows(left)).count("it holds here") == 4
    assert verdict(rows(left | {"grad_cam": 0.85})).count("it does not hold here") == 4
    assert verdict(rows({"gradient": 0.1})) == ""


def test_no_two_curves_look_alike_and_those_behind_are_wider():
    """Gradient and saliency have the same magnitudes: the one is seen behind the other."""
    of = styles([RANDOM, CENTRE, *METHODS_OF_EXPLAIN])
    looks = [(colour, line) for colour, line, _ in of.values()]
    assert len(set(looks)) == len(looks) == len(METHODS_OF_EXPLAIN) + 2
    greys = [m for m, (colour, *_) in of.items() if np.ptp(to_rgb(colour)) < 0.1]
    assert greys == [RANDOM, CENTRE]
    widths = [of[m][2] for m in METHODS_OF_EXPLAIN]
    assert np.all(np.diff(widths) < 0) and widths[-1] >= 1


def test_the_table_is_aligned(photos):  # noqa: F811
    net = network()
    lines = table_of_likeness(
        run.sanity(net, Photos(photos[0], net.card), ("gradient", "grad_cam"), 2, workers=1, progress=False)
    ).splitlines()
    bars = [[k for k, sign in enumerate(line) if sign == "|"] for line in lines]
    assert len(lines) == 6 and bars[0] and all(b == bars[0] for b in bars)
