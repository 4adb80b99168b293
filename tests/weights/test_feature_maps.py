"""One reader of feature maps: a live model and the file made of it are looked at in the same place."""

import numpy as np
import pytest

from minicnn import Tensor, find
from weights.described import open_model
from weights.feature_maps import default_layer

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("onnx", reason="ONNX's own package is not installed")
from weights.graphs.torch import from_torch  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")


class Turned(torch.nn.Module):
    """A layer norm and an activation of channels that lie last."""

    def __init__(self):
        super().__init__()
        self.norm = torch.nn.LayerNorm(8)

    def forward(self, x):
        return torch.nn.functional.gelu(self.norm(x.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)


class Boxes(torch.nn.Module):
    """Four numbers and two scores at each place, in rows: nothing weighs them any more."""

    def __init__(self):
        super().__init__()
        self.box, self.score = torch.nn.Conv2d(8, 4, 1), torch.nn.Conv2d(8, 2, 1)

    def forward(self, x):
        x = torch.relu(x)
        rows = [head(x).flatten(2).transpose(1, 2) for head in (self.box, self.score)]
        return torch.cat([rows[0] * 2, rows[1].sigmoid()], 2)


@pytest.mark.parametrize("kind", ["norm of groups", "turned", "boxes"])
def test_a_live_model_and_its_file_are_looked_at_alike(kind, tmp_path):
    torch.manual_seed(0)
    head = [torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 3)]
    ends = {
        "norm of groups": [torch.nn.GroupNorm(2, 8), torch.nn.SiLU(), *head],
        "turned": [Turned(), *head],
        "boxes": [Boxes()],
    }[kind]
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(), torch.nn.Conv2d(8, 8, 3), *ends)
    x = torch.randn(1, 3, 12, 10)
    torch.onnx.export(model.eval(), (x,), str(tmp_path / "net.onnx"), dynamo=False)
    found = []
    for net in (from_torch(model, x), open_model(tmp_path / "net.onnx")):
        y = net(X := Tensor(x.numpy(), "x"))
        found.append(find(y, default_layer(y, X)[0]))
    live, of_file = found
    assert live.ndim == 4 and type(live.op) is type(of_file.op)
    assert net.card.layer == of_file.name and live.shape == {"turned": (1, 8, 6, 8)}.get(kind, (1, 8, 8, 6))
    np.testing.assert_allclose(of_file.data, live.data, rtol=0, atol=1e-5 * abs(live.data).max())
