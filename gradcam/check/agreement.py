"""The first methods, in float64, against PyTorch.

PyTorch computes the same network, and each formula is written again with its functions.
"""

import importlib.util

import numpy as np

from gradcam.check.rows import Row
from gradcam.check.ties import tied
from gradcam.explanation import explain
from gradcam.image import prepare, read
from gradcam.methods import CLASSIC, METHODS
from gradcam.methods.cam import cam_head
from gradcam.target import Target, strongest_unit
from minicnn import Tensor, find

LIMIT = 1e-10  # relative to the norm
TRIES = 8  # pictures that are looked at for one without ties


def agreement(net, pictures=()):
    """Rows that say how far each method is from PyTorch's.

    pictures: paths; the first without ties among pool windows is the input, or else noise.
    """
    if importlib.util.find_spec("torch") is None:
        yield Row("PyTorch", "not installed", "pip install 'minicnn-gradcam[verify]'")
        return
    net = net.astype(np.float64)
    what, y, x = _input(net, pictures)
    methods, c = fitting(y), _asked(y)
    half = -(-min(x.shape[-2:]) // 2)
    ours = explain(net, x.data, c, methods, occluder={"window": half, "stride": half})
    theirs = by_pytorch(y, x, c, net.card, methods, half)
    said = f"class {c}" if y.ndim == 2 else "its strongest unit"
    yield Row("PyTorch, float64", f"on {what}, {said}")
    yield _row("  scores", y.data, theirs["scores"])
    for method in methods:
        yield _row(f"  {method}", ours[method], theirs[method])


def _asked(y):
    """The top class; of a network that ends in feature maps, the strongest unit."""
    if y.ndim == 2:
        return int(y.data[0].argmax())
    signal = np.zeros_like(y.data)
    signal[(0, *(int(i[0]) for i in strongest_unit(y)))] = 1
    return Target.signal(signal)


def fitting(y):
    """The methods that are compared: those of the first tables that apply to the network of the scores y."""
    return [name for name in CLASSIC if METHODS[name].fits(y)]


def by_pytorch(y, x, c, card, methods, window):
    """{"scores" or method: array} by PyTorch, for class c, or another target, of the only picture x."""
    import torch
    import torch.nn.functional as F

    from gradcam.check.mirror import mirror

    plain, guided, deconvnet = (mirror(y, x, rule) for rule in ("backprop", "guided", "deconvnet"))
    A = find(y, card.layer)
    signal = torch.tensor(Target.of(c).begin(y)[1])

    def number(values):
        return (values[y] * signal).sum()

    dx, dA = torch.autograd.grad(number(plain), [plain[x], plain[A]])
    start = number(deconvnet)
    if card.unit_layer:
        U = find(y, card.unit_layer)
        start = deconvnet[U][(0, *(int(i[0]) for i in strongest_unit(U)))]
    found = {
        "scores": plain[y],
        "gradient": dx,
        "saliency": dx.abs().amax(1),
        "input_times_gradient": dx * plain[x],
    }
    (found["deconvnet"],) = torch.autograd.grad(start, [deconvnet[x]])
    (found["guided_backprop"],) = torch.autograd.grad(number(guided), [guided[x]])
    weighed = torch.einsum("nk,nkij->nij", dA.flatten(2).mean(2), plain[A])
    found["grad_cam"], found["counterfactual"] = weighed.clamp(min=0), (-weighed).clamp(min=0)
    large = F.interpolate(found["grad_cam"][:, None], x.shape[-2:], mode="bilinear", align_corners=False)
    found["guided_grad_cam"] = found["guided_backprop"] * large
    if "cam" in methods:
        averaged, W = cam_head(y)
        found["cam"] = torch.einsum("k,nkij->nij", plain[W][c], plain[averaged])
    found["occlusion"] = torch.zeros_like(dx[:, 0])
    for i in range(0, x.shape[2], window):
        for j in range(0, x.shape[3], window):
            covered = x.data.copy()
            covered[..., i : i + window, j : j + window] = 0
            found["occlusion"][..., i : i + window, j : j + window] = number(plain) - number(
                mirror(y, x, data=covered)
            )
    return {name: value.detach().numpy() for name, value in found.items()}


def _input(net, pictures):
    """(what it is, scores, input) of the first picture without ties, or of noise."""
    for path in list(pictures)[:TRIES]:
        y = net(x := Tensor(prepare(read(path), net.card.preprocessing, np.float64), "x"))
        if not tied(y):
            return path.name, y, x
    p = net.card.preprocessing
    y = net(x := Tensor(np.random.default_rng(0).standard_normal((1, len(p.mean), *p.sides)), "x"))
    return "noise", y, x


def _row(what, found, expected):
    """A reference of zeros says nothing: it is not judged."""
    norm = np.linalg.norm(expected)
    if not norm:
        same = not np.any(found)
        return Row(what, "exactly zero" if same else "not zero", "PyTorch has zeros", None if same else False)
    apart = float(np.linalg.norm(found - expected) / norm)
    return Row(what, f"{apart:.1e} from PyTorch", f"at most {LIMIT:.0e}", apart <= LIMIT)
