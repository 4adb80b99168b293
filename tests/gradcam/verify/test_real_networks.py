"""Published architectures, as PyTorch modules with weights drawn at random: the same scores, to 1e-10."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
from gradcam import GUIDED, verify  # noqa: E402
from minicnn import Conv, MaxPool, ReLU, Tensor, backward, history, nets, one_hot  # noqa: E402
from weights.graphs.torch import from_torch  # noqa: E402

models = pytest.importorskip("tests.support.torchvision_models", reason="torchvision is not installed").models
NETWORKS = [
    ("squeezenet1_1", 64, {}),
    ("resnet18", 64, {}),
    ("googlenet", 64, {"init_weights": False}),
    ("densenet121", 32, {}),
]


def model_of(name, **options):
    torch.manual_seed(0)
    return getattr(models, name)(weights=None, num_classes=20, **options).eval()


@pytest.mark.parametrize("name, size, options", NETWORKS)
def test_scores(name, size, options):
    model, x = model_of(name, **options), torch.randn(1, 3, size, size)
    ours = from_torch(model, x)(Tensor(x.double().numpy(), "x")).data
    with torch.no_grad():
        theirs = model.double()(x.double()).numpy()
    assert np.abs(theirs).max() > 1e-3 and np.abs(ours - theirs).max() <= 1e-10 * np.abs(theirs).max()


def test_silu_has_scores_and_grad_cam_but_no_guided_backprop():
    model, x = model_of("efficientnet_b0"), torch.randn(1, 3, 32, 32)
    signal = np.ones((1, 3, 32, 32))
    verdict = verify.torch(model, x, 3, "guided_backprop", result=signal)
    assert (
        verdict.status == 2
        and "SiLU at 'features.0.2'" in verdict.reason
        and "no rule is published" in verdict.reason
    )
    assert verify.torch(model, x, 3, "grad_cam", "features.2", library="captum")


def test_mini_vgg_as_a_pytorch_module_is_our_mini_vgg():
    ours = nets.mini_vgg().initialise(4).astype(np.float64)
    x = np.random.default_rng(0).standard_normal((1, 3, 32, 24))
    y, steps = ours(Tensor(x, "x")), []
    for t in history(y):
        if isinstance(t.op, Conv):
            conv = torch.nn.Conv2d(t.op.W.shape[1], t.op.W.shape[0], 3, padding=1)
            conv.weight, conv.bias = (
                torch.nn.Parameter(torch.from_numpy(t.op.inputs[k].data)) for k in (1, 2)
            )
            steps.append(conv)
        elif isinstance(t.op, ReLU):
            steps.append(torch.nn.ReLU(inplace=True))
        elif isinstance(t.op, MaxPool):
            steps.append(torch.nn.MaxPool2d(t.op.kernel, t.op.stride))
    head = torch.nn.Linear(256, 10)
    head.weight, head.bias = (
        torch.nn.Parameter(torch.from_numpy(ours["fc"].arrays()[f"fc.{k}"].data)) for k in "Wb"
    )
    twin = torch.nn.Sequential(*steps, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), head).eval()
    again = from_torch(twin, x)(Tensor(x, "x"))
    assert np.abs(again.data - y.data).max() <= 1e-10 * np.abs(y.data).max()
    source = next(t for t in history(y) if t.name == "x")
    guided = backward(y, one_hot(y, 3), wrt=source, rules=GUIDED)
    assert verify.torch(twin, x, 3, "guided_backprop", result=guided).kind == "equal"
