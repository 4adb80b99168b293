"""Each library asked for its methods on one small network: what the options become, and how it fails."""

import sys
from types import ModuleType

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
from torch import nn  # noqa: E402

from gradcam import verify  # noqa: E402
from gradcam.verify import VerifyError  # noqa: E402
from gradcam.verify.peers import libraries  # noqa: E402
from gradcam.verify.peers.libraries import result_of  # noqa: E402


def model():
    torch.manual_seed(0)
    made = nn.Sequential(
        nn.Conv2d(3, 5, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(5, 4, 3), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )  # fmt: skip
    return made.double().eval()


X = torch.randn(2, 3, 8, 10, generator=torch.Generator().manual_seed(1)).double()


def same(library, method, layer=None, x=X, but=None, **settings):
    """What the library gives is the reference's, but for one cause."""
    if library == "zennit":
        pytest.importorskip("tests.support.torchvision_models", reason="torchvision is not installed")
    pytest.importorskip(libraries.MODULES[library], reason=f"{library} is not installed")
    verdict = verify.torch(model(), x, 2, method, layer, library=library, settings=settings, pairs=False)
    assert verdict.names(but) if but else verdict.kind == "equal", str(verdict)


@pytest.mark.parametrize("rule", ["gauss", "right", "midpoint"])
def test_captums_integrated_gradients_by_each_rule(rule):
    but = "the weights of the steps are rounded to float32"
    same("captum", "integrated_gradients", but=but, steps=7, rule=rule, baseline=0.25)


@pytest.mark.parametrize(("method", "layer"), [
    ("gradient", None), ("saliency", None), ("deconvnet", None), ("guided_backprop", None),
    ("input_times_gradient", None), ("grad_cam", "1"), ("guided_grad_cam", "1"),
])  # fmt: skip
def test_captums_others(method, layer):
    same("captum", method, layer)


def test_captums_occlusion_by_windows_that_are_not_square():
    same("captum", "occlusion", window=(4, 2), stride=(2, 1), fill=0.5)


@pytest.mark.parametrize(("method", "layer"), [
    ("gradient", None), ("saliency", None), ("guided_backprop", None), ("excitation_backprop", "1"),
])  # fmt: skip
def test_zennits(method, layer):
    same("zennit", method, layer)


@pytest.mark.parametrize("method", ["grad_cam", "layercam", "score_cam", "guided_backprop"])
def test_pytorch_grad_cams(method):
    same("pytorch-grad-cam", method, "1" if "cam" in method else None, X[:1])


def test_one_picture_for_guided_backprop_of_pytorch_grad_cam():
    pytest.importorskip("pytorch_grad_cam", reason="pytorch-grad-cam is not installed")
    with pytest.raises(VerifyError, match="looks at the first picture only: give one"):
        result_of("pytorch-grad-cam", model(), X, 2, "guided_backprop", None)


def test_torch_cams():
    same("torch-cam", "grad_cam", "1")


def test_what_a_library_cannot_do(monkeypatch):
    asked = model()
    with pytest.raises(VerifyError, match="is one of captum, pytorch-grad-cam, torch-cam, zennit, not 'x'"):
        result_of("x", asked, X, 2, "gradient", None)
    with pytest.raises(VerifyError, match="torch-cam has no gradient"):
        result_of("torch-cam", asked, X, 2, "gradient", None)
    for error, said in (
        (ImportError("no captum"), "captum cannot be imported: no captum"),
        (VerifyError("one picture"), "^one picture$"),
        (KeyError("a"), "captum fails on this model: KeyError: 'a'$"),
        (ValueError("x" * 200 + "\nmore"), f"captum fails on this model: ValueError: {'x' * 160}$"),
        (ValueError("first\nsecond"), "captum fails on this model: ValueError: first$"),
    ):

        def fails(*given, error=error):
            raise error

        monkeypatch.setitem(libraries.LIBRARIES, "captum", fails)
        with pytest.raises(VerifyError, match=said):
            result_of("captum", asked, X, 2, "gradient", None)


def test_what_a_library_is_asked_with(monkeypatch):
    seen = []
    monkeypatch.setitem(libraries.LIBRARIES, "captum", lambda *given: seen.append(given) or "theirs")
    asked = model()
    for layer, x in (("3", X), (asked[3], X.numpy()), (None, X.float())):
        assert result_of("captum", asked, x, 2, "Integrated Gradients", layer, {"steps": 5}) == "theirs"
        kind, other, given, c, method, module, settings = seen.pop()
        assert (kind, c, method) == ("IntegratedGradients", 2, "integrated_gradients")
        assert other is not asked and (module is other[3] if layer is not None else module is None)
        assert given.dtype == torch.float64 and given.requires_grad and given is not X
        assert torch.equal(given.detach(), torch.as_tensor(x).double()) and not X.requires_grad
        assert settings["steps"] == 5 and settings["rule"] == "gauss"
        low, high = settings["pixels"]  # those that x has
        np.testing.assert_allclose(low, np.asarray(x).min((2, 3), keepdims=True))
        np.testing.assert_allclose(high, np.asarray(x).max((2, 3), keepdims=True))
    assert result_of("captum", nn.Flatten(), X.float(), 2, "gradient", None) == "theirs"
    assert seen.pop()[2].dtype == torch.get_default_dtype()
    monkeypatch.setitem(libraries.LIBRARIES, "zennit", lambda *given: given[-1]["pixels"])
    assert result_of("zennit", asked, X, 2, "lrp_z_box", None, {"pixels": (-3, 4)}) == (-3, 4)


def test_which_maps_are_float32(monkeypatch):
    """pytorch-grad-cam collects scores and projections in float32; what it makes of gradients it does not."""
    library, targets = ModuleType("pytorch_grad_cam"), ModuleType("pytorch_grad_cam.utils.model_targets")
    targets.ClassifierOutputTarget = lambda c: c
    asked = []

    class Cam:
        def __init__(self, model, target_layers):
            asked.append(target_layers)
            self.activations_and_grads = seen = lambda x: torch.ones(1, 3, requires_grad=True) * x.mean()
            seen.activations, seen.gradients = [torch.ones(1, 5, 8, 10)], gradients

        __enter__ = lambda self: self  # noqa: E731
        __exit__ = lambda self, *error: None  # noqa: E731

        def get_cam_image(self, x, layer, targets, A, dA, eigen_smooth):
            asked.append((targets, A is None, dA is None, eigen_smooth))
            return np.array([[-1.0, 0.1]])

    for name in ("GradCAM", "ScoreCAM"):
        setattr(library, name, Cam)
    for name, module in (("pytorch_grad_cam", library), ("pytorch_grad_cam.utils", ModuleType("utils")),
                         ("pytorch_grad_cam.utils.model_targets", targets)):  # fmt: skip
        monkeypatch.setitem(sys.modules, name, module)
    x = X.clone().requires_grad_()
    for kind, method, gradients, single in (
        ("GradCAM", "grad_cam", [torch.ones(1, 5, 8, 10)], False),
        ("GradCAM", "grad_cam", [], True),
        ("ScoreCAM", "score_cam", [torch.ones(1, 5, 8, 10)], True),
    ):
        found = libraries.pytorch_grad_cam(kind, None, x, 2, method, "the layer", {})
        assert found.tolist() == np.array([[0, 0.1]], np.float32 if single else np.float64).tolist()
        assert found.dtype == (np.float32 if single else np.float64)
        assert asked == [["the layer"], ([2, 2], False, not gradients, False)]
        asked.clear()
