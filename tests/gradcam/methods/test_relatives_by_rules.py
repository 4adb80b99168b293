"""LRP and excitation backprop, tables of rules:
each rule by loops over its equation, and what must be conserved.
"""

import numpy as np
import pytest

from gradcam import LRP_ALPHA_BETA, LRP_EPSILON, LRP_GAMMA, excitation_backprop, explain, gradient, lrp
from gradcam.methods.relevance import alpha_beta, epsilon, flat, gamma, shares, table, z_box
from minicnn import Add, BatchNorm, GraphError, Linear, RuleError, Tensor, backward, find, load, nets
from minicnn.layer import Apply, ConvLayer, Sequential
from minicnn.nets import fold
from minicnn.ops import GlobalAvgPool, SiLU
from tests.support.compare import assert_close, relative
from tests.support.small_nets import picture, small_vgg

C, EPS = 3, 1e-6
CONSERVING = {
    "epsilon": epsilon(0),
    "gamma": gamma(0.25, 0),
    "alpha_beta": alpha_beta(2, 1, 0),
    "z_plus": alpha_beta(1, 0, 0),
}


def without_biases(net):
    for name, tensor in net.arrays().items():
        if name.endswith(".b"):
            tensor.data = np.zeros_like(tensor.data)
    return net


def positive(v):
    return max(v, 0.0)


def negative(v):
    return min(v, 0.0)


def guarded(z, eps=EPS):
    return z + (eps if z >= 0 else -eps)


def epsilon_by_hand(x, W, b, R, i):
    return sum(x[i] * W[j, i] / guarded(x @ W[j] + b[j]) * R[j] for j in range(len(R)))


def gamma_by_hand(x, W, b, R, i, g=0.25):
    """Andéol et al. 2021: the sign of z says which contributions are enlarged."""
    total = 0
    for j in range(len(R)):
        z = x @ W[j] + b[j]
        side = positive if z > 0 else negative
        enlarged = [x[k] * W[j, k] + g * side(x[k] * W[j, k]) for k in range(len(x))]
        total += enlarged[i] / guarded(sum(enlarged) + b[j] + g * side(b[j])) * R[j]
    return total


def alpha_beta_by_hand(x, W, b, R, i):
    total = 0
    for j in range(len(R)):
        for factor, side in ((2, positive), (-1, negative)):
            parts = [side(x[k] * W[j, k]) for k in range(len(x))]
            total += factor * parts[i] / guarded(sum(parts) + side(b[j])) * R[j]
    return total


def z_box_by_hand(x, W, b, R, i, low=-2.0, high=3.0):
    total = 0
    for j in range(len(R)):
        parts = [x[k] * W[j, k] - low * positive(W[j, k]) - high * negative(W[j, k]) for k in range(len(x))]
        total += parts[i] / guarded(sum(parts)) * R[j]
    return total


def flat_by_hand(x, W, b, R, i):
    return sum(R) / guarded(len(x))


RULES = {
    "epsilon": (epsilon(EPS), epsilon_by_hand), "gamma": (gamma(0.25), gamma_by_hand),
    "alpha_beta": (alpha_beta(), alpha_beta_by_hand),
    "z_box": (z_box(-2.0, 3.0), z_box_by_hand), "flat": (flat(), flat_by_hand),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_each_rule_by_loops_over_its_equation(name):
    rule, by_hand = RULES[name]
    random = np.random.default_rng(1)
    x, W, b, R = (random.standard_normal(shape) for shape in ((2, 5), (4, 5), 4, (2, 4)))
    y = Linear()(Tensor(x, "x"), Tensor(W), Tensor(b), name="fc")
    found = backward(y, R, wrt=y.op.inputs[0], rules=table(rule))
    assert_close(found, [[by_hand(x[n], W, b, R[n], i) for i in range(5)] for n in range(2)])


def test_a_convolution_is_a_linear_layer_on_every_window():
    random = np.random.default_rng(2)
    x, W, b = (
        random.standard_normal((1, 2, 3, 3)),
        random.standard_normal((4, 2, 3, 3)),
        random.standard_normal(4),
    )
    conv = ConvLayer("conv", 2, 4, 3)
    conv.W.data, conv.b.data = W, b
    image, vector = Tensor(x, "x"), Tensor(x.reshape(1, -1), "x")
    R = random.standard_normal((1, 4))
    y, z = conv(image), Linear()(vector, Tensor(W.reshape(4, -1)), Tensor(b), name="fc")
    for rule, _ in RULES.values():
        found = backward(y, R[:, :, None, None], image, table(rule))
        assert_close(found.reshape(1, -1), backward(z, R, vector, table(rule)), 1e-10)


def test_lrp_0_is_input_times_gradient_where_relus_and_pools_are_all_that_bends():
    """Shrikumar et al. 2016, sec. 3; and epsilon moves it away."""
    net, x = small_vgg(), picture()
    y = net(x)
    assert_close(lrp(y, C, x, table(epsilon(0))), x.data * gradient(y, C, x), 1e-10)
    assert relative(lrp(y, C, x, LRP_EPSILON), x.data * gradient(y, C, x)) > 0.1


@pytest.mark.parametrize("name", CONSERVING)
def test_relevance_is_conserved_without_biases_and_not_with_them(name):
    rules = table(CONSERVING[name])
    net, x = without_biases(small_vgg()), picture()
    y = net(x)
    for first in (None, z_box(x.data.min(), x.data.max(), 0), flat(0)):
        assert_close(lrp(y, C, x, rules, first).sum(axis=(1, 2, 3)), y.data[:, C], 1e-9)
    y = small_vgg()(x)
    assert relative(lrp(y, C, x, rules).sum(axis=(1, 2, 3)), y.data[:, C]) > 0.01
    eps = lrp(net(x), C, x, LRP_EPSILON).sum(axis=(1, 2, 3))
    assert np.all(abs(eps) < abs(net(x.data)[:, C])), "epsilon absorbs relevance"


def normalised():
    """A small VGG with batchnorm whose statistics and weights are random."""
    random = np.random.default_rng(3)
    net = nets.mini_vgg(batchnorm=True, classes=5).initialise(0).astype(np.float64)
    for name, tensor in net.arrays().items():
        if name.endswith((".gamma", ".var")):
            tensor.data = random.uniform(0.5, 1.5, tensor.shape)
        elif name.endswith((".beta", ".mean")):
            tensor.data = 0.2 * random.standard_normal(tensor.shape)
    return net


def test_an_epsilon_rule_does_with_batchnorm_what_it_does_after_folding_and_gamma_does_not():
    net, x = normalised(), Tensor(np.random.default_rng(0).standard_normal((1, 3, 32, 32)), "x")
    folded = load(nets.mini_vgg(classes=5).astype(np.float64), fold(net))
    y, z = net(x), folded(x)
    assert_close(y.data, z.data)
    rules = table(epsilon(0), elsewhere=shares(0))
    assert_close(lrp(y, 1, x, rules), lrp(z, 1, x, rules), 1e-9)
    assert relative(lrp(y, 1, x, LRP_GAMMA), lrp(z, 1, x, LRP_GAMMA)) > 0.01


def test_a_sum_of_two_shares_by_what_each_brings():
    x, z = Tensor(np.array([[1.0, -2.0, 0.0]]), "x"), Tensor(np.array([[3.0, 6.0, 0.0]]), "z")
    R = np.array([[8.0, 1.0, 5.0]])
    left, right = backward(Add()(x, z), R, [x, z], table(epsilon(0)))
    assert_close(left, [[2, -0.5, 0]], 1e-5), assert_close(right, [[6, 1.5, 0]], 1e-5)


def test_what_no_rule_speaks_of_is_refused():
    net = Sequential(
        ConvLayer("conv1", 3, 4, 3), Apply("silu1", SiLU), Apply("gap", GlobalAvgPool)
    ).initialise(0)
    x = picture(dtype=np.float32)
    with pytest.raises(RuleError, match="no rule says how relevance passes through SiLU"):
        lrp(net(x), 0, x, LRP_EPSILON)
    told = lrp(net(x), 0, x, LRP_EPSILON | {SiLU: lambda op, R: R})
    assert told.any()
    with pytest.raises(ValueError, match="alpha - beta must be 1"):
        alpha_beta(2, 2)
    unnamed = Linear()(Tensor(np.ones((1, 2))), Tensor(np.ones((2, 2))))
    with pytest.raises(GraphError, match="names of their own"):
        lrp(unnamed, 0, unnamed.op.inputs[0], LRP_EPSILON, first=flat())


def test_a_rule_for_the_first_layer_is_for_that_layer_only():
    net, x = small_vgg(), picture()
    y = net(x)
    A = find(y, "relu1_1")
    with_flat, without = (lrp(y, C, x, LRP_GAMMA, first) for first in (flat(), None))
    assert relative(with_flat, without) > 0.1
    assert np.ptp(with_flat, axis=1).max() < 1e-12 * abs(with_flat).max(), "evenly over the colours"
    assert lrp(y, C, A, LRP_GAMMA).any()


def test_tables_travel_in_one_stack_with_others():
    net, x = small_vgg(), picture()
    y = net(x)
    gy = np.zeros_like(y.data)
    gy[:, C] = y.data[:, C]
    stack = backward(y, np.stack([gy] * 3), x, [LRP_EPSILON, LRP_ALPHA_BETA, {}])
    assert_close(stack[0], lrp(y, C, x, LRP_EPSILON)), assert_close(stack[1], lrp(y, C, x, LRP_ALPHA_BETA))
    assert_close(stack[2], gradient(y, C, x, start="value"))


def test_the_layer_keeps_its_own_transformed_weights():
    net = nets.mini_vgg().initialise(0)
    x = Tensor(np.random.default_rng(0).standard_normal((1, 3, 64, 64)).astype(np.float32), "x")
    y = net(x)
    before = dict(net["conv2_2"].kept.found)
    lrp(y, 0, x, LRP_GAMMA)
    assert before and all(net["conv2_2"].kept.found[key] is value for key, value in before.items())


# --- excitation backprop


def test_winners_layer_by_layer_as_probabilities():
    """Zhang et al. 2016, eqs. 5-8, unit by unit:
    the conditional winning probabilities of each child, given its parent.
    """
    net, x = small_vgg(gap=True), picture()
    y = net(x)
    A, W = find(y, "relu2_1"), net["fc"].W.data
    pooled = find(y, "gap").data
    for n in range(2):
        parts = pooled[n] * np.maximum(W[C], 0)
        P_k = parts / parts.sum()
        expected = np.zeros(A.shape[2:])
        for k, P in enumerate(P_k):
            mean_over = find(y, "pool2").data[n, k]
            for i, j in np.ndindex(mean_over.shape):
                window = A.data[n, k, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
                a, b = np.unravel_index(window.argmax(), (2, 2))
                if mean_over.sum():
                    expected[2 * i + a, 2 * j + b] += P * mean_over[i, j] / mean_over.sum()
        assert_close(excitation_backprop(y, C, A)[n], expected)


def test_probabilities_add_up_to_one_and_the_contrast_is_what_is_left():
    net, x = small_vgg(), picture()
    y = net(x)
    A = find(y, "relu2_1")
    P = excitation_backprop(y, C, A)
    assert P.min() >= 0 and np.allclose(P.sum(axis=(1, 2)), 1)
    net["fc8"].W.data = -net["fc8"].W.data
    z = net(x)
    against = excitation_backprop(z, C, find(z, "relu2_1"))
    net["fc8"].W.data = -net["fc8"].W.data
    contrast = excitation_backprop(y, C, A, contrast=True)
    assert_close(contrast, np.maximum(P - against, 0))
    assert relative(contrast, P) > 0.01


def test_classes_differ_more_by_contrast():
    net, x = small_vgg(), picture()
    y = net(x)
    A = find(y, "relu2_1")
    maps = {
        contrast: [excitation_backprop(y, c, A, contrast=contrast) for c in (1, 2)]
        for contrast in (False, True)
    }
    alike = {k: (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()) for k, (a, b) in maps.items()}
    assert alike[True] < alike[False]


def test_pixels_lie_between_black_and_white():
    from gradcam.method import pixel_range
    from weights import card

    shapes = card("shapes")
    low, high = pixel_range(np.zeros((1, 3, 4, 4), np.float32), shapes)
    assert low.shape == (3, 1, 1) and np.allclose(low, -2) and np.allclose(high, 2)
    caffe = card("squeezenet")
    low, high = pixel_range(np.zeros((1, 3, 4, 4)), caffe)
    assert np.allclose(low.ravel(), [-104, -117, -123]) and np.allclose(high.ravel(), [151, 138, 132])


def test_batchnorm_in_front_of_nothing_is_shared():
    x = Tensor(np.array([[1.0, 2.0]]), "x")
    gamma_, beta, mean, var = (np.array(v) for v in ([2.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 4.0]))
    y = BatchNorm(eps=0)(x, Tensor(gamma_), Tensor(beta), mean, var, name="bn")
    assert_close(y.data, [[3, 0.5]])
    assert_close(backward(y, np.array([[6.0, 5.0]]), x, table(epsilon())), [[4.0, 10.0]], 1e-5)


def test_explain_finds_them_by_name():
    net, x = small_vgg(), picture()
    y = net(x)
    e = explain(net, x.data, C, ["lrp_gamma", "lrp_z_box", "excitation_backprop"], layer="relu2_1")
    low, high = x.data.min(axis=(2, 3), keepdims=True), x.data.max(axis=(2, 3), keepdims=True)
    assert_close(e["lrp_gamma"], lrp(y, C, x, LRP_GAMMA))
    assert_close(e["lrp_z_box"], lrp(y, C, x, LRP_GAMMA, first=z_box(low, high)))
    assert_close(e["excitation_backprop"], excitation_backprop(y, C, find(y, "relu2_1")))
