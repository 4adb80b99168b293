"""The relatives that ask for more than one gradient, in PyTorch; LRP and excitation backprop by zennit, where
every ReLU is a module.
"""

import numpy as np
import torch
from torch.nn import functional as F

from tests.gradcam.verify.museum import variants

BY_ZENNIT = ("lrp_epsilon", "lrp_gamma", "lrp_alpha_beta", "lrp_flat")
MODULES = ("VGG", "Tied")  # networks without a function that zennit would have to see
CAMS = ("eigen_cam", "score_cam", "ablation_cam")
METHODS = ("integrated_gradients", *CAMS, *BY_ZENNIT)


def families(method, every):
    if method in variants.METHODS:
        return ("Averaged",) if method == "deep_lift" else variants.FAMILIES
    return MODULES if method in BY_ZENNIT else every


def integrated(case, places=None, shares=None, baseline=0.0, times=True):
    """(x - x') sum_m share_m dy_c/dx at x' + a_m (x - x')"""
    if places is None:
        places, shares = np.polynomial.legendre.leggauss(50)
        places, shares = (1 + places) / 2, shares / 2
    way, total = case.x - baseline, 0
    for a, share in zip(places, shares):
        x = (baseline + float(a) * way).detach().clone().requires_grad_()
        total = total + float(share) * torch.autograd.grad(case.model(x)[:, case.c].sum(), x)[0]
    return way * total if times else total


def maps(case):
    """A, as it is used by what comes next, and y(A): the model with the layer's output replaced."""
    module, saved = case.model.get_submodule(case.layer), []

    def run(x, instead=None):
        def hook(module, inputs, out):
            saved.append(out.detach().clone())
            return out.clone() if instead is None else instead.clone()

        handle = module.register_forward_hook(hook)
        try:
            with torch.no_grad():
                return case.model(x)
        finally:
            handle.remove()

    run(case.x)
    return saved[0], run


def eigen(case, centre=False):
    A, _ = maps(case)
    M = A.flatten(2).mT
    M = M - M.mean(1, keepdim=True) if centre else M
    v = torch.linalg.svd(M, full_matrices=False).Vh[:, 0]
    v = v * torch.where(v.sum(1, keepdim=True) < 0, -1, 1).to(v)
    return (M @ v[..., None]).reshape(len(A), *A.shape[2:])


def to_one(H):
    low, high = H.amin((2, 3), keepdim=True), H.amax((2, 3), keepdim=True)
    return (H - low) / torch.where(high > low, high - low, 1)


def enlarged(A, size, **how):
    return F.interpolate(A, size, **(how or {"mode": "bilinear", "align_corners": False}))


def score(case, mask=None, weigh=lambda s: s.softmax(0), read=lambda y: y):
    A, run = maps(case)
    size = case.x.shape[2:]
    H = (mask or (lambda A: to_one(enlarged(A, size))))(A)
    s = torch.stack([read(run(H[:, k : k + 1] * case.x))[:, case.c] for k in range(A.shape[1])])
    return (weigh(s).T[..., None, None] * A).sum(1).relu()


def ablation(case, fill=lambda a: torch.zeros_like(a), read=lambda y: y, divide=True):
    A, run = maps(case)
    whole, w = read(run(case.x, A))[:, case.c], []
    for k in range(A.shape[1]):
        other = A.clone()
        other[:, k] = fill(A[:, k])
        w.append((whole - read(run(case.x, other))[:, case.c]) / (whole if divide else 1))
    return (torch.stack(w, 1)[..., None, None] * A).sum(1).relu()


def rms(z):
    """z a little further from zero, as much as it is large."""
    small = 1e-6 + 0.25 * (z**2).mean(tuple(range(1, z.ndim)), keepdim=True).sqrt()
    return z + torch.where(z < 0, -small, small)


def relevance(case, conv=None, linear=None, first=None, start=lambda y: y):
    """By zennit: `conv`, `linear`, `first` make its rules; default: those of the method."""
    import tests.support.torchvision_models  # noqa: F401  zennit imports torchvision

    # isort: split
    from zennit import rules
    from zennit.attribution import Gradient
    from zennit.composites import LayerMapComposite, SpecialFirstLayerMapComposite, layer_map_base
    from zennit.types import Convolution

    kinds = {"lrp_epsilon": (rules.Epsilon(rms),) * 2, "lrp_alpha_beta": (rules.AlphaBeta(2, 1),) * 2}
    mine = kinds.get(case.method, (rules.Gamma(0.25), rules.Epsilon(1e-6)))
    conv, linear = (conv(rules), (linear or conv)(rules)) if conv else mine
    every = [*layer_map_base(), (Convolution, conv), (torch.nn.Linear, linear)]
    flat = case.method == "lrp_flat" and first is None
    composite = (
        SpecialFirstLayerMapComposite(every, first_map=[(Convolution, rules.Flat())])
        if flat
        else LayerMapComposite(every)
    )
    with Gradient(case.model, composite) as attributor:
        one_hot = lambda y: F.one_hot(torch.full((len(y),), case.c), y.shape[1]).to(y)  # noqa: E731
        return attributor(case.x.clone().requires_grad_(), lambda y: one_hot(y) * start(y))[1]


RIGHT = {
    "integrated_gradients": integrated,
    "eigen_cam": eigen,
    "score_cam": score,
    "ablation_cam": ablation,
    **dict.fromkeys(BY_ZENNIT, relevance),
}
