"""Every method against its formula, written out another way,
and the identities that bind the methods together.
"""

import numpy as np
import pytest

from gradcam import (
    CLASSIC,
    DECONVNET,
    GUIDED,
    PANEL,
    cam,
    counterfactual,
    deconvnet,
    explain,
    grad_cam,
    gradient,
    guided_backprop,
    guided_grad_cam,
    input_times_gradient,
    occlusion,
    saliency,
    strongest_unit,
    upsample,
)  # fmt: skip
from gradcam.explanation import Explanation
from gradcam.methods.cam import cam_head
from minicnn import GraphError, RuleError, Softmax, backward, find, one_hot, ops
from minicnn.layer import Apply, ConvLayer, Sequential
from minicnn.ops import GlobalAvgPool, SiLU
from tests.support.compare import assert_close, relative, same_bits
from tests.support.small_nets import picture, small_vgg

C = 3  # the class explained


@pytest.fixture
def passed():
    """One forward pass: net, x, y, A."""
    net, x = small_vgg(), picture()
    y = net(x)
    return net, x, y, find(y, "relu2_1")


def numeric_gradient(net, x, c, at, step=1e-6):
    """d(score c of picture 0)/dx at one pixel, by central differences."""
    up, down = x.data.copy(), x.data.copy()
    up[at] += step
    down[at] -= step
    return (net(up)[0, c] - net(down)[0, c]) / (2 * step)


def test_gradient_is_the_slope_of_the_score(passed):
    net, x, y, _ = passed
    g = gradient(y, C, x)
    pixels = [(0, 1, 3, 4), (0, 0, 7, 11), (0, 2, 10, 2)]
    assert_close(
        np.array([g[at] for at in pixels]), np.array([numeric_gradient(net, x, C, at) for at in pixels]), 1e-6
    )


def test_saliency_is_the_largest_channel_of_the_gradient(passed):
    _, x, y, _ = passed
    g = gradient(y, C, x)
    by_hand = [
        [[max(abs(g[n, k, i, j]) for k in range(3)) for j in range(16)] for i in range(12)] for n in range(2)
    ]
    assert np.array_equal(saliency(y, C, x), by_hand) and saliency(y, C, x).max() > 0
    assert_close(input_times_gradient(y, C, x), g * x.data)


def test_grad_cam_by_loops_over_equations_1_and_2(passed):
    _, _, y, A = passed
    dA = backward(y, one_hot(y, C), A)
    N, K, h, w = A.shape
    expected = np.zeros((N, h, w))
    for n in range(N):
        for k in range(K):
            alpha = sum(dA[n, k, i, j] for i in range(h) for j in range(w)) / (h * w)
            expected[n] += alpha * A.data[n, k]
    assert_close(grad_cam(y, C, A, relu=False), expected)
    assert_close(grad_cam(y, C, A), np.maximum(expected, 0))
    assert_close(counterfactual(y, C, A), np.maximum(-expected, 0))
    assert_close(grad_cam(y, C, A, alpha="sum"), h * w * np.maximum(expected, 0))
    assert expected.min() < 0 < expected.max()
    with pytest.raises(GraphError, match=r"'mean' .* or 'sum', not 'median'"):
        grad_cam(y, C, A, alpha="median")


def test_cam_is_z_times_grad_cam_without_its_relu():
    net, x = small_vgg(gap=True), picture(1)
    y = net(x)
    A, W = cam_head(y)
    c = int(np.argmin([cam(A, W, c).min() for c in range(5)]))
    M = cam(A, W, c)
    assert M.min() < 0, "the map must have negative values, or the ReLU is not tested"
    Z = A.shape[-1] * A.shape[-2]
    assert_close(M, Z * grad_cam(y, c, A, relu=False), 1e-10)
    with pytest.raises(GraphError, match="global average pooling"):
        cam_head(small_vgg()(x))


def test_guided_grad_cam_is_the_product(passed):
    _, x, y, A = passed
    product = guided_backprop(y, C, x) * upsample(grad_cam(y, C, A), (12, 16))[:, None]
    assert_close(guided_grad_cam(y, C, A, x), product)


def test_the_three_rules_differ(passed):
    _, x, y, _ = passed
    plain, deconv, guided = gradient(y, C, x), deconvnet(y, C, x), guided_backprop(y, C, x)
    assert relative(deconv, plain) > 0.1 and relative(guided, plain) > 0.1 and relative(guided, deconv) > 0.1


def test_starts(passed):
    _, x, y, _ = passed
    value = y.data[:, C][:, None, None, None]
    assert_close(gradient(y, C, x, start="value"), value * gradient(y, C, x))
    p = Softmax()(y.data)
    every = np.stack([gradient(y, j, x) for j in range(5)])
    chained = p[:, C][:, None, None, None] * (every[C] - np.einsum("nj,jnchw->nchw", p, every))
    assert_close(gradient(y, C, x, start="probability"), chained)
    with pytest.raises(ValueError, match="start is one of"):
        gradient(y, C, x, start="logit")


def test_a_softmax_in_front_is_warned_of(passed):
    _, x, y, _ = passed
    with pytest.warns(UserWarning, match="follows a softmax"):
        gradient(Softmax()(y), C, x)


def test_deconvnet_from_a_unit_of_a_feature_map(passed):
    _, x, _, A = passed
    k, i, j = strongest_unit(A)
    assert np.array_equal(A.data[np.arange(2), k, i, j], A.data.reshape(2, -1).max(axis=1))
    seen = np.nonzero(deconvnet(A, (k, i, j), x)[0].any(axis=0))
    assert len(seen[0]) and np.ptp(seen[0]) <= 8, "one unit sees one window of the picture"
    with pytest.raises(GraphError, match="coordinates"):
        deconvnet(A, 3, x)


def test_rules_refuse_an_activation_they_say_nothing_about():
    net = Sequential(
        ConvLayer("conv1", 3, 4, 3), Apply("silu1", SiLU), Apply("gap", GlobalAvgPool)
    ).initialise(0)
    x = picture(dtype=np.float32)
    y = net(x)
    with pytest.raises(RuleError, match="nothing in the backward pass"):
        guided_backprop(y, 0, x)
    assert same_bits(guided_backprop(y, 0, x, allow=(SiLU, *GUIDED)), gradient(y, 0, x))
    with pytest.raises(RuleError, match="silu1"):
        deconvnet(y, 0, x, allow=tuple(DECONVNET))


def test_explain_gives_what_the_methods_give_alone():
    net, x = small_vgg(), picture()
    y = net(x)
    A = find(y, "relu2_1")
    methods = [m for m in CLASSIC if m != "cam"]
    e = explain(net, x.data, [C, 1], methods, layer="relu2_1", occluder={"window": 4, "stride": 3})
    for c in (C, 1):
        alone = {
            "gradient": gradient(y, c, x),
            "saliency": saliency(y, c, x),
            "input_times_gradient": input_times_gradient(y, c, x),
            "deconvnet": deconvnet(y, c, x),
            "guided_backprop": guided_backprop(y, c, x),
            "grad_cam": grad_cam(y, c, A),
            "counterfactual": counterfactual(y, c, A),
            "guided_grad_cam": guided_grad_cam(y, c, A, x),
            "occlusion": occlusion(net, x, c, window=4, stride=3),
        }
        assert set(alone) == set(methods)
        for method, expected in alone.items():
            assert_close(e[method, c], expected, 1e-12)
    assert e.methods == methods and np.array_equal(e.scores, y.data)


def test_explain_each_picture_by_its_own_top_class():
    net, x = small_vgg(), picture(4)
    e = explain(net, x, layer="relu2_1")
    top = net(x.data).argmax(axis=1)
    assert e.classes == [tuple(top)] and len(set(top)) == 2
    for n in range(2):
        one = explain(net, x.data[n : n + 1], int(top[n]), layer="relu2_1")
        for method in PANEL:
            assert_close(e[method][n : n + 1], one[method], 1e-12)


def test_explain_starts_deconvnet_at_a_unit_and_says_so():
    net, x = small_vgg(), picture(N=1)
    e = explain(net, x, C, layer="relu2_1", unit_layer="relu1_1")
    y = net(x)
    U = find(y, "relu1_1")
    assert_close(e["deconvnet"], deconvnet(U, strongest_unit(U), x))
    assert_close(e["guided_backprop"], guided_backprop(y, C, x))
    assert "relu1_1's strongest unit" in e.notes["deconvnet", C]


def test_a_map_that_is_exactly_zero_is_said_to_be():
    net, x = small_vgg(gap=True), picture()
    net["fc"].W.data = -abs(net["fc"].W.data)
    e = explain(net, x, C, ["grad_cam", "counterfactual", "deconvnet"], layer="relu2_1")
    assert e.notes["grad_cam", C] == "exactly zero" and e.notes["deconvnet", C] == "exactly zero"
    assert ("counterfactual", C) not in e.notes and e["counterfactual"].any()


def test_explain_says_what_is_missing():
    net, x = small_vgg(), picture()
    with pytest.raises(ValueError, match="no method is called 'gradcamm'"):
        explain(net, x, C, ["gradcamm"])
    flat = np.ones((5, x.data[0].size), x.dtype)
    with pytest.raises(GraphError, match="name the layer"):
        explain(lambda x: ops.Linear()(ops.Flatten()(x), flat), x, C, ["grad_cam"])
    with pytest.raises(GraphError, match="relu2_2"):
        explain(net, x, C, ["grad_cam"], layer="relu2_2")
    with pytest.raises(GraphError, match="no index into 5"):
        explain(net, x, 5, ["saliency"])
    with pytest.raises(KeyError, match="no map of occlusion"):
        Explanation(None, None, [0], None, None)["occlusion"]


def test_the_result_survives_what_comes_later(passed):
    net, x, _, _ = passed
    e = explain(net, x, C, layer="relu2_1")
    before = {key: m.tobytes() for key, m in e.maps.items()}
    again = explain(net, x, C, layer="relu2_1")
    explain(net, picture(9), 1, layer="relu2_1")
    assert all(same_bits(e.maps[key], again.maps[key]) for key in before)
    for m in again.maps.values():
        m[...] = 7
    assert all(e.maps[key].tobytes() == bits for key, bits in before.items())


def test_explain_refuses_a_layer_without_rows_and_columns():
    net, x = small_vgg(), picture()
    with pytest.raises(GraphError, match=r"fc6 \(2, 10\) has no rows and columns"):
        explain(net, x, C, ["grad_cam"], layer="fc6")
    with pytest.raises(GraphError, match="no rows and columns"):
        explain(net, x, C, ["deconvnet"], unit_layer="relu6")


def test_starts_in_explain():
    net, x = small_vgg(), picture()
    y = net(x)
    for start in ("probability", "value"):
        e = explain(net, x, [C, 1], ["gradient", "guided_backprop"], start=start)
        assert_close(e["gradient", 1], gradient(y, 1, x, start), 1e-12)
        assert_close(e["guided_backprop", C], guided_backprop(y, C, x, start), 1e-12)
