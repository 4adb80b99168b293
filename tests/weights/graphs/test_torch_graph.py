"""A live module becomes the same network, and stays as it was."""

import re

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
from torch import nn  # noqa: E402

import gradcam  # noqa: E402
from gradcam import verify  # noqa: E402
from minicnn import ReLU, Tensor, backward, find, history, one_hot  # noqa: E402
from tests.weights.graphs.torch_nets import FAMILIES, draw  # noqa: E402
from weights.errors import WeightsError  # noqa: E402
from weights.graphs.torch import from_torch  # noqa: E402


@pytest.mark.parametrize("family", FAMILIES)
def test_scores_and_gradients_are_pytorchs(family):
    model, x = draw(family, 1)
    y = from_torch(model, x)(Tensor(x.numpy(), "x"))
    x.requires_grad_()
    theirs = model(x)
    gradient = torch.autograd.grad(theirs[0, 2], x)[0].numpy()
    assert np.abs(gradient).max() > 1e-3
    np.testing.assert_allclose(
        y.data, theirs.detach().numpy(), rtol=0, atol=1e-12 * theirs.abs().max().item()
    )
    source = next(t for t in history(y) if t.name == "x")
    np.testing.assert_allclose(
        backward(y, one_hot(y, 2), wrt=source), gradient, rtol=0, atol=1e-12 * np.abs(gradient).max()
    )


def test_every_call_of_a_reused_module_has_its_name():
    model, x = draw("Residual", 0)
    y = from_torch(model, x)(Tensor(x.numpy(), "x"))
    relus = [t.name for t in history(y) if isinstance(t.op, ReLU)]
    assert relus == ["relu", "one.relu", "one.relu@2", "two.relu", "two.relu@2"]


def test_a_network_says_where_its_names_are():
    model, x = draw("Residual", 0)
    net = from_torch(model, x)
    said = repr(net)
    assert "net.alias" in said and "weights" not in said
    assert "one.relu" in net.alias


def test_an_in_place_relu_does_not_change_what_came_before_it():
    model, x = draw("InPlace", 0)
    y = from_torch(model, x)(Tensor(x.numpy(), "x"))
    assert find(y, "features.5").data.min() < 0 <= find(y, "features.6").data.min()


def test_a_module_and_its_path_are_the_same_layer():
    model, x = draw("Residual", 3)
    assert verify.modules.path_of(model, model.two) == "two"
    net = from_torch(model, x)
    assert net.name_of("two") == "two.relu@2"


class Unusual(torch.nn.Module):
    """What happens between modules."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc = torch.nn.Conv2d(3, 8, 3, padding=1, groups=1), torch.nn.Linear(8, 4)
        self.register_buffer("scale", torch.tensor(0.5))

    def forward(self, x):
        x = torch.nn.functional.relu(self.conv(x) * self.scale - 0.1, inplace=True)
        left, right = x[:, :4], x[:, 4:]
        left, right = x.split([4, 4], 1) if len(x) == 2 else (left, right)
        x = torch.cat([left.sigmoid() * right, torch.maximum(right, torch.zeros_like(right))], 1) / 3
        x = torch.nn.functional.pad(x, (1, 0, 0, 2))
        x = (
            torch.nn.functional.adaptive_avg_pool2d(x, (5, 3))
            .transpose(2, 3)
            .mean(3, keepdim=True)
            .sum(2)
            .squeeze(2)
        )
        if x.sum() > -1e9:  # control flow in Python is followed
            x = x + 1
        return self.fc(x.unsqueeze(0).squeeze(0))


def test_functions_and_operators_between_modules():
    torch.manual_seed(2)
    model, x = Unusual().double(), torch.randn(2, 3, 7, 6, dtype=torch.float64, requires_grad=True)
    y = from_torch(model, x)(Tensor(x.detach().numpy(), "x"))
    theirs = model(x)
    np.testing.assert_allclose(y.data, theirs.detach().numpy(), rtol=0, atol=1e-13)
    gradient = torch.autograd.grad(theirs[:, 1].sum(), x)[0].numpy()
    source = next(t for t in history(y) if t.name == "x")
    np.testing.assert_allclose(backward(y, one_hot(y, 1), wrt=source), gradient, rtol=0, atol=1e-13)


def surroundings(model):
    """All that must not change."""
    counts = [
        sum(len(getattr(m, n)) for n in vars(m) if n.endswith("hooks") or "hooks_" in n)
        for m in model.modules()
    ]
    arrays = {k: (v.clone(), v.dtype) for k, v in model.state_dict().items()}
    grads = {k: None if p.grad is None else p.grad.clone() for k, p in model.named_parameters()}
    flags = (
        [p.requires_grad for p in model.parameters()],
        [m.training for m in model.modules()],
        [type(m) for m in model.modules()],
    )
    return counts, arrays, grads, flags, torch.get_rng_state(), torch.is_grad_enabled()


def same(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return a == b


@pytest.mark.parametrize("fails", [False, True])
def test_the_model_and_its_surroundings_stay_as_they_are(fails):
    model, x = draw("Residual", 0)
    model.float().train()
    model.two.eval()
    seen = []
    model.one.register_forward_hook(lambda *_: seen.append(1))
    model.stem.weight.grad = torch.ones_like(model.stem.weight)
    model.head.bias.requires_grad_(False)
    if fails:
        model.head = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.Linear(6, 5))
        model.float().train()
    before, x32 = surroundings(model), x.float()
    given = x32.clone()
    if fails:
        with pytest.raises(verify.VerifyError, match=r"does not run .* at 'head.1'"):
            verify.torch(model, x32, 1, "saliency", result=np.ones((16, 12)))
    else:
        verify.torch(model, x32, 1, "saliency", result=np.ones((16, 12)), pairs=False)
    assert same(before, surroundings(model)) and torch.equal(given, x32) and not seen


class Raises(torch.nn.Module):
    """Fails in its forward pass, after having drawn a random number and moved its statistics."""

    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.calls = torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), 0

    def forward(self, x):
        self.calls += 1
        x = self.bn(self.conv(x)) + torch.rand(1)
        raise IndexError("out of range in the user's own code")


@pytest.mark.parametrize("library", [None, "captum"])
def test_a_model_that_raises_stays_as_it_was(library):
    model, x = Raises().train(), torch.randn(1, 3, 8, 8)
    model.conv.register_forward_hook(lambda *_: None)
    before = surroundings(model)
    options = {"library": library} if library else {"result": np.ones((1, 3, 8, 8))}
    with pytest.raises(verify.VerifyError, match="out of range in the user's own code"):
        verify.torch(model, x, 1, "gradient", **options)
    assert same(before, surroundings(model)) and model.calls == 0


def test_what_is_not_known_is_said():
    model, x = draw("VGG", 0)
    with pytest.raises(verify.VerifyError, match=r"'features.9' is none; there is .*features.6"):
        verify.torch(model, x, 1, "grad_cam", "features.9", result=np.ones((8, 6)))
    with pytest.raises(verify.VerifyError, match="class 7 is none of the network's 5"):
        verify.torch(model, x, 7, "saliency", result=np.ones((16, 12)))
    with pytest.raises(verify.VerifyError, match="NaN"):
        verify.torch(model, x, 1, "saliency", result=np.full((16, 12), np.nan))
    other = verify.torch(model, x, 1, "saliency", result=np.ones((4, 4)))
    assert other.status and re.search(r"\(4, 4\).*\(1, 16, 12\)", str(other), re.S), str(other)
    with pytest.raises(verify.VerifyError, match="7 classes, the network 5"):
        verify.torch(model, x, 1, "saliency", result={"result": np.ones((16, 12)), "scores": np.ones((1, 7))})


def test_a_library_can_put_the_reference_into_its_own_tests():
    model, x = draw("VGG", 2)
    x.requires_grad_()
    right = torch.autograd.grad(model(x)[0, 1], x)[0]
    assert verify.assert_explains(model, x, 1, "gradient", result=right).kind == "equal"
    with pytest.raises(AssertionError, match="has a mistake: absolute value"):
        verify.assert_explains(model, x, 1, "gradient", result=right.abs())


@pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated", "ignore::UserWarning")
def test_a_model_of_whole_numbers_is_refused_by_its_module():
    float_model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 3)).eval()
    int8 = torch.ao.quantization.quantize_dynamic(float_model, {torch.nn.Linear})
    with pytest.raises(
        WeightsError, match=r"in int8 \(DynamicQuantizedLinear at '1'\).*give the float model"
    ):
        from_torch(int8, torch.rand(1, 3, 2, 2))
    assert from_torch(float_model, torch.rand(1, 3, 2, 2)).check.kind == "equal"


def test_several_pictures_take_one_pass_in_float32_too():
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 1000)).double().eval()
    x = torch.randn(1, 3, 24, 24, dtype=torch.float64)
    net, two = from_torch(model, x), x.repeat(2, 1, 1, 1).numpy()
    passes = [len(history(n(Tensor(two.astype(n.dtype), "x")))) for n in (net.astype(np.float32), net)]
    assert passes[0] == passes[1]
    right = gradcam.explain(net, x.numpy(), [1], ["integrated_gradients"])["integrated_gradients", 1]
    asked = {"method": "integrated_gradients", "settings": {"steps": 50}}
    assert verify.torch(model, x, 1, result=right.astype(np.float32), **asked).kind == "equal"
