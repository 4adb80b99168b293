"""The self-check: who is right where a network and its model disagree, and what is said."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
from torch import nn  # noqa: E402

import minicnn  # noqa: E402
from gradcam import verify  # noqa: E402
from minicnn import Tensor, backward  # noqa: E402
from tests.weights.graphs.torch_nets import draw  # noqa: E402
from tests.weights.graphs.torch_nets.one_line import Reverse, Straight  # noqa: E402
from weights.errors import WeightsError  # noqa: E402
from weights.graphs.torch import from_torch, parting  # noqa: E402
from weights.graphs.torch.gradients import difference  # noqa: E402
from weights.graphs.torch.operators import OPERATORS  # noqa: E402

X = torch.randn(1, 3, 8, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


class Net(nn.Module):
    """A convolution, `between`, and a head."""

    def __init__(self, between=lambda z: z):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.between, self.head = nn.Conv2d(3, 6, 3), between, nn.Linear(6, 5)

    def forward(self, x):
        z = self.conv(x).relu()
        return self.head((self.between(z) + z).mean((2, 3)))


def gradients(net, w):
    x = Tensor(net.x, "x")
    return backward(net(x), w, wrt=x)


def autograd(model, w):
    x = X.clone().requires_grad_()
    return torch.autograd.grad((model.double()(x) * torch.from_numpy(w)).sum(), x)[0].numpy()


def test_where_rounding_alone_moves_the_models_gradient_as_much_that_is_said():
    net = from_torch(Net(lambda z: (1e10 * z).sin()), X)
    assert net.check.kind == "rounding" and 1e-8 < net.check.difference < 1e-4
    assert "PyTorch's own moves by" in net.notes[-1] and "when every pixel is rounded once" in net.notes[-1]


class Masked(Net):
    """One class that the model never gives."""

    def forward(self, x):
        return super().forward(x).masked_fill(torch.tensor([0, 0, 1, 0, 0]).bool(), float("-inf"))


class TwiceTheSlope(minicnn.Sin):
    def gx(self, gy):
        return 2 * super().gx(gy)


def test_a_score_of_minus_infinity_hides_no_wrong_gradient(monkeypatch):
    assert from_torch(Masked(torch.sin), X).check.kind == "equal"
    monkeypatch.setitem(OPERATORS, "sin", lambda x: TwiceTheSlope()(x))
    with pytest.raises(WeightsError, match="the gradient of sin at the top level is not PyTorch's"):
        from_torch(Masked(torch.sin), X)


class Only(nn.Module):
    def forward(self, x):
        return x.sin().flatten(1)


@pytest.mark.parametrize(("off", "taken"), [(0.7e-8, True), (1.4e-8, False)])
def test_what_is_more_than_the_rounding_of_doubles(off, taken, monkeypatch):
    class Nearly(minicnn.Sin):
        def forward(self, x):
            return super().forward(x) * (1 + off)

    monkeypatch.setitem(OPERATORS, "sin", lambda x: Nearly()(x))
    if taken:
        assert from_torch(Only(), X).check.kind == "equal"
    else:
        with pytest.raises(WeightsError, match="our sin at the top level gives other numbers"):
            from_torch(Only(), X)


@pytest.mark.parametrize("at_once", [0, 1 << 29])
def test_where_gradients_part_is_found_whatever_the_memory(monkeypatch, at_once):
    monkeypatch.setattr(parting, "AT_ONCE", at_once)
    monkeypatch.setitem(OPERATORS, "sin", lambda x: TwiceTheSlope()(x))
    with pytest.raises(WeightsError, match="the gradient of sin at the top level is not PyTorch's"):
        from_torch(Net(torch.sin), X)


def test_differences_of_values_that_are_not_finite_or_very_large():
    finite, infinite = np.array([1.0, 2.0]), np.array([1.0, -np.inf])
    assert difference(infinite, infinite) == 0 and difference(1e200 * finite, 1.5e200 * finite) > 0.3
    for other in (finite, -infinite, np.array([1.0, np.nan])):
        assert difference(infinite, other) == np.inf
    assert difference(np.array([1.0, -np.inf]), np.array([1.1, -np.inf])) > 0.05


def test_hooks_are_left_out_and_that_is_said():
    model, calls = Net(), []
    model.conv.register_forward_hook(lambda *_: calls.append(1))
    model.head.register_full_backward_hook(lambda *_: calls.append(1))
    net = from_torch(model, X)
    assert not calls and net.check.kind == "equal"
    assert net.notes == [
        "the hooks of 'conv', 'head' are left out: what they return is not in this network's answers"
    ]
    plain = Net()
    plain.conv = nn.utils.parametrizations.weight_norm(plain.conv)
    assert from_torch(plain, X).notes == []


def hooked(z):
    if z.requires_grad:
        z.register_hook(lambda g: g.clamp(min=0))
    return z


BY_DESIGN = {
    "a hook of a tensor": lambda z: hooked(z.sin()),
    "detach": lambda z: 2 * z.detach(),
    "no_grad": torch.no_grad()(lambda z: z.sin()),
    "the autograd function Reverse": lambda z: Reverse.apply(3 * z),
    "the autograd function Straight": Straight.apply,
}


@pytest.mark.parametrize("what", BY_DESIGN)
def test_a_gradient_that_is_no_derivative_by_design_is_named_and_both_can_be_had(what):
    model, w = Net(BY_DESIGN[what]), np.random.default_rng(0).standard_normal((1, 5))
    net = from_torch(model, X)
    assert net.check.kind == "by design" and f"{what} at the top level" in net.check.says
    own = from_torch(model, X, gradient="model")
    assert own.gradient == "model" and "the model's own" in own.notes[-1]
    theirs = autograd(model, w)
    assert np.abs(gradients(own, w) - theirs).max() < 1e-12 * np.abs(theirs).max()
    assert np.abs(gradients(net, w) - theirs).max() > 1e-3 * np.abs(theirs).max()


def test_verify_accepts_either_gradient_and_says_which():
    model = Net(BY_DESIGN["detach"])
    x = X.clone().requires_grad_()
    theirs = torch.autograd.grad(model.double()(x)[0, 2], x)[0]
    verdict = verify.torch(model, X, 2, "gradient", result=theirs, pairs=False)
    assert verdict.kind == "equal" and "the gradient is the model's own, by design" in verdict.notes[-1]
    ours = gradients(from_torch(model, X), np.eye(5)[None, 2])
    verdict = verify.torch(model, X, 2, "gradient", result=ours, pairs=False)
    assert verdict.kind == "equal" and "gradient='model' takes the model's" in verdict.notes[-1]
    asked = verify.torch(model, X, 2, "gradient", result=theirs, pairs=False, gradient="mathematical")
    assert asked.kind != "equal" and "detach" in asked.notes[-1]


class Tokens(nn.Module):
    """A batchnorm whose signal arrives transposed."""

    def __init__(self):
        super().__init__()
        self.bn, self.head = nn.BatchNorm2d(3), nn.Linear(168, 5)
        with torch.no_grad():
            (
                self.bn.weight.uniform_(0.5, 2),
                self.bn.running_mean.normal_(),
                self.bn.running_var.uniform_(0.3, 3),
            )

    def forward(self, x):
        return self.head(self.bn(x).flatten(2).transpose(1, 2).flatten(1))


def test_the_frameworks_gradient_is_wrong_and_the_reference_goes_on():
    """PyTorch 2.13's batchnorm on the CPU, one picture, as it flattens and transposes what follows."""
    torch.manual_seed(0)
    model = Tokens().double().eval()
    w = np.random.default_rng(1).standard_normal((1, 5))
    net, theirs = from_torch(model, X), autograd(model, w)
    ours = gradients(net, w)
    direction = np.random.default_rng(2).standard_normal(X.shape)
    f = lambda e: float((model(X + e * torch.from_numpy(direction)).detach().numpy() * w).sum())  # noqa: E731
    assert abs((ours * direction).sum() - (f(1e-6) - f(-1e-6)) / 2e-6) < 1e-6
    if np.abs(ours - theirs).max() < 1e-9:
        pytest.skip("this version of PyTorch has no such mistake")
    assert (net.check.kind, net.check.where, net.check.operator) == ("framework", "bn", "native_batch_norm")
    assert "PyTorch's own gradient is wrong from native_batch_norm at 'bn' on" in net.notes[-1]


def by_value(z):
    return z if z.sum() > 0 else -z


def test_decisions_by_values_are_said():
    net = from_torch(Net(by_value), X)
    note = "recorded for this picture: the model decides by values at the top level"
    assert net.check.kind == "equal" and net.notes == [note]
    listed = from_torch(Net(lambda z: z * (1 if max(z.flatten().tolist()) < 1e6 else 2)), X)
    assert listed.notes == [note] and from_torch(Net(), X).notes == []


def test_a_factor_read_as_a_number_is_no_part_of_the_derivative_and_that_is_said():
    net = from_torch(Net(lambda z: z / z.max().item()), X)
    assert net.check.kind == "by design" and "values read at the top level are constants" in net.check.says


def test_a_detour_through_numpy_is_refused_where_it_counts():
    def detour(z):
        return torch.from_numpy(np.sin(z.detach().numpy()))

    with pytest.raises(WeightsError, match="takes values into NumPy at the top level"):
        from_torch(Net(lambda z: z + detour(z)), X)
    seen = []
    net = from_torch(Net(lambda z: seen.append(np.asarray(z.detach()).max()) or z), X)
    assert net.check.kind == "equal" and "recorded for this picture" in net.notes[0]


def test_who_brings_the_frameworks_wrong_gradient_is_not_blamed():
    torch.manual_seed(0)
    model = Tokens().double().eval()
    x = X.clone().requires_grad_()
    theirs = torch.autograd.grad(model(x)[0, 2], x)[0].numpy()
    verdict = verify.torch(model, X, 2, "gradient", result=theirs, pairs=False)
    if verdict.kind == "equal":
        pytest.skip("this version of PyTorch has no such mistake")
    assert verdict.kind == "located" and "PyTorch's own gradient is wrong" in verdict.located
    ours = gradients(from_torch(model, X), np.eye(5)[None, 2])
    assert verify.torch(model, X, 2, "gradient", result=ours, pairs=False).kind == "equal"


def test_what_neither_confirms_is_refused_with_its_operator(monkeypatch):
    class HalfReLU(minicnn.ReLU):
        def gx(self, gy):
            return super().gx(gy) / 2

    monkeypatch.setitem(OPERATORS, "relu", lambda x: HalfReLU()(x))
    with pytest.raises(
        WeightsError, match=r"the gradient of relu at the top level is not PyTorch's .* neither"
    ):
        from_torch(Net(), X)
    monkeypatch.setitem(OPERATORS, "relu", lambda x: minicnn.LeakyReLU(0.1)(x))
    with pytest.raises(WeightsError, match=r"our relu at the top level gives other numbers than PyTorch's"):
        from_torch(Net(), X)
    with pytest.raises(verify.VerifyError, match="other numbers"):
        verify.torch(Net(), X, 1, "saliency", result=np.ones((8, 7)))


def test_ties_of_a_flat_picture_are_said_and_not_refused():
    model, x = draw("Tied", 3)
    net = from_torch(model, x)
    assert net.check.kind in ("equal", "ties")


def test_a_model_whose_own_backward_pass_fails_is_taken_if_central_differences_agree():
    def between(z):
        a = z.exp()
        b = a * a
        a[:, 0] = 1
        return b + a

    net = from_torch(Net(between), X)
    assert net.check.kind == "framework" and "backward pass fails" in net.check.says
