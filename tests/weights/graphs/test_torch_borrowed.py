"""What we lack runs in PyTorch, is named, and obeys the rules of the backward pass."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
from torch import nn  # noqa: E402

from gradcam import DECONVNET, GUIDED, verify  # noqa: E402
from minicnn import RuleError, Tensor, backward, find, one_hot  # noqa: E402
from weights.graphs.torch import from_torch  # noqa: E402
from weights.graphs.torch.operators import OPERATORS  # noqa: E402

X = torch.randn(2, 3, 8, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.fixture(autouse=True)
def without_some_of_the_table(monkeypatch):
    """As if the table of all importers lacked these: they stand in for those that nobody has."""
    for name in ("gelu", "elu", "mish", "hardswish", "_prelu_kernel"):
        monkeypatch.delitem(OPERATORS, name)


class Logit(nn.Module):
    """An activation that we lack."""

    def forward(self, x):
        return x.logit(0.1)


def net_with(activation, second=None):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3), activation(), nn.Conv2d(6, 6, 3), (second or activation)(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5),
    ).double()  # fmt: skip


def test_it_is_counted_and_said():
    net = from_torch(net_with(nn.GELU), X)
    assert net.borrowed == {"gelu": 2} and net.notes == ["gelu x2 is PyTorch's own, not the reference's"]
    verdict = verify.torch(net_with(nn.GELU), X, 1, "gradient", result=_gradient(net, 1), pairs=False)
    assert verdict.kind == "equal" and verdict.notes == net.notes


def _gradient(net, c):
    x = Tensor(X.numpy(), "x")
    y = net(x)
    return backward(y, one_hot(y, c), wrt=x)


def test_a_network_of_ours_alone_has_nothing_to_say():
    net = from_torch(net_with(nn.ReLU), X)
    assert not net.borrowed and net.notes == []


@pytest.mark.parametrize("activation", [nn.GELU, nn.ELU, nn.Mish, nn.Hardswish, nn.PReLU, Logit])
@pytest.mark.parametrize("rules", [GUIDED, DECONVNET])
def test_an_activation_without_a_published_rule_is_refused_by_name_where_rules_matter(activation, rules):
    net = from_torch(net_with(activation, nn.ReLU), X)
    x = Tensor(X.numpy(), "x")
    y = net(x)
    with pytest.raises(RuleError, match=f"{next(iter(net.borrowed))} '1'"):
        backward(y, one_hot(y, 1), wrt=x, rules=rules)
    backward(y, one_hot(y, 1), wrt=find(y, "1"))  # Grad-CAM's gradient


def test_a_stack_of_signals_is_what_each_gives_alone():
    net = from_torch(net_with(nn.GELU), X)
    x = Tensor(X.numpy(), "x")
    y = net(x)
    signals = np.random.default_rng(0).standard_normal((3, 2, *y.shape))
    together = backward(y, signals, wrt=x)
    alone = [[backward(y, signal, wrt=x) for signal in row] for row in signals]
    assert together.shape == (3, 2, *X.shape) and np.array_equal(together, alone)


def test_float32_through_the_same_operator():
    net = from_torch(net_with(nn.GELU), X)
    low, x = net.astype(np.float32), Tensor(X.numpy().astype(np.float32), "x")
    y = low(x)
    g = backward(y, one_hot(y, 1), wrt=x)
    assert y.dtype == g.dtype == np.float32
    exact = _gradient(net, 1)
    assert 0 < np.abs(g - exact).max() < 1e-5 * np.abs(exact).max()


def test_a_large_activation_is_sent_back_whole():
    """Those of ours are shared among threads by rows; PyTorch's are not."""
    x = torch.randn(1, 2, 600, 600, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    model = nn.Sequential(nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    source = Tensor(x.numpy(), "x")
    y = from_torch(model, x)(source)
    leaf = x.clone().requires_grad_()
    theirs = torch.autograd.grad(model(leaf)[0, 1], leaf)[0].numpy()
    assert np.allclose(backward(y, one_hot(y, 1), wrt=source), theirs, rtol=1e-12, atol=0)


def test_several_results_of_one_operator():
    class Two(nn.Module):
        def forward(self, x):
            values, where = x.flatten(1).sort(-1)
            return values[:, :3] * where[:, :3].cos() + x.flatten(2).max(-1)[0]

    net = from_torch(Two(), X)
    leaf = X.clone().requires_grad_()
    theirs = torch.autograd.grad(Two()(leaf)[:, 1].sum(), leaf)[0].numpy()
    assert np.array_equal(_gradient(net, 1), theirs) and net.borrowed["sort"] == 1


def test_other_numbers_of_pictures():
    """Side by side where that gives what each gives alone; otherwise one batch after the other."""

    class Mixed(nn.Module):
        def forward(self, x):
            return (x - x.mean(0)).mean((2, 3))

    four = np.concatenate([X.numpy(), 0.5 * X.numpy()])
    for model in (net_with(nn.GELU), Mixed()):
        net = from_torch(model, X)
        each = np.concatenate([net(part) for part in (four[:2], four[2:])])
        x = Tensor(four, "x")
        y = net(x)
        assert np.allclose(y.data, each, rtol=1e-12) and np.allclose(net(four), each, rtol=1e-12)
        assert backward(y, one_hot(y, 1), wrt=x).shape == four.shape
