"""Mistakes that no catalogue holds: the only right answer is that the cause is unknown."""

import torch
from torch.nn import functional as F

from tests.gradcam.verify.museum.mistakes.making import CAMS, finish
from tests.gradcam.verify.museum.right import Override, at_input, at_layer, enlarge, right, score, weigh


def noise_like(t, seed=1):
    return torch.randn(t.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(t)


def perturbed(amount):
    """Weights that are a little, or altogether, others."""

    def make(case):
        other = case.to(case.x.dtype)
        with torch.no_grad():
            for n, p in enumerate(other.model.parameters()):
                p.add_(amount * p.std(correction=0) * noise_like(p, n))
        return right(other)

    return make


def swapped_layers(case):
    other = case.to(case.x.dtype)
    convs = [m for m in other.model.modules() if isinstance(m, torch.nn.Conv2d)]
    same = [(a, b) for a in convs for b in convs if a is not b and a.weight.shape == b.weight.shape]
    with torch.no_grad():
        a, b = same[0]
        kept = a.weight.clone()
        a.weight.copy_(b.weight)
        b.weight.copy_(kept)
    return right(other)


def other_picture(case):
    other = case.to(case.x.dtype)
    other.x = noise_like(other.x, 5)
    return right(other)


def integrated(case):
    g = sum(at_input(case, None, x=case.x * (k + 0.5) / 8) for k in range(8)) / 8
    return (g * case.x).abs().amax(1) if case.method == "saliency" else g * case.x


def times_input(case):
    g = at_input(case, None) * case.x
    return g.abs().amax(1) if case.method == "saliency" else g


def by_activation(case):
    A, _ = at_layer(case)
    return finish(case, cam=(A.mean((2, 3), keepdim=True) * A).sum(1).relu())


def second_vector(case):
    """Eigen-CAM's map of the third singular vector."""
    A, _ = at_layer(case)
    V = torch.linalg.svd(A.flatten(2).mT, full_matrices=False).Vh
    return finish(case, cam=(A * V[:, 2][..., None, None]).sum(1).abs())


def smooth(case):
    return finish(
        case, signal=sum(at_input(case, x=case.x + 0.2 * noise_like(case.x, k)) for k in range(4)) / 4
    )


def dropped(case):
    """Dropout was on."""
    torch.manual_seed(3)
    other = case.to(case.x.dtype)

    class Dropping(torch.nn.Module):
        def __init__(self, net):
            super().__init__()
            self.net = net

        def forward(self, x):
            return self.net(F.dropout(x, 0.3))

        def get_submodule(self, path):
            return self.net.get_submodule(path)

    other.model = Dropping(other.model)
    return right(other)


def shifted(case):
    return right(case).roll(1, -1)


def blurred(case):
    m = right(case)
    m = m if m.ndim == 4 else m[:, None]
    return F.avg_pool2d(m, 3, 1, 1).reshape(right(case).shape)


def gamma(case):
    m = right(case)
    return m.sign() * m.abs().sqrt()


def leaky(case):
    return at_layer_or_input(case, lambda z: F.leaky_relu(z, 0.05))


def at_layer_or_input(case, relu):
    cam = None
    if case.method in CAMS:
        A, dA = at_layer(case, relu)
        cam = weigh(A, dA).relu()
    return finish(case, at_input(case, relu) if case.method != "grad_cam" else None, cam)


def mixed_classes(case):
    def start(case, y):
        return score(case, y) - 0.5 * y[:, (case.c + 2) % 5].sum()

    cam = weigh(*at_layer(case, start=start)).relu() if case.method in CAMS else None
    return finish(case, at_input(case, start=start), cam)


def noisy(case):
    m = right(case)
    return m + 0.05 * m.std() * noise_like(m)


def noise(case):
    return noise_like(right(case)) * right(case).std()


def permuted_maps(case):
    A, dA = at_layer(case)
    return finish(case, cam=weigh(A.roll(1, 1), dA).relu())


OUTSIDE = {
    "weights 1 % off": (perturbed(0.01), None),
    "other weights": (perturbed(1.0), None),
    "two layers swapped": (swapped_layers, None),
    "another picture": (other_picture, None),
    "integrated gradients": (integrated, "input"),
    "input times gradient": (times_input, "input"),
    "weighed by activations alone": (by_activation, "cam"),
    "a later singular vector": (second_vector, "cam"),
    "SmoothGrad": (smooth, "input"),
    "dropout on": (dropped, None),
    "shifted by a pixel": (shifted, None),
    "blurred": (blurred, None),
    "square root": (gamma, None),
    "leaky ReLU": (leaky, None),
    "half of another class subtracted": (mixed_classes, None),
    "5 % noise": (noisy, None),
    "noise": (noise, None),
    "feature maps permuted": (permuted_maps, "cam"),
}
__all__ = ["OUTSIDE", "Override", "enlarge"]
