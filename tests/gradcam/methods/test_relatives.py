"""Grad-CAM's relatives against their formulas, written out another way, and the identities that bind them."""

import doctest

import numpy as np
import pytest

import gradcam.rules
from gradcam import (
    RELATIVES,
    ablation_cam,
    cam,
    eigen_cam,
    explain,
    grad_cam,
    grad_cam_pp,
    gradient,
    hirescam,
    integrated_gradients,
    layercam,
    score_cam,
    smoothgrad,
    upsample,
    xgrad_cam,
)
from gradcam.methods import METHODS
from gradcam.methods.cam import cam_head
from minicnn import GraphError, ReLU, Tensor, backward, find, one_hot
from minicnn.replay import replay
from tests.support.compare import assert_close, relative, same_bits
from tests.support.small_nets import picture, small_vgg
from tests.support.strict_array import StrictArray

C = 3


@pytest.fixture
def passed():
    """net, x, y, A, g = dy_c/dA, and g, A as nested lists would have them:
    one picture, one map, one place at a time.
    """
    net, x = small_vgg(), picture()
    y = net(x)
    A = find(y, "relu2_1")
    return net, x, y, A, backward(y, one_hot(y, C), A)


def by_places(A, g, weight):
    """sum_k weight(A^k, g^k)_ij A^k_ij, one number at a time;
    weight: of a map and its derivative -> a number or (h, w)
    """
    N, K, h, w = A.shape
    L = np.zeros((N, h, w))
    for n in range(N):
        for k in range(K):
            at = np.broadcast_to(weight(A.data[n, k], g[n, k]), (h, w))
            for i in range(h):
                for j in range(w):
                    L[n, i, j] += at[i, j] * A.data[n, k, i, j]
    return L


def grad_cam_pp_weight(A, g):
    total, w = A.sum(), 0
    for gij in g.ravel():
        if gij > 0:
            w += gij**2 / (2 * gij**2 + total * gij**3) * gij
    return w


WEIGHTS = {
    grad_cam_pp: grad_cam_pp_weight,
    xgrad_cam: lambda A, g: sum(a * d for a, d in zip(A.ravel(), g.ravel())) / A.sum() if A.any() else 0,
    hirescam: lambda A, g: g,
    layercam: lambda A, g: np.where(g > 0, g, 0),
}


@pytest.mark.parametrize("method", WEIGHTS)
def test_maps_weighed_by_derivatives_place_by_place(passed, method):
    _, _, y, A, g = passed
    expected = by_places(A, g, WEIGHTS[method])
    assert expected.max() > 0 and relative(expected, grad_cam(y, C, A, relu=False)) > 0.01
    assert_close(method(y, C, A), expected if method is hirescam else np.maximum(expected, 0))
    if method in (xgrad_cam, hirescam):
        assert expected.min() < 0, "the map must have negative values, or the ReLU is not tested"
        assert_close(method(y, C, A, relu=True), np.maximum(expected, 0))
        assert_close(method(y, C, A, relu=False), expected)


def test_xgrad_cam_adds_up_to_what_the_derivatives_say_of_the_maps(passed):
    _, _, y, A, g = passed
    assert_close(xgrad_cam(y, C, A, relu=False).sum(axis=(1, 2)), (g * A.data).sum(axis=(1, 2, 3)))


def test_hirescam_adds_up_to_the_score_without_the_bias_on_a_single_linear_head():
    net, x = small_vgg(gap=True), picture(1)
    y = net(x)
    A, W = cam_head(y)
    b = net["fc"].b.data
    for c in range(5):
        L = hirescam(y, c, A)
        assert_close(L.sum(axis=(1, 2)), y.data[:, c] - b[c])
        assert_close(L, cam(A, W, c) / (A.shape[2] * A.shape[3]), 1e-12)
        assert_close(L, grad_cam(y, c, A, relu=False), 1e-12)


def test_eigen_cam_is_the_first_component_and_positive_behind_a_relu(passed):
    _, _, _, A, _ = passed
    L = eigen_cam(A)
    for n in range(2):
        M = A.data[n].reshape(A.shape[1], -1).T
        values, vectors = np.linalg.eigh(M.T @ M)
        first = vectors[:, values.argmax()]
        assert_close(L[n].ravel(), M @ first * np.sign(first.sum()))
    assert L.min() >= 0 and L.max() > 0
    flipped = eigen_cam(-A.data)
    assert_close(flipped, -L)
    assert_close(eigen_cam(A.data[:, ::-1]), L)
    centred = eigen_cam(A, centre=True)
    assert abs(centred.sum()) < 1e-10 * abs(centred).sum() and np.array_equal(
        eigen_cam(A, centre=True, relu=True), np.maximum(centred, 0)
    )


def map_by_map(net, x, A):
    """Score-CAM's equations, for one picture and one map after the other."""
    expected = np.zeros((len(x), *A.shape[2:]))
    for n in range(len(x)):
        scores = []
        for k in range(A.shape[1]):
            H = upsample(A[n, k], x.shape[-2:])
            H = (H - H.min()) / (H.max() - H.min()) if A[n, k].max() > A[n, k].min() else 0 * H
            scores.append(net(x[n : n + 1] * H)[0, C])
        share = np.exp(np.array(scores)) / np.exp(np.array(scores)).sum()
        expected[n] = np.maximum(sum(s * A[n, k] for k, s in enumerate(share)), 0)
    return expected


def test_score_cam_picture_by_picture_and_map_by_map(passed):
    net, x, _, A, _ = passed
    expected = map_by_map(net, x.data, A.data)
    assert_close(score_cam(net, x, C, A), expected)
    assert_close(score_cam(net, x.data, C, A.data, batch=3), expected)
    assert relative(score_cam(net, x, C, A, upsampling="nearest"), expected) > 1e-3


def test_a_constant_map_shows_the_empty_picture_to_score_cam(passed):
    net, x, _, A, _ = passed
    constant, pictures = A.data.copy(), []
    constant[:, [1, 4]], constant[0, 2] = 0, 0  # two in both pictures, one in the first alone

    def counted(images):
        pictures.append(len(images))
        return net(images)

    assert_close(score_cam(counted, x, C, constant), map_by_map(net, x.data, constant))
    assert sum(pictures) == 2 * (A.shape[1] - 1)  # what hides everything is looked through once
    constant[:, 0] = 7
    assert np.isfinite(score_cam(net, x, C, constant)).all()


def test_ablation_cam_without_each_map_in_turn(passed):
    net, _, y, A, _ = passed
    expected = np.zeros((2, *A.shape[2:]))
    for n in range(2):
        for k in range(A.shape[1]):
            without = A.data[n : n + 1].copy()
            without[:, k] = 0
            after = [step for step in net.steps if step.name in ("pool2", "flatten", "fc6", "relu6", "fc8")]
            for step in after:
                without = step(without)
            expected[n] += (y.data[n, C] - without[0, C]) / y.data[n, C] * A.data[n, k]
    assert expected.min() < 0 < expected.max()
    assert_close(ablation_cam(y, C, A, relu=False), expected)
    assert_close(ablation_cam(y, C, A, batch=3), np.maximum(expected, 0))


def test_replay_is_the_forward_pass_and_leaves_the_graph_alone(passed):
    net, x, y, A, g = passed
    other = net(picture(5).data)
    stacked = np.concatenate([x.data, picture(5).data, x.data])
    assert_close(replay(y, x, stacked), np.concatenate([y.data, other, y.data]))
    assert same_bits(backward(y, one_hot(y, C), A), g)
    with pytest.raises(GraphError, match="does not depend on"):
        replay(A, y, y.data)


def test_replay_repeats_what_does_not_depend_on_the_maps():
    from minicnn import nets

    net = nets.resnet20().initialise(1).astype(np.float64)
    x = np.random.default_rng(0).standard_normal((2, 3, 32, 32))
    y = net(Tensor(x, "x"))
    A = find(y, "layer3.2.relu1")  # inside a block: the other way around it does not depend on it
    again = replay(y, A, np.concatenate([A.data, 2 * A.data, A.data]))
    assert_close(again[:2], y.data), assert_close(again[4:], y.data)
    assert relative(again[2:4], y.data) > 0.01


def test_smoothgrad_is_a_mean_of_gradients(passed):
    net, x, y, _, _ = passed
    plain = gradient(y, C, x)
    assert_close(smoothgrad(net, x, C, n=3, noise=0), plain)
    sigma = 0.2 * (x.data.max(axis=(1, 2, 3)) - x.data.min(axis=(1, 2, 3)))
    random, expected = np.random.default_rng(7), 0
    for _ in range(6):
        noisy = Tensor(x.data + sigma[:, None, None, None] * random.standard_normal(x.shape[1:]), "x")
        expected = expected + gradient(net(noisy), C, noisy) / 6
    assert_close(smoothgrad(net, x, C, n=6, noise=0.2, random_seed=7), expected)
    assert_close(smoothgrad(net, x.data, C, n=6, noise=0.2, random_seed=7, batch=4), expected)
    assert relative(smoothgrad(net, x, C, n=6, noise=0.2, random_seed=8), expected) > 0.01
    assert relative(expected, plain) > 0.01


def test_integrated_gradients_of_a_linear_network_need_one_step():
    net, x = small_vgg(), picture()
    linear = small_vgg(gap=True)
    linear.steps = [step for step in linear.steps if not step.name.startswith(("relu", "pool"))]
    y = linear(x)
    for rule in ("gauss", "right", "midpoint"):
        assert_close(integrated_gradients(linear, x, C, steps=1, rule=rule), x.data * gradient(y, C, x))
    with pytest.raises(ValueError, match="rule is one of gauss, right, midpoint"):
        integrated_gradients(net, x, C, rule="left")


@pytest.mark.parametrize("baseline", [0.0, 0.5, "random"])
def test_integrated_gradients_are_complete(baseline):
    net, x = small_vgg(), picture()
    baseline = picture(8).data if baseline == "random" else baseline
    difference = net(x.data)[:, C] - net(baseline + 0 * x.data)[:, C]
    errors = []
    for steps in (2, 20, 400):
        map = integrated_gradients(net, x, C, baseline, steps, rule="midpoint")
        errors.append(np.abs(map.sum(axis=(1, 2, 3)) - difference).max() / np.abs(difference).max())
    assert errors[2] < errors[1] < errors[0] and errors[2] < 0.005
    assert_close(
        integrated_gradients(net, x, C, baseline, 20, batch=3),
        integrated_gradients(net, x, C, baseline, 20),
        1e-12,
    )


@pytest.mark.parametrize("classes", [[C, 1], [(2, 4)]])
def test_explain_gives_what_the_relatives_give_alone(classes):
    net, x = small_vgg(), picture()
    y = net(x)
    A = find(y, "relu2_1")
    options = {"smoothgrad": {"n": 4}, "integrated_gradients": {"steps": 5}, "xgrad_cam": {"relu": False}}
    e = explain(net, x.data, classes, list(RELATIVES), layer="relu2_1", options=options)
    for c in classes:
        alone = {
            "grad_cam++": grad_cam_pp(y, c, A), "xgrad_cam": xgrad_cam(y, c, A, relu=False),
            "hirescam": hirescam(y, c, A),
            "layercam": layercam(y, c, A), "eigen_cam": eigen_cam(A), "score_cam": score_cam(net, x, c, A),
            "ablation_cam": ablation_cam(y, c, A), "smoothgrad": smoothgrad(net, x, c, n=4),
            "integrated_gradients": integrated_gradients(net, x, c, steps=5),
        }  # fmt: skip
        for method, expected in alone.items():
            assert_close(e[method, c], expected, 1e-12)
        for method in RELATIVES:
            fine = (2, 12, 16) if method == "full_grad" else x.shape  # without colours
            assert e[method, c].shape == ((2, 6, 8) if METHODS[method].at_layer else fine)
            assert np.isfinite(e[method, c]).all()
    assert all(m.at_layer for m in METHODS.values() if m.weights)


@pytest.mark.parametrize("method", RELATIVES)
def test_a_batch_gives_what_its_pictures_give_alone(method):
    net, x = small_vgg(), picture(2)
    together = explain(net, x.data, [(1, 4)], [method], layer="relu2_1")[method]
    alone = [
        explain(net, x.data[n : n + 1], c, [method], layer="relu2_1")[method] for n, c in enumerate((1, 4))
    ]
    assert_close(together, np.concatenate(alone), 1e-12)


def test_float32_stays_float32():
    net, x = small_vgg(dtype=np.float32), picture(dtype=np.float32)
    e = explain(net, x.data, C, list(RELATIVES), layer="relu2_1")
    assert {m: e[m].dtype for m in RELATIVES} == dict.fromkeys(RELATIVES, np.dtype(np.float32))


@pytest.mark.parametrize("method", RELATIVES)
def test_relatives_are_computed_where_the_network_is(method):
    net, x = small_vgg(), picture()
    options = {"smoothgrad": {"n": 4}, "integrated_gradients": {"steps": 5}}
    expected = explain(net, x.data, C, [method], layer="relu2_1", options=options)[method]
    found = explain(net.map(StrictArray), StrictArray(x.data), C, [method], layer="relu2_1", options=options)[
        method
    ]
    assert isinstance(found, StrictArray)
    assert_close(found.get(), expected)


def test_the_rule_of_a_users_own_in_the_documentation():
    net, x = small_vgg(), picture()
    y = net(x)
    known = {"backward": backward, "one_hot": one_hot, "ReLU": ReLU, "y": y, "x": x, "c": C}
    test = doctest.DocTestParser().get_doctest(gradcam.rules.__doc__, known, "rules", None, None)
    runner = doctest.DocTestRunner()
    assert len(test.examples) == 2 and runner.run(test, clear_globs=False).failed == 0
    g, plain = test.globs["g"], gradient(y, C, x)
    assert relative(g, plain) > 0.05 and g.any()
    seen = []

    def by_hand(op, gy):
        expected = np.zeros_like(gy)
        for at in np.ndindex(gy.shape):
            if op.x[at] > 0 and abs(gy[at]) > 0.1 * abs(gy).max():
                expected[at] = gy[at]
        seen.append(np.count_nonzero(expected) < np.count_nonzero(gy * (op.x > 0)))
        return expected

    assert_close(g, backward(y, one_hot(y, C), wrt=x, rules={ReLU: by_hand}))
    assert any(seen), "the threshold cut nothing: nothing was tested"
