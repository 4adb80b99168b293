"""Where places lie, what they see, and which layer is looked at where nobody names one."""

import numpy as np
import pytest

from gradcam import explain
from gradcam.as_maps import AsMaps
from minicnn import Tensor, backward, one_hot, ops
from minicnn.places import maps_in
from tests.support.compare import same_bits
from weights.feature_maps import default_layer, layers

RNG = np.random.default_rng(0)


def conv(x, F, k, name, stride=1, dilation=1, pad=0):
    W = abs(RNG.standard_normal((F, x.shape[1], *k))) + 0.1
    return ops.Conv(stride, pad, dilation)(x, Tensor(W, f"{name}.W"), name=name)


@pytest.mark.parametrize("size", [(41,), (41, 53), (31, 33, 35)])
def test_a_receptive_field_is_what_the_gradient_reaches(size):
    """All weights are positive and poolings average, so that nothing that is seen is lost."""
    n, x = len(size), Tensor(abs(RNG.standard_normal((1, 2, *size))), "x")
    y = conv(x, 3, (3, 5, 2)[:n], "conv1", stride=(2, 1, 1)[:n])
    y = ops.AvgPool((2, 3, 2)[:n], (1, 2, 2)[:n])(y, name="pool")
    y = ops.ReLU()(conv(y, 2, (3, 3, 2)[:n], "conv2", dilation=(2, 1, 1)[:n]), name="relu")
    y = ops.ConvTranspose(2)(y, Tensor(np.ones((2, 2, *(3,) * n)), "W"), name="up")
    maps = maps_in(y, x)
    for line in layers(y, x):
        t = line.tensor
        middle = tuple(s // 2 for s in t.shape[2:])
        seen = backward(t, one_hot(t, (0, *middle)), wrt=x)[0].any(axis=0)
        for axis, r in enumerate(maps[t].reach):
            extent = np.ptp(np.flatnonzero(seen.any(axis=tuple(a for a in range(n) if a != axis)))) + 1
            assert extent <= r[0] and (line.name == "up" or extent == r[0]), line.name
    assert [line.name for line in layers(y, x)] == ["conv1", "pool", "conv2", "relu", "up"]
    assert default_layer(y, x)[0] == "relu"  # y itself is the output


def test_a_gate_sees_all():
    x = Tensor(RNG.standard_normal((1, 3, 12, 12)), "x")
    A = ops.ReLU()(conv(x, 4, (3, 3), "conv"), name="relu")
    gate = ops.Sigmoid()(ops.Mean((2, 3), True)(A), name="gate")
    y = ops.Mul()(A, gate, name="gated")
    fields = {line.name: line.field for line in layers(ops.GlobalAvgPool()(y, name="y"), x)}
    assert fields == {"conv": "3 x 3", "relu": "3 x 3", "gate": "", "gated": "all", "y": ""}


def tokens(x, before=1, behind=0, K=6, name="tokens"):
    """Patches of 4 x 4 as tokens, others beside them, mixed by attention; the scores of the first token."""
    y = ops.Conv(4)(x, RNG.standard_normal((K, 3, 4, 4)), name="patches")
    N, _, h, w = y.shape
    y = ops.Transpose((0, 2, 1))(ops.Reshape((N, K, h * w))(y))
    parts = [np.repeat(RNG.standard_normal((1, n, K)), N, 0) for n in (before, behind)]
    y = ops.Concat(1)(*([parts[0]] * bool(before)), y, *([parts[1]] * bool(behind)))
    A = ops.Normalise((2,))(y, name=name)
    p = ops.Softmax()(ops.MatMul()(A, ops.Transpose((0, 2, 1))(A)))
    mixed = ops.Add()(y, ops.MatMul()(p, A), name="mixed")
    last = ops.Slice(slice(None), 0)(mixed)
    return ops.Linear()(last, RNG.standard_normal((5, K)), name="scores")


@pytest.mark.parametrize("before, behind", [(1, 0), (2, 0), (1, 3), (0, 1)])
def test_tokens_are_read_as_rows_and_columns(before, behind):
    x = RNG.standard_normal((2, 3, 12, 20))
    state = RNG.bit_generator.state

    def net(x):
        RNG.bit_generator.state = state
        return tokens(x, before, behind)

    y = net(X := Tensor(x, "x"))
    assert default_layer(y, X)[0] == ("tokens" if before else "mixed")
    there = AsMaps(net, ["tokens"])(X)
    assert same_bits(there.data, y.data)  # no number changes
    A = next(line.tensor for line in layers(y, X) if line.name == "tokens")
    g, plain = backward(y, one_hot(y, 1), wrt=[A, X])
    inside = slice(before, before + 15)
    g, places = (v[:, inside].swapaxes(1, 2).reshape(2, 6, 3, 5) for v in (g, A.data))
    expected = np.maximum((g.mean(axis=(2, 3), keepdims=True) * places).sum(axis=1), 0)
    e = explain(net, x, 1, ["grad_cam", "gradient", "ablation_cam", "score_cam"], layer="tokens")
    assert expected.any() and np.abs(e["grad_cam"] - expected).max() < 1e-12 * expected.max()
    np.testing.assert_allclose(e["gradient"], plain, rtol=0, atol=1e-12 * abs(plain).max())
    assert e["ablation_cam"].shape == e["score_cam"].shape == (2, 3, 5)
    left = f"{before + behind} more, the class token say, {'are' if before + behind > 1 else 'is'} left out"
    assert any("3 x 5 places" in said and left in said for said in e.remarks)


def test_maps_that_lie_last_are_read_as_rows_and_columns():
    W, head = RNG.standard_normal((4, 3, 3, 3)), RNG.standard_normal((5, 4))

    def net(x):
        y = ops.Conv()(x, W, name="conv")
        y = ops.ReLU()(ops.Transpose((0, 2, 3, 1))(y), name="last")
        return ops.Linear()(ops.Mean((1, 2))(y), head, name="scores")

    x = RNG.standard_normal((1, 3, 9, 11))
    e = explain(net, x, 2, "grad_cam")
    A = np.maximum(ops.Conv()(x, W), 0)
    expected = np.maximum((head[2][:, None, None] / A[0, 0].size * A[0]).sum(axis=0), 0)
    np.testing.assert_allclose(e["grad_cam"][0], expected, atol=1e-12)
    assert e.layer == "last" and "The maps of last lie last, and are read as 7 x 9 places." in e.remarks


METHODS = (
    "saliency", "gradient", "grad_cam", "guided_grad_cam", "counterfactual", "grad_cam++", "xgrad_cam",
    "layercam", "hirescam", "eigen_cam", "score_cam", "ablation_cam", "occlusion", "smoothgrad",
    "integrated_gradients", "lrp_epsilon", "input_times_gradient",
)  # fmt: skip


@pytest.mark.parametrize("axes", [1, 3])
def test_a_signal_and_a_volume_are_a_picture_with_axes_of_one(axes):
    """Every method, on (N, C, L) and (N, C, D, H, W), against the same numbers as a picture's, where that can
    be: a kernel, a pooling and a window of 1 along the other axes.
    """
    rng = np.random.default_rng(1)
    W, V, head = (rng.standard_normal(s) for s in ((4, 2, 3), (6, 4, 3), (3, 6)))
    size = {1: (24,), 3: (1, 24, 1)}[axes]

    def over(n):
        spread = {1: lambda k: (k,), 2: lambda k: (1, k), 3: lambda k: (1, k, 1)}[n]

        def net(x):
            y = ops.Conv()(x, W.reshape(4, 2, *spread(3)), name="conv1")
            y = ops.MaxPool(spread(2))(ops.ReLU()(y, name="relu1"), name="pool")
            y = ops.ReLU()(ops.Conv()(y, V.reshape(6, 4, *spread(3))), name="relu2")
            return ops.Linear()(ops.Mean(tuple(range(2, 2 + n)))(y), head, name="scores")

        return net

    x = rng.standard_normal((2, 2, 24))
    options = {"occlusion": {"window": 1, "stride": 1}}
    one = explain(over(axes), x.reshape(2, 2, *size), 1, METHODS, layer="relu2", options=options)
    two = explain(over(2), x.reshape(2, 2, 1, 24), 1, METHODS, layer="relu2", options=options)
    assert not one.undefined and not two.undefined
    for method in METHODS:
        mine, theirs = one[method], two[method]
        assert theirs.any() and mine.ndim == theirs.ndim + axes - 2
        np.testing.assert_allclose(mine.ravel(), theirs.ravel(), rtol=0, atol=1e-10 * abs(theirs).max())


def test_against_autograd():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from weights.graphs.torch import from_torch

    torch.manual_seed(0)
    nets = {
        1: (torch.nn.Conv1d, torch.nn.MaxPool1d, torch.nn.AdaptiveAvgPool1d, (2, 40)),
        3: (torch.nn.Conv3d, torch.nn.MaxPool3d, torch.nn.AdaptiveAvgPool3d, (1, 8, 10, 12)),
    }
    for Conv, Pool, Mean, size in nets.values():
        A = torch.nn.Sequential(Conv(size[0], 4, 3), torch.nn.ReLU(), Pool(2), Conv(4, 8, 3), torch.nn.ReLU())
        model = torch.nn.Sequential(A, Mean(1), torch.nn.Flatten(), torch.nn.Linear(8, 3)).double().eval()
        x = torch.randn(1, *size, dtype=torch.float64)
        e = explain(from_torch(model, x), x.numpy(), methods="grad_cam")
        maps = A(x)
        (g,) = torch.autograd.grad(model[1:](maps)[0, e.classes[0]], maps)
        axes = tuple(range(2, maps.ndim))
        cam = torch.relu((g.mean(axes, keepdim=True) * maps).sum(1)).detach().numpy()
        assert e.layer in ("0.4", "0") and cam.any() and abs(e["grad_cam"] - cam).max() < 1e-12 * cam.max()


def test_of_nothing_no_place_is_known():
    x = Tensor(RNG.standard_normal((1, 3, 12, 12)), "x")
    A = conv(x, 4, (3, 3), "conv")
    nothing = ops.Slice(slice(None), slice(None), slice(9, 3))(A, name="nothing")
    found = maps_in(ops.ReLU()(nothing, name="y"), x)
    assert A in found and nothing not in found
