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


class Attention(torch.nn.Module):
    """Channels, then places, weighed as CBAM does (Woo et al. 2018): its gates are no maps, nor what leads to
    them.
    """

    def __init__(self, expand):
        super().__init__()
        self.channels, self.places, self.expand = (
            torch.nn.Linear(8, 8),
            torch.nn.Conv2d(2, 1, 3, 1, 1),
            expand,
        )

    def forward(self, x):
        x = torch.nn.functional.leaky_relu(x)
        gate = self.channels(x.mean((2, 3))).sigmoid()[:, :, None, None]
        x = x * gate.expand_as(x) if self.expand else x * gate
        gate = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return x * self.places(gate).sigmoid()


class Patches(torch.nn.Module):
    """Tokens by Rearrange, "b c (h p) (w q) -> b (h w) (p q c)", and a residual layer."""

    def __init__(self):
        super().__init__()
        self.first, self.second = torch.nn.Linear(32, 8), torch.nn.Linear(8, 8)

    def forward(self, x):
        n, c, h, w = x.shape
        t = x.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 3, 5, 1).reshape(n, h * w // 4, 4 * c)
        t = self.first(t)
        return (t + self.second(t).relu()).mean(1)


SHAPES = {"turned": (1, 8, 6, 8), "patches": (1, 12, 8)}


@pytest.mark.parametrize("kind", ["norm of groups", "turned", "boxes", "gates", "wide gates", "patches"])
def test_a_live_model_and_its_file_are_looked_at_alike(kind, tmp_path):
    torch.manual_seed(0)
    head = [torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 3)]
    ends = {
        "norm of groups": [torch.nn.GroupNorm(2, 8), torch.nn.SiLU(), *head],
        "turned": [Turned(), *head],
        "boxes": [Boxes()],
        "gates": [Attention(False), *head],
        "wide gates": [Attention(True), *head],
        "patches": [Patches(), head[-1]],
    }[kind]
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(), torch.nn.Conv2d(8, 8, 3), *ends)
    x = torch.randn(1, 3, 12, 10)
    torch.onnx.export(model.eval(), (x,), str(tmp_path / "net.onnx"), dynamo=False)
    found = []
    for net in (from_torch(model, x), open_model(tmp_path / "net.onnx")):
        y = net(X := Tensor(x.numpy(), "x"))
        found.append(find(y, default_layer(y, X)[0]))
    live, of_file = found
    assert type(live.op) is type(of_file.op) and net.card.layer == of_file.name
    assert live.shape == SHAPES.get(kind, (1, 8, 8, 6))
    np.testing.assert_allclose(of_file.data, live.data, rtol=0, atol=1e-5 * abs(live.data).max())


def test_the_explorer_takes_maps_that_have_rows(tmp_path):
    """Of a network whose default layer holds tokens, or maps that lie last, the last that lies as maps do."""
    from gradcam.explore.model import described, steps
    from tests.weights.graphs.exported import KINDS

    found = {}
    for kind in ("vision_transformer", "nhwc_depthwise_between_transpositions", "einsum_head"):
        net = open_model(KINDS[kind]().net.save(tmp_path / f"{kind}.onnx"))
        y = net(x := Tensor(np.ones(net.description.example, np.float32), "x"))
        found[kind] = net.card.layer, described(net, steps(y, x))["layer"]
    assert [*found.values()] == [("placed", "patches"), ("relu6", "again2"), ("relu2", "relu2")]
