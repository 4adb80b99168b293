"""Small PyTorch networks by name, and `draw`, which gives them weights and a picture."""

import torch

from tests.weights.graphs.torch_nets import unusual, usual
from tests.weights.graphs.torch_nets.usual import CLASSES

SIZE = (16, 12)
FAMILIES = {
    f.__name__: f
    for f in (
        usual.VGG,
        usual.InPlace,
        usual.Residual,
        usual.Functional,
        usual.Shared,
        usual.Tied,
        usual.Pooled,
    )
}
DOZEN = {
    **FAMILIES,
    **{f.__name__: f for f in (unusual.Dense, unusual.Reused, unusual.Clamped, unusual.ReLU6, unusual.SiLU)},
}
EVERY = {
    **DOZEN,
    **{f.__name__: f for f in (unusual.Averaged, unusual.Faint, unusual.Confident, unusual.Saturated)},
}
LEAD = {
    "Confident": (5, 20),
    "Saturated": (150, 200),
}  # of one class before the others, in units of the score: from, to


def draw(family, seed, size=SIZE, pictures=1):
    """-> (network in eval mode, input (pictures, 3, *size)), float64, all drawn from the seed."""
    net = EVERY[family]().double().eval()
    g = torch.Generator().manual_seed(seed)
    normal = lambda *shape: torch.randn(*shape, generator=g, dtype=torch.float64)  # noqa: E731
    with torch.no_grad():
        for name, p in net.named_parameters():
            p.copy_(normal(*p.shape) * ((2 / p[0].numel()) ** 0.5 if p.ndim > 1 else 0.1))
            if ".bn" in f".{name}" and name.endswith("weight"):
                p.copy_(1 + 0.2 * normal(*p.shape))
        for name, b in net.named_buffers():
            if b.ndim:
                b.copy_(0.2 * normal(*b.shape) if "mean" in name else 0.5 + normal(*b.shape) ** 2)
        if family == "Tied":
            for p in net.parameters():
                p.copy_((4 * p).round() / 4)
        if family == "Faint":
            net.classifier[-1].weight *= 1e-6
        if family in LEAD:
            least, most = LEAD[family]
            net.classifier[-1].bias[seed % CLASSES] += least + (most - least) * float(
                torch.rand(1, generator=g)
            )
    x = normal(pictures, 3, *size)
    if family == "Tied":
        x = (2 * x).round() / 2
        x[..., 4:, :] = 0.5
    return net, x


__all__ = ["CLASSES", "DOZEN", "EVERY", "FAMILIES", "SIZE", "draw"]
