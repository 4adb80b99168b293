"""DeepLIFT: contributions add up to the difference of the scores, and each rule is written out by loops."""

import numpy as np
import pytest

from gradcam import Target, explain
from gradcam.methods.deep_lift import RESCALE, deep_lift
from minicnn import Error, RuleError, Tensor
from minicnn.layer import Apply, ConvLayer, Layer, LinearLayer, Sequential
from minicnn.ops import GELU, GlobalAvgPool, MaxPool, Mul, ReLU, Sigmoid, SiLU, Softmax, Tanh
from tests.support.compare import assert_close
from tests.support.small_nets import picture, small_vgg

BASE = np.random.default_rng(9).standard_normal((1, 3, 12, 16))


def bent(activation, **pool):
    return Sequential(
        ConvLayer("conv", 3, 5, 3, pad=1), Apply("act", activation), Apply("pool", MaxPool, **pool),
        ConvLayer("conv2", 5, 5, 3), Apply("act2", activation), Apply("gap", GlobalAvgPool),
        LinearLayer("fc", 5, 4),
    ).initialise(1).astype(np.float64)  # fmt: skip


class Gated(Layer):
    """A squeeze-and-excitation gate on a convolution."""

    def __init__(self):
        super().__init__("gated")
        self.conv = ConvLayer("conv", 3, 4, 3, pad=1).initialise(0).astype(np.float64)
        self.fc = LinearLayer("fc", 4, 4).initialise(1).astype(np.float64)

    def forward(self, x):
        z = self.conv(x)
        gate = Sigmoid()(self.fc(GlobalAvgPool()(z)), name="gate")
        from minicnn import Reshape

        gate = Reshape((-1, 4, 1, 1))(gate)
        return GlobalAvgPool()(Mul()(z, gate, name="scaled"))


@pytest.mark.parametrize("baseline", [0.0, BASE], ids=["zeros", "another"])
@pytest.mark.parametrize(
    "net",
    [
        small_vgg(),
        bent(Tanh, kernel=2),
        bent(GELU, kernel=3, stride=2),
        bent(SiLU, kernel=3, stride=1, pad=1),
        Gated(),
    ],
    ids=["vgg", "tanh", "overlapping pools", "padded pools", "gated"],
)
def test_contributions_add_up_to_the_difference(net, baseline):
    x = picture().data
    y, y_ = net(x), net(np.broadcast_to(baseline, x.shape))
    assert abs(y - y_).max() > 1e-3
    for c in (2, (1, 3)):
        found = deep_lift(net, x, c, baseline)
        assert_close(found.sum(axis=(1, 2, 3)), (y - y_)[[0, 1], c], 1e-12)
    difference = deep_lift(net, x, Target.score(2) - Target.score(0), baseline)
    assert_close(difference, deep_lift(net, x, 2, baseline) - deep_lift(net, x, 0, baseline), 1e-12)


def test_rescale_by_hand():
    """One hidden layer: C_i = sum_j W_i^j (z_j - z'_j) / (h_j - h'_j) v_j (x_i - x'_i)."""
    net = Sequential(LinearLayer("fc1", 3, 4), Apply("relu", ReLU), LinearLayer("fc2", 4, 2)).initialise(5)
    net = net.astype(np.float64)
    W, b, V = (net.arrays()[name].data for name in ("fc1.W", "fc1.b", "fc2.W"))
    b[:] = [0.3, -0.2, 0.1, -0.4]
    x, x_ = np.array([1.0, -2.0, 0.5]), np.array([0.2, 0.1, -0.3])
    h, h_ = W @ x + b, W @ x_ + b
    assert ((h > 0) != (h_ > 0)).any()  # a gate that x and x' see differently: a gradient would miss it
    by_hand = [
        sum(V[1, j] * (max(h[j], 0) - max(h_[j], 0)) / (h[j] - h_[j]) * W[j, i] for j in range(4))
        * (x[i] - x_[i])
        for i in range(3)
    ]
    assert_close(deep_lift(net, x[None], 1, x_[None])[0], np.array(by_hand))


def test_a_max_pool_by_hand():
    x, x_ = np.array([1.0, 4.0, 2.0, 3.0]), np.array([5.0, 0.0, 1.0, 3.0])
    pool = Apply("pool", MaxPool, kernel=2)

    def net(v):
        return Apply("gap", GlobalAvgPool)(pool(v))

    found = deep_lift(net, x.reshape(1, 1, 2, 2), 0, x_.reshape(1, 1, 2, 2))
    # z falls from 5 to 4: nothing above z' is x's, and all that is lost belongs to where x' was largest
    assert_close(found.ravel(), np.array([-1.0, 0, 0, 0]))


def test_where_nothing_differs_the_derivative_stands_in():
    net, x = small_vgg(), picture().data
    assert not np.any(deep_lift(net, x, 1, x))
    half = x.copy()
    half[:, :, :6] = 0
    found = deep_lift(net, half, 1)
    assert np.isfinite(found).all() and not np.any(found[:, :, :6]) and np.any(found)


def test_probabilities_are_explained_by_their_scores_and_what_has_no_rule_is_said():
    net, x = small_vgg(), picture().data
    e = explain(net, x, [1, Target.probability(1)], "deep_lift")
    assert np.array_equal(e["deep_lift", 1], e["deep_lift", e.classes[1]])

    def attended(v):
        return net(Mul()(Softmax()(v), v)) if isinstance(v, Tensor) else net(v)

    e = explain(attended, x, 1, ["deep_lift", "gradient"])
    assert e.methods == ["gradient"] and e.undefined["deep_lift"] == "DeepLIFT states no rule for Softmax."
    with pytest.raises(RuleError, match="states no rule"):
        deep_lift(attended, x, 1)
    allowed = deep_lift(attended, x, 1, rules=RESCALE | {Softmax: lambda op, m: op.gx(m)})
    assert np.any(allowed)


def test_wrong_baselines():
    with pytest.raises(Error, match="baseline"):
        explain(small_vgg(), picture().data, 1, "deep_lift", options={"deep_lift": {"baseline": np.ones(5)}})
