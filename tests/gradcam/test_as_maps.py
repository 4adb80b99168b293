"""Tokens, and maps that lie last, are explained as maps."""

import numpy as np
import pytest

from gradcam import explain
from gradcam.as_maps import AsMaps, as_it_was, as_maps
from minicnn import Tensor, backward, history, names, one_hot, ops
from minicnn.places import Maps
from tests.support.compare import same_bits
from weights.feature_maps import default_layer, layers

RNG = np.random.default_rng(0)


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


def test_where_each_token_goes_and_comes_back():
    """One token in front of 2 x 3 places and two behind, each of two maps."""
    A = Tensor(np.arange(2 * 9 * 2.0).reshape(2, 9, 2), "A")
    maps = Maps(2, (1,), (2, 3), 1, 1, 2)
    expected = A.data[:, 1:7].swapaxes(1, 2).reshape(2, 2, 2, 3)
    B = as_maps(A, maps)
    assert same_bits(B.data, expected) and same_bits(as_maps(A.data, maps), expected)
    back = as_it_was(ops.Mul()(B, np.array(-1.0)), A, maps).data
    assert same_bits(back[:, 1:7], -A.data[:, 1:7])
    assert same_bits(back[:, [0, 7, 8]], A.data[:, [0, 7, 8]])
    alone = Tensor(A.data[:, :6], "A")
    B = as_maps(alone, Maps(2, (1,), (2, 3), 1))
    assert same_bits(as_it_was(B, alone, Maps(2, (1,), (2, 3), 1)).data, alone.data)
    last = Tensor(np.arange(24.0).reshape(1, 2, 3, 4), "last")
    B = as_maps(last, Maps(3, (1, 2), (2, 3), 1))
    assert same_bits(B.data, last.data.transpose(0, 3, 1, 2))
    assert same_bits(as_it_was(B, last, Maps(3, (1, 2), (2, 3), 1)).data, last.data)


def test_the_layer_is_known_by_its_name_as_maps():
    W, layer = RNG.standard_normal((4, 3, 3, 3)), object()

    def net(x):
        conv = ops.Conv()(x, W, name="conv")
        last = ops.ReLU()(ops.Transpose((0, 2, 3, 1))(conv), name="last", layer=layer)
        pooled = ops.Mean((1, 2))(last, name="pooled")
        return {"scores": pooled, "twice": ops.Mul()(pooled, pooled, name="twice"), "before": conv}

    X = Tensor(RNG.standard_normal((1, 3, 5, 6)), "x")
    y, there = net(X), AsMaps(net, ["conv", "last", "pooled"])(X)
    assert all(same_bits(there[name].data, y[name].data) for name in y) and list(there) == list(y)
    B = names(there)["last"]
    assert B.shape == (1, 4, 3, 4) and B.layer is layer and there["twice"].name == "twice"
    assert [t.name for t in history(there) if t.name] == ["x", "conv", "last", "pooled", "twice"]
    assert AsMaps(net, ["last"])(X.data)["before"].shape == (1, 4, 3, 4), "arrays go the usual way"
    laid = AsMaps(net, ["conv", "pooled"]).laid_out(y, X)
    assert laid is y, "nothing to lay out"


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
