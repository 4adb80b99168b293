"""The catalogue's entries for LRP and excitation backprop, each beside the equation written out for
test_catalogue_entries' network: R_i = sum_j x_i w_ij / z_j R_j.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from gradcam.verify.hypotheses import relevance_rules
from gradcam.verify.reference.relevance_tables import averaged
from minicnn import Along, BatchNorm, GlobalAvgPool, Linear, Mean, ReLU, RuleTable, Tensor
from minicnn.layer import Apply, BatchNormLayer, ConvLayer, LinearLayer, Sequential
from tests.gradcam.verify.test_catalogue_elsewhere import details, made, question
from tests.gradcam.verify.test_catalogue_entries import (
    GX,
    OF,
    RELU,
    A,
    C,
    G,
    S,
    Y,
    cells,
    conv,
    conv_back,
    uncells,
)
from tests.gradcam.verify.test_judge import X

LINEAR = SimpleNamespace(there=lambda x, W, b: x @ W.T + b, back=lambda s, W: s @ W)
CONV = SimpleNamespace(there=conv, back=conv_back)
P2 = RELU(S.z2).mean((2, 3))  # what the last layer is given
LOW, HIGH = X.min((2, 3), keepdims=True), X.max((2, 3), keepdims=True)


def NEG(v):
    return np.minimum(v, 0)


def stable(z, eps):
    """z a little further from zero"""
    z = z + np.where(z < 0, -1, 1) * eps
    return np.where(z == 0, np.inf, z)


def share(op, R, terms, eps=1e-6, rms=0.0):
    """terms: [(x, W, b)]"""
    z = sum(op.there(x, W, b) for x, W, b in terms)
    s = R / stable(z, eps + rms * np.sqrt((z**2).mean()))
    return sum(x * op.back(s, W) for x, W, _ in terms)


def epsilon(eps=1e-6, rms=0.0, bias=1):
    return lambda op, x, W, b, R: share(op, R, [(x, W, bias * b)], eps, rms)


def gamma(g=0.25, eps=1e-6, bias=1):
    """Of inputs of either sign."""

    def rule(op, x, W, b, R):
        b = bias * b
        z = op.there(x, W, b)
        up, down = W + g * RELU(W), W + g * NEG(W)
        over = [(RELU(x), up, b + g * RELU(b)), (NEG(x), down, 0 * b)]
        under = [(RELU(x), down, b + g * NEG(b)), (NEG(x), up, 0 * b)]
        return share(op, R * (z > 0), over, eps) + share(op, R * (z < 0), under, eps)

    return rule


def alpha_beta(alpha=2.0, beta=1.0, eps=1e-6):
    def rule(op, x, W, b, R):
        for_it = [(RELU(x), RELU(W), RELU(b)), (NEG(x), NEG(W), 0 * b)]
        against = [(RELU(x), NEG(W), NEG(b)), (NEG(x), RELU(W), 0 * b)]
        return alpha * share(op, R, for_it, eps) - beta * share(op, R, against, eps)

    return rule


def box(low=LOW, high=HIGH, eps=1e-6):
    def rule(op, x, W, b, R):
        low_, high_ = (np.broadcast_to(v, x.shape) for v in (low, high))
        return share(op, R, [(x, W, 0 * b), (-low_, RELU(W), 0 * b), (-high_, NEG(W), 0 * b)], eps)

    return rule


def flat(eps=1e-6):
    return lambda op, x, W, b, R: share(op, R, [(np.ones_like(x), np.ones_like(W), 0 * b)], eps)


def excite(sign=1):
    """sign 0: whichever sign a weight has"""
    return lambda op, x, W, b, R: share(op, R, [(RELU(x), RELU(W) if sign else abs(W), 0 * b)], 0.0)


def contrast(op, x, W, b, R):
    return share(op, R, [(x, RELU(W), 0 * b)], 0.0) - share(op, R, [(x, RELU(-W), 0 * b)], 0.0)


def by_share(R, eps):
    """Of a mean over the places."""
    return RELU(S.z2) / 24 * (R / stable(P2, eps))[..., None, None]


def plain(R, eps):
    return R[..., None, None] / 24 * np.ones_like(S.z2)


def to_layer(conv2, fc, R, mean=by_share, mean_eps=1e-6, pool=None, gate=1):
    R = mean(fc(LINEAR, P2, OF["fc.W"], OF["fc.b"], R), mean_eps) * gate
    R = conv2(CONV, S.p, OF["conv2.W"], OF["conv2.b"], R)
    x = cells(A)
    winner = np.eye(4)[x.argmax(-1)]
    return uncells(R[..., None] * (winner if pool is None else x / stable(x.sum(-1), pool)[..., None]))


def lrp(conv1, conv2=None, fc=None, gates=(1, 1), **how):
    R = np.eye(4)[[C]] * Y
    R = to_layer(conv2 or conv1, fc or conv2 or conv1, R, gate=gates[1], **how) * gates[0]
    return conv1(CONV, X, OF["conv1.W"], OF["conv1.b"], R)


OURS = epsilon(rms=0.25)
RULE, EPS, MORE = "another rule of LRP: ", "another epsilon: ", ", for sums and averages as well"
STRENGTH, SUMS = "another gamma, alpha or beta: ", "a sum or a mean passes the plain derivative: "
BOX = "another range of pixels in the z-box: "
EXPECTED = {
    ("lrp_epsilon", RULE + "gamma"): lrp(gamma(), gamma(), epsilon()),
    ("lrp_epsilon", RULE + "alpha 2, beta 1"): lrp(alpha_beta()),
    ("lrp_epsilon", RULE + "z-box below gamma"): lrp(box(), gamma(), epsilon()),
    ("lrp_epsilon", RULE + "flat below gamma"): lrp(flat(), gamma(), epsilon()),
    ("lrp_gamma", RULE + "epsilon"): lrp(OURS),
    **{("lrp_epsilon", f"{EPS}{e:g}"): lrp(epsilon(e)) for e in (1e-9, 1e-6, 1e-3, 0.25)},
    **{("lrp_epsilon", f"{EPS}{e:g}{MORE}"): lrp(epsilon(e), mean_eps=e) for e in (1e-4, 0.1, 1.0)},
    **{("lrp_epsilon", f"{EPS}{r:g} of the root mean square of z"): lrp(epsilon(rms=r))
       for r in (0.01, 0.05, 0.1, 0.2, 0.5)},
    ("lrp_gamma", EPS + "0.001"): lrp(gamma(eps=1e-3), gamma(eps=1e-3), epsilon(1e-3)),
    ("lrp_gamma", EPS + "0.01" + MORE): lrp(gamma(eps=0.01), gamma(eps=0.01), epsilon(0.01), mean_eps=0.01),
    ("lrp_alpha_beta", EPS + "0.1"): lrp(alpha_beta(eps=0.1)),
    ("lrp_alpha_beta", EPS + "0.1" + MORE): lrp(alpha_beta(eps=0.1), mean_eps=0.1),
    ("lrp_z_box", EPS + "0.1"): lrp(box(eps=0.1), gamma(eps=0.1), epsilon(0.1)),
    ("lrp_flat", EPS + "0.25" + MORE): lrp(flat(0.25), gamma(eps=0.25), epsilon(0.25), mean_eps=0.25),
    ("lrp_epsilon", "the bias is left out of the denominator"): lrp(epsilon(rms=0.25, bias=0)),
    ("lrp_gamma", "the bias is left out of the denominator"):
        lrp(gamma(bias=0), gamma(bias=0), epsilon(bias=0)),
    ("lrp_z_box", "the bias is left out of the denominator"): lrp(box(), gamma(bias=0), epsilon(bias=0)),
    **{("lrp_gamma", f"{STRENGTH}gamma {g:g}"): lrp(gamma(g), gamma(g), epsilon())
       for g in (0.1, 0.5, 1, 100)},
    ("lrp_gamma", STRENGTH + "gamma in linear layers as well"): lrp(gamma()),
    ("lrp_z_box", STRENGTH + "gamma 0.5"): lrp(box(), gamma(0.5), epsilon()),
    ("lrp_flat", STRENGTH + "gamma in linear layers as well"): lrp(flat(), gamma(), gamma()),
    ("lrp_alpha_beta", STRENGTH + "alpha 1, beta 0"): lrp(alpha_beta(1, 0)),
    ("lrp_alpha_beta", STRENGTH + "alpha 1.5, beta 0.5"): lrp(alpha_beta(1.5, 0.5)),
    ("lrp_alpha_beta", STRENGTH + "in convolutions alone"): lrp(alpha_beta(), alpha_beta(), epsilon()),
    **{("lrp_z_box", f"{BOX}{name}"): lrp(box(*at), gamma(), epsilon()) for name, at in {
        "0 to 1": (0, 1), "-1 to 1": (-1, 1), "-3 to 3": (-3, 3), "0 to 255": (0, 255),
        "what the picture has": (X.min(), X.max())}.items()},
    ("lrp_epsilon", "max-pools share relevance out"): lrp(OURS, pool=1e-6),
    ("lrp_epsilon", SUMS + "means"): lrp(OURS, mean=plain),
    ("lrp_epsilon", SUMS + "sums, means, and ReLUs that are functions"):
        lrp(OURS, mean=plain, gates=(S.z1 > 0, S.z2 > 0)),
    ("lrp_epsilon", "input times gradient instead of LRP"): X * GX,
    ("lrp_epsilon", "the gradient instead of relevance"): GX,
    ("lrp_epsilon", "relevance starts at 1, not at the score"): lrp(OURS) / Y[0, C],
    ("lrp_epsilon", "channels joined into one map: summed"): lrp(OURS).sum(1, keepdims=True),
    ("excitation_backprop", "the gradient instead of excitation backprop"): G.sum(1),
    ("excitation_backprop", "a sum or a mean passes the plain derivative, no probability: means"):
        to_layer(excite(), excite(), np.eye(4)[[C]], plain).sum(1),
    ("excitation_backprop", "the contrastive map"):
        RELU(to_layer(excite(), contrast, np.eye(4)[[C]], mean_eps=0).sum(1)),
    ("excitation_backprop", "negative weights take part"):
        to_layer(excite(0), excite(0), np.eye(4)[[C]], mean_eps=0).sum(1),
    ("excitation_backprop", "the maximum over the maps instead of their sum"):
        to_layer(excite(), excite(), np.eye(4)[[C]], mean_eps=0).max(1),
}  # fmt: skip
ASKED = {}


def asked(method):
    return ASKED.get(method) or ASKED.setdefault(method, question(method))


@pytest.mark.parametrize(("method", "name"), EXPECTED)
def test_an_entry_gives_what_the_mistake_gives(method, name):
    q, expected = asked(method), EXPECTED[method, name]
    right = q.reference["result"]
    assert expected.shape != right.shape or abs(expected - right).max() > 1e-9 * abs(right).max()
    found = made(q, name)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8 * abs(expected).max())


def test_which_entries_there_are():
    small = ["0", "1e-09", "1e-08", "1e-07", "1e-05", "0.0001", "0.001", "0.01", "0.1", "0.25", "1"]
    both = [f"{e}{MORE}" for e in small]
    assert details(asked("lrp_gamma"), EPS[:-2]) == [*small, *both]
    rms = [f"{r:g} of the root mean square of z" for r in (0.01, 0.05, 0.1, 0.2, 0.5)]
    assert details(asked("lrp_epsilon"), EPS[:-2]) == [*small[:4], "1e-06", *small[4:], *both, *rms]
    names = ["epsilon", "gamma", "alpha 2, beta 1", "z-box below gamma", "flat below gamma"]
    assert details(asked("lrp_gamma"), RULE[:-2]) == [names[0], *names[2:]]
    gammas = ["gamma 0.1", "gamma 0.5", "gamma 1", "gamma 100", "gamma in linear layers as well"]
    for method in ("lrp_gamma", "lrp_z_box", "lrp_flat"):
        assert details(asked(method), STRENGTH[:-2]) == gammas
    assert details(asked("lrp_epsilon"), STRENGTH[:-2]) == details(asked("lrp_gamma"), BOX[:-2]) == []
    assert details(asked("lrp_gamma"), SUMS[:-2]) == [
        "means", "sums and means", "batchnorm, sums and means", "sums, means, and ReLUs that are functions"
    ]  # fmt: skip
    assert details(asked("lrp_gamma"), "one epsilon for both axes of an adaptive average") == []
    of_pixels = made(asked("lrp_z_box"), BOX + "what each channel has")
    np.testing.assert_allclose(of_pixels, asked("lrp_z_box").reference["result"], atol=1e-12)


def test_what_passes_the_plain_derivative():
    def named(*layers, origin="module"):
        for layer in layers:
            layer.origin = origin
        made = Sequential(*layers).initialise(3).astype(np.float64)
        return relevance_rules.underived(None, made(Tensor(X, "x")))

    conv1, relu = ConvLayer("conv1", 3, 6, 3), Apply("relu1", ReLU)
    assert list(named(conv1, relu)) == []
    assert list(named(conv1, relu, origin="function")) == ["sums, means, and ReLUs that are functions"]
    assert list(named(conv1, BatchNormLayer("bn1", 6))) == ["batchnorm, sums and means"]
    assert list(named(conv1, Apply("pool", GlobalAvgPool), LinearLayer("fc", 6, 4))) == [
        "means", "sums and means", "batchnorm, sums and means"
    ]  # fmt: skip
    sums = named(conv1, BatchNormLayer("bn1", 6))["batchnorm, sums and means"](None, None, dict)
    assert sums[BatchNorm] is relevance_rules.to_the_winner is sums[Mean]


def test_one_epsilon_for_two_averages():
    x = Tensor(np.array([[[[1.0, 3.0], [2.0, -2.0]]]]), "x")
    first, second = Along(np.full((1, 2), 0.5), -2), Along(np.full((1, 2), 0.5), -1)
    y = second(first(x))
    one = relevance_rules.once_for_both(None, y)[""](
        None, SimpleNamespace(y=y), lambda: RuleTable({Along: lambda op, R: "as before"})
    )
    assert one[Along](second, np.ones((1, 1, 1, 1))) == "as before"
    R = one[Along](first, np.array([[[[6.0, 5.0]]]]))
    np.testing.assert_allclose(R, [[[[2, 15], [4, -10]]]])  # column by column: 6 x / 3 and 5 x / 1
    assert relevance_rules.once_for_both(None, Along(np.eye(2), -1)(x)) == {}


def test_a_pool_shares_out_over_its_window():
    from minicnn import MaxPool

    x = Tensor(np.array([[[[1.0, 3.0, 0, 0], [2.0, -2.0, 0, 0], [1, 1, -2, -3], [0, 0, -1, -2]]]]), "x")
    op = MaxPool(2)
    op(x)
    found = relevance_rules.pool_by_share(op, np.array([[[[4.0, 7.0], [2.0, 8.0]]]]))
    np.testing.assert_allclose(
        found, [[[[1, 3, 0, 0], [2, -2, 0, 0], [1, 1, 2, 3], [0, 0, 1, 2]]]], rtol=1e-5
    )


def test_averages_hand_on_by_share():
    mean = Mean((2, 3))
    mean(Tensor(np.array([[[[1.0, 3.0], [2.0, 2.0]]]]), "x"))
    for eps, share in ((0.0, 8 / 8), (2.0, 8 / 16)):
        R = averaged(RuleTable({Linear: None}), eps)[Mean](mean, np.array([[8.0]]))
        np.testing.assert_allclose(R, share * np.array([[[[1, 3], [2, 2]]]]), rtol=1e-12)
    R = averaged(RuleTable({}))[Mean](mean, np.array([[8.0]]))
    np.testing.assert_allclose(R, np.array([[[[1, 3], [2, 2]]]]) / (1 + 0.5e-6), rtol=1e-12)
    q = SimpleNamespace(method="lrp_gamma")
    for name, eps in (("0.25", 1e-6), ("0.25" + MORE, 0.25)):
        rules = relevance_rules.stabilisers(q, None)[name](q, None, None)
        R = rules[Mean](mean, np.array([[8.0]]))
        np.testing.assert_allclose(R, 2 / (2 + eps) * np.array([[[[1, 3], [2, 2]]]]), rtol=1e-12)
