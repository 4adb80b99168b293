"""Methods where signs, ends and zeros decide: numbers by hand, negative scores, paths from one end."""

import numpy as np
import pytest

from gradcam import (
    Target,
    ablation_cam,
    eigen_cam,
    explain,
    grad_cam,
    gradient,
    integrated_gradients,
    layercam,
    occlusion,
    score_cam,
    smoothgrad,
    xgrad_cam,
)
from gradcam.methods import METHODS, relevance
from gradcam.methods.ablation_cam import lost
from gradcam.methods.batching import batch_size, in_batches
from gradcam.methods.cam import cam
from gradcam.methods.deep_lift import derivative
from gradcam.methods.full_grad import full_grad
from gradcam.methods.integrated_gradients import completeness_error, quadrature
from gradcam.methods.score_cam import stretched
from gradcam.methods.spelling import members
from gradcam.target import slope, strongest_unit
from minicnn import Add, Concat, GraphError, Linear, Sub, Tensor, backward, find, one_hot
from tests.support.compare import assert_close, relative
from tests.support.small_nets import picture, small_vgg

C = 3
NET, X = small_vgg(), picture().data


def at(x, c=C):
    x = Tensor(x, "x")
    return gradient(NET(x), c, x)


@pytest.mark.parametrize("baseline", [0.0, 0.7])
def test_the_path_of_integrated_gradients_ends_at_the_picture(baseline):
    far = X - baseline
    one = integrated_gradients(NET, X, C, baseline, steps=1, rule="right")
    assert_close(one, far * at(X))
    assert relative(one, far * at(baseline + 0 * X)) > 0.05
    two = integrated_gradients(NET, X, C, baseline, steps=2, rule="right")
    assert_close(two, far * (at(X) + at(baseline + far / 2)) / 2)
    places = (1 + np.array([-1, 1]) / np.sqrt(3)) / 2
    gauss = integrated_gradients(NET, X, C, baseline, steps=2)
    assert_close(gauss, far * sum(at(baseline + a * far) for a in places) / 2)
    middles = integrated_gradients(NET, X, C, baseline, steps=3, rule="midpoint", batch=2)
    assert_close(middles, far * sum(at(baseline + a * far) for a in (1 / 6, 1 / 2, 5 / 6)) / 3)


def test_places_and_weights_of_a_path():
    assert quadrature(4, "right")[0].tolist() == [0.25, 0.5, 0.75, 1]
    assert quadrature(2, "midpoint")[0].tolist() == [0.25, 0.75]
    places, weights = quadrature(3)
    assert places == pytest.approx((1 + np.sqrt(0.6) * np.array([-1, 0, 1])) / 2)
    assert weights == pytest.approx(np.array([5, 8, 5]) / 18)
    error = completeness_error(NET, X, C, np.ones(X.shape))
    whole = NET(X)[:, C] - NET(0 * X)[:, C]
    assert_close(error, abs(X[0].size - whole) / abs(whole))


def test_the_share_of_a_negative_score_keeps_its_sign():
    assert lost(np.array([[-2.0]]), np.array([[-3.0, 1.0, -2.0]])).tolist() == [[-0.5, 1.5, 0]]
    assert lost(np.array([[2.0]]), np.array([[3.0, -1.0]])).tolist() == [[-0.5, 1.5]]
    assert lost(np.array([[0.0]]), np.array([[3.0, -1.0]])).tolist() == [[-3, 1]]


@pytest.mark.parametrize("shift", [-5.0, 5.0])
def test_ablation_cam_of_a_score_of_either_sign(shift):
    net = small_vgg()
    net["fc8"].b.data[C] += shift
    y = net(Tensor(X, "x"))
    A = find(y, "relu2_1")
    assert (np.sign(y.data[:, C]) == np.sign(shift)).all()
    signed = ablation_cam(y, C, A, relu=False)
    loss = np.zeros_like(signed)
    after = [step for step in net.steps if step.name in ("pool2", "flatten", "fc6", "relu6", "fc8")]
    for k in range(A.shape[1]):
        without = A.data.copy()
        without[:, k] = 0
        for step in after:
            without = step(without)
        loss += (y.data[:, C] - without[:, C])[:, None, None] * A.data[:, k]
    assert_close(signed, loss / y.data[:, C][:, None, None])


def test_passes_are_cut_into_batches_in_order():
    assert [(s.start, s.stop) for s in in_batches(7, 3, "", False)] == [(0, 3), (3, 6), (6, 7)]
    assert batch_size(np.zeros((1, 3, 2**10, 2**10))) == 1
    assert batch_size(np.zeros(2**18)) == 4 and batch_size(np.zeros(2**18 + 1)) == 3


G = np.array([[[[1.0, -2.0]], [[0.0, 3.0]], [[4.0, 1.0]]]])  # (1, 3, 1, 2)
A = np.array([[[[2.0, 1.0]], [[-1.0, -1.0]], [[0.0, 0.0]]]])


def test_weights_of_two_places():
    assert METHODS["xgrad_cam"].weights(G, A).ravel() == pytest.approx(
        [(2 * 1 + 1 * -2) / 3, (0 - 3) / -2, 0]
    )
    assert METHODS["xgrad_cam"].weights(G, A, 1.0).ravel() == pytest.approx([0, -3 / -1, 0])
    assert METHODS["layercam"].weights(G, A).tolist() == [[[[1, 0]], [[0, 3]], [[4, 1]]]]
    by_hand = [1 / (2 + 3), 9 * 3 / (18 - 2 * 27), 16 * 4 / 32 + 1 / 2]
    assert METHODS["grad_cam++"].weights(G, A).ravel() == pytest.approx(by_hand)


def test_cam_takes_the_weights_of_each_pictures_class():
    W = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]])
    assert cam(A, W, 0).tolist() == [[[2 - 2, 1 - 2]]]
    both = cam(np.concatenate([A, A]), W, np.array([1, 0]))
    assert both.tolist() == [[[-1, -1]], [[0, -1]]]
    assert cam(A[:, :, 0], W, 0).tolist() == [[2 - 2, 1 - 2]]  # of a signal, and of a volume
    assert cam(A[:, :, None], W, 0).tolist() == [[[[2 - 2, 1 - 2]]]]


def test_what_is_linear_in_two_inputs_hands_multipliers_to_each():
    x, z = (Tensor(v) for v in np.random.default_rng(0).standard_normal((2, 2, 3)))
    m = np.arange(6.0).reshape(2, 3)
    for op, signs in ((Sub, (1, -1)), (Add, (1, 1))):
        gx, gz = derivative(op()(x, z).op, m)
        assert (gx == signs[0] * m).all() and (gz == signs[1] * m).all()
    first, second = derivative(Concat(1)(x, z).op, np.arange(12.0).reshape(2, 6))
    assert first.tolist() == [[0, 1, 2], [6, 7, 8]] and second.tolist() == [[3, 4, 5], [9, 10, 11]]


def test_maps_are_stretched_one_by_one_and_constants_are_zero():
    H = np.array([[[[1.0, 3.0, 2.0]], [[5.0, 5.0, 5.0]]]])
    assert stretched(H).tolist() == [[[[0, 1, 0.5]], [[0, 0, 0]]]]
    assert stretched(H, 2.0).tolist() == [[[[0, 0.5, 0.25]], [[0, 0, 0]]]]


def test_smoothgrad_draws_the_same_noise_for_every_picture_and_scales_it_by_each():
    x = np.concatenate([X[:1], 2 * X[:1]])
    sigma = 0.1 * np.ptp(X[0])
    noise = np.random.default_rng(3).standard_normal((2, *X.shape[1:]))
    found = smoothgrad(NET, x, C, n=2, noise=0.1, random_seed=3, batch=1)
    for n, times in enumerate((1, 2)):
        noisy = times * (X[:1] + sigma * noise)
        assert_close(found[n], at(noisy).mean(axis=0))


def test_eigen_cam_points_where_its_vectors_entries_add_up_to():
    maps = np.array([[[[3.0, 0.0]], [[0.0, 0.0]]]])
    assert_close(eigen_cam(maps), maps[:, 0])
    assert_close(eigen_cam(-maps), -maps[:, 0])
    even = np.array([[[[1.0, 3.0]], [[1.0, 3.0]]]])
    assert_close(eigen_cam(even), np.sqrt(2) * even[:, 0])
    assert_close(eigen_cam(even, centre=True), np.sqrt(2) * np.array([[[-1.0, 1.0]]]))


def test_a_stack_of_methods_is_each_alone_and_the_sum_of_two_signals_at_one_tensor_is_their_sum():
    x = Tensor(X, "x")
    y = NET(x)
    one, other = one_hot(y, 1), one_hot(y, 4)
    both = backward([y, y], [one, other], wrt=x)
    assert_close(both, backward(y, one, wrt=x) + backward(y, other, wrt=x))
    hidden = find(y, "relu2_1")
    unit = np.random.default_rng(0).standard_normal(hidden.shape)
    three = backward([y, hidden, y], [one, unit, other], wrt=x)
    assert_close(three, both + backward(hidden, unit, wrt=x))
    e = explain(NET, X, [Target.score(1) - 2 * Target.score(4), 1, 4], ["gradient", "grad_cam"], "relu2_1")
    first, second, third = e.classes
    assert_close(e["gradient", first], e["gradient", second] - 2 * e["gradient", third])
    # of two tensors: their sum, too
    far = Target.unit(2, 1, 3, layer="relu2_1")
    mixed = explain(NET, X, [Target.score(1) - 2 * far, 1, far], ["gradient"])
    first, second, third = mixed.classes
    expected = mixed["gradient", second] - 2 * mixed["gradient", third]
    assert mixed["gradient", third].any()
    assert_close(mixed["gradient", first], expected)
    # beside each other in one stack
    together = explain(NET, X, [1, far], ["gradient", "deconvnet", "guided_backprop"])
    for target in (1, far):
        alone = explain(NET, X, [target], ["gradient", "deconvnet", "guided_backprop"])
        for method in ("gradient", "deconvnet", "guided_backprop"):
            assert_close(together[method, target], alone[method, target])
            assert alone[method, target].any()


def test_a_probabilitys_slope():
    y = np.array([[1.0, 2.0, -1.0]])
    p = np.exp(y) / np.exp(y).sum()
    assert_close(slope(y, np.eye(3)[[1]]), p[:, 1] * (np.eye(3)[[1]] - p))
    s = 1 / (1 + np.exp(-y))
    assert_close(slope(y, np.eye(3)[[1]], "sigmoid"), np.eye(3)[[1]] * s * (1 - s))


def test_the_strongest_unit_of_maps_that_are_not_square():
    maps = np.zeros((2, 3, 4, 5))
    maps[0, 2, 1, 3] = maps[1, 1, 3, 1] = 7
    k, i, j = strongest_unit(Tensor(maps))
    assert (k.tolist(), i.tolist(), j.tolist()) == ([2, 1], [1, 3], [3, 1])


def test_pictures_with_classes_of_their_own_keep_them_in_a_batch():
    classes = (1, 4)
    y = NET(Tensor(X, "x"))
    maps = find(y, "relu2_1")
    for method in (
        lambda net, x, c: integrated_gradients(net, x, c, steps=3),
        lambda net, x, c: smoothgrad(net, x, c, n=3),
        lambda net, x, c: occlusion(net, x, c, 6, 6),
    ):
        found = method(NET, X, classes)
        for n, c in enumerate(classes):
            assert_close(found[n], method(NET, X[n : n + 1], c)[0])
    for n, c in enumerate(classes):
        alone = score_cam(NET, X[n : n + 1], c, maps.data[n : n + 1])
        assert_close(score_cam(NET, X, classes, maps)[n], alone[0])
        assert_close(ablation_cam(y, classes, maps)[n], ablation_cam(y, c, maps)[n])
        assert_close(grad_cam(y, classes, maps)[n], grad_cam(y, c, maps)[n])
        assert_close(layercam(y, classes, maps)[n], layercam(y, c, maps)[n])
        assert_close(xgrad_cam(y, classes, maps)[n], xgrad_cam(y, c, maps)[n])
        assert_close(full_grad(y, classes, find(y, "x"))[n], full_grad(y, c, find(y, "x"))[n])


def test_a_signal_of_each_pictures_own_stays_with_it():
    weights = np.random.default_rng(4).standard_normal((2, 5))
    found = integrated_gradients(NET, X, Target.signal(weights), steps=3)
    for n in range(2):
        alone = integrated_gradients(NET, X[n : n + 1], Target.signal(weights[n : n + 1]), steps=3)
        assert_close(found[n], alone[0])


# --- relevance of one linear layer, x = (1, -2), R = 7


@pytest.mark.parametrize(
    ("rule", "W", "b", "expected"),
    [
        # z = 2 + 2 + 3; what speaks for the unit, a quarter more of each: 2.5 + 2.5 + 3.75
        (relevance.gamma(0.25, 0), (2, -1), 3, (2, 2)), (relevance.gamma(0.25, 0), (-2, 1), -3, (2, 2)),
        (relevance.gamma(0.25, 0), (2, -1), None, (3.5, 3.5)),
        # 2 speaks for it, -2 and -5 against: 2 x 7 x 2/2, -1 x 7 x 2/7
        (relevance.alpha_beta(2, 1, 0), (2, 1), -5, (14, -2)),
        (relevance.alpha_beta(1, 0, 0), (2, 1), -5, (7, 0)),
        (relevance.alpha_beta(2, 1, 0), (2, 1), None, (14, -7)),
        (relevance.epsilon(0), (2, -1), 3, (2, 2)), (relevance.epsilon(1), (2, -1), 2, (2, 2)),
        (relevance.epsilon(0, 1), (2, -1), 3, (1, 1)), (relevance.epsilon(1), (-2, 1), -2, (2, 2)),
        # pixels from -3 to 4: 2 + 3 x 2 of the one, 2 + 4 x 1 of the other
        (relevance.z_box(-3, 4, 0), (2, -1), 3, (4, 3)), (relevance.flat(0), (2, -1), 3, (3.5, 3.5)),
    ],
)  # fmt: skip
def test_relevance_of_one_layer(rule, W, b, expected):
    x, W = Tensor(np.array([[1.0, -2.0]]), "x"), np.array([W], float)
    y = Linear()(x, W) if b is None else Linear()(x, W, np.array([b], float))
    assert rule(y.op, np.array([[7.0]])).ravel() == pytest.approx(expected, abs=1e-12)


def test_rules_that_do_not_conserve_are_refused():
    with pytest.raises(GraphError, match="alpha - beta must be 1"):
        relevance.alpha_beta(2, 2)
    assert relevance.stabilised(np.array([[3.0, -4], [0, 0]]), 0, 1).tolist() == [
        [3 + 12.5**0.5, -4 - 12.5**0.5], [np.inf, np.inf],
    ]  # fmt: skip
    assert relevance.stabilised(np.array([[0.0, 2]]), 0.5).tolist() == [[0.5, 2.5]]


def test_occlusion_of_several_targets_is_a_stack():
    alone = occlusion(NET, X, C, 6, 6)
    one = occlusion(NET, X, [Target.score(C)], 6, 6)
    two = occlusion(NET, X, [Target.score(C), -Target.score(C)], 6, 6)
    assert one.shape == (1, *alone.shape) and two.shape == (2, *alone.shape)
    assert_close(one[0], alone), assert_close(two[1], -alone)


def test_families_have_more_than_one_member_and_no_method_of_their_name():
    assert (
        members("LRP") == [name for name in METHODS if name.startswith("lrp_")] and len(members("LRP")) == 5
    )
    assert members("xgrad") == members("grad_cam") == members("qqqq") == []
