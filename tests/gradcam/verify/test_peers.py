"""Where today's libraries agree with the reference and where they do not; the whole table:
tests/results/verify_peers.md.
"""

import importlib.util
import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
from torch import nn  # noqa: E402

from gradcam import verify  # noqa: E402
from tests.gradcam.verify import peers_matrix  # noqa: E402

EXPECTED = json.loads((Path(__file__).parents[2] / "results" / "verify_peers.json").read_text("utf-8"))
MODULES = {
    "captum": "captum",
    "pytorch-grad-cam": "pytorch_grad_cam",
    "torch-cam": "torchcam",
    "zennit": "zennit",
}
CELLS = [
    ("captum", "guided_backprop", "Shared"),
    ("captum", "deconvnet", "Functional"),
    ("captum", "grad_cam", "InPlace"),
    ("captum", "guided_grad_cam", "VGG"),
    ("captum", "guided_backprop", "SiLU"),
    ("pytorch-grad-cam", "grad_cam", "InPlace"),
    ("pytorch-grad-cam", "guided_backprop", "Shared"),
    ("torch-cam", "grad_cam", "InPlace"),
    ("torch-cam", "grad_cam", "Residual"),
    ("zennit", "guided_backprop", "Clamped"),
    ("zennit", "deconvnet", "Residual"),
    ("zennit", "lrp_gamma", "Residual"),
    ("zennit", "lrp_epsilon", "Residual"),
    ("zennit", "lrp_flat", "Functional"),
    ("zennit", "lrp_z_box", "Pooled"),
    ("zennit", "excitation_backprop", "Functional"),
    ("pytorch-grad-cam", "ablation_cam", "Shared"),
    ("pytorch-grad-cam", "eigen_cam", "VGG"),
]


@pytest.mark.parametrize("library, method, family", CELLS)
def test_the_table_still_says_what_is_so(library, method, family):
    if not importlib.util.find_spec(MODULES[library]):
        pytest.skip(f"{library} is not installed")
    if library != "captum":
        pytest.importorskip("tests.support.torchvision_models", reason="torchvision is not installed")
    assert (
        list(peers_matrix.cell(library, peers_matrix.drawn(family, method)))
        == EXPECTED[library][method][family]
    )


@pytest.mark.parametrize("method", ["occlusion", "input_times_gradient"])
def test_captum_finds_what_verify_knows_of_the_other_methods(method):
    random = torch.Generator().manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4)
    )
    model, x = model.double().eval(), torch.randn(1, 3, 17, 14, generator=random).double()
    verdict = verify.torch(model, x, 1, method, library="captum", pairs=False)
    assert verdict.kind == "equal", str(verdict)
