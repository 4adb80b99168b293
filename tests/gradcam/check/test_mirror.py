"""The same network in PyTorch, operation by operation with all options; every method on a small one."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")

from gradcam.check.agreement import agreement  # noqa: E402
from gradcam.check.mirror import mirror  # noqa: E402
from minicnn import GlobalAvgPool, MaxPool, ReLU, Sigmoid, Tensor, backward, ops  # noqa: E402
from minicnn.layer import Apply, ConvLayer, LinearLayer, Sequential  # noqa: E402
from weights.cards import Card, Preprocessing  # noqa: E402

RNG = np.random.default_rng(6)


def weight(*shape):
    return Tensor(RNG.standard_normal(shape), "w")


X = Tensor(RNG.standard_normal((2, 4, 6, 7)), "x")
Z = RNG.standard_normal((2, 4, 6, 7))


@pytest.mark.parametrize("made", [
    lambda x: ops.Conv((2, 1), ((1, 0), (2, 3)), (1, 2), groups=2)(x, weight(6, 2, 3, 2), weight(6)),
    lambda x: ops.Conv()(x, weight(3, 4, 2, 1)),
    lambda x: ops.Conv(pad=((0, 0), (0, 1)))(x, weight(3, 4, 2, 1), None),
    lambda x: MaxPool((2, 3), (1, 2), ((1, 0), (0, 2)), dilation=(2, 1))(x),
    lambda x: MaxPool((2, 3), (3, 2), ceil=True)(x),
    lambda x: GlobalAvgPool()(x),
    lambda x: ops.Linear()(ops.Flatten()(x), weight(5, 168), weight(5)),
    lambda x: ops.Reshape((2, 2, 84))(x),
    lambda x: ops.BatchNorm(0.01)(x, weight(4), weight(4), weight(4), Tensor(np.array([1.0, 2, 3, 4]))),
    lambda x: ops.LocalResponseNorm(3, 0.5, 0.75, 2.0)(x),
    lambda x: ops.Add()(x, Z), lambda x: ops.Add()(Z, x), lambda x: ops.Mul()(x, Tensor(Z)),
    lambda x: ops.Concat(2)(x, Z), lambda x: ops.Concat(1)(Tensor(Z), x),
    lambda x: ops.Slice(slice(None), slice(1, 3), 2)(x),
    lambda x: ops.Pad((1, 2), (0, 3), value=0.5)(x),
])  # fmt: skip
def test_an_operation_and_its_gradient(made):
    y = made(X)
    values = mirror(y, X)
    assert np.allclose(values[y].detach(), y.data, rtol=1e-12, atol=1e-12)
    gy = RNG.standard_normal(y.shape)
    (gx,) = torch.autograd.grad(values[y], values[X], torch.tensor(gy))
    assert np.allclose(gx, backward(y, gy, wrt=X), rtol=1e-12, atol=1e-12)
    assert [v.requires_grad for t, v in values.items() if t.op is None] == [
        t is X for t in values if not t.op
    ]


@pytest.mark.parametrize(("rule", "passed"), [
    ("backprop", [0, 0, 7, -8, 0, 0]), ("deconvnet", [5, 0, 7, 0, 9, 0]), ("guided", [0, 0, 7, 0, 0, 0]),
])  # fmt: skip
def test_the_three_rules_of_a_relu(rule, passed):
    x = Tensor(np.array([[-1.0, -2, 3, 4, 0, 0]]), "x")
    y = ReLU()(x)
    values = mirror(y, x, rule)
    (gx,) = torch.autograd.grad(
        values[y], values[x], torch.tensor([[5.0, -6, 7, -8, 9, -9]], dtype=torch.float64)
    )
    assert gx[0].tolist() == passed and values[y].tolist() == [[0, 0, 3, 4, 0, 0]]


def test_another_input_and_an_operation_without_a_counterpart():
    y = ReLU()(X)
    assert np.array_equal(mirror(y, X, data=-X.data)[y].detach(), np.maximum(-X.data, 0))
    with pytest.raises(NotImplementedError, match="Sigmoid has no counterpart here"):
        mirror(Sigmoid()(X), X)


def network(*last, **told):
    net = Sequential(
        ConvLayer("conv1", 3, 4, 3, pad=1), Apply("relu1", ReLU), Apply("pool1", MaxPool, kernel=2),
        ConvLayer("conv2", 4, 5, 3, pad=1), Apply("relu2", ReLU), *last,
    ).initialise(2)  # fmt: skip
    net.card = Card("small", "Small", Preprocessing(crop=(10, 12)), "relu2", **told)
    return net


@pytest.mark.parametrize("last", ["scores", "maps"])
@pytest.mark.parametrize("unit_layer", [None, "relu2"])
def test_every_method_of_a_small_network_agrees(last, unit_layer):
    ends = (Apply("gap", GlobalAvgPool), LinearLayer("fc", 5, 7)) if last == "scores" else ()
    on, *rows = agreement(network(*ends, unit_layer=unit_layer))
    what = "on noise, class" if last == "scores" else "on noise, its strongest unit"
    assert on.what == "PyTorch, float64" and on.found.startswith(what)
    assert [row.what.strip() for row in rows][:3] == ["scores", "gradient", "saliency"] and len(rows) > 8
    judged = [row.holds for row in rows if row.holds is not None]
    assert all(judged) and len(judged) >= len(rows) - 1, rows
    assert ("  cam" in [row.what for row in rows]) == (last == "scores")
