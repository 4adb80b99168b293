"""Variants of methods, FullGrad and DeepLIFT, in PyTorch."""

import torch
from torch.nn import functional as F

FAMILIES = ("VGG", "Functional", "Residual")
EARLIER = {"VGG": "features.4", "Functional": "b", "Residual": "one"}  # a layer before a network's own
FUSED = ("fused_grad_cam", "fused_layercam")
AUG = ("aug_smooth_grad_cam", "aug_smooth_hirescam")
GUIDED = ("guided_layercam", "guided_grad_cam++")
EIGEN = ("eigen_smooth_grad_cam", "eigen_smooth_layercam")
NOISY = ("smoothgrad_grad_cam", "smoothgrad_sq_gradient", "vargrad_saliency")
METHODS = (*FUSED, *AUG, *GUIDED, *EIGEN, *NOISY, "full_grad", "deep_lift")
PREFIXES = ("fused", "aug_smooth", "guided", "eigen_smooth", "smoothgrad_sq", "smoothgrad", "vargrad")
DRAWS = 4


def base_of(method):
    return next(method.removeprefix(f"{p}_") for p in PREFIXES if method.startswith(f"{p}_"))


def settings_of(case):
    """What a question of the method must be told."""
    if case.method in NOISY:
        return {"noise": noise(case).numpy()}
    if case.method in FUSED:
        return {"layers": [EARLIER[case.family], case.layer]}
    return {}


def noise(case):
    g = torch.Generator().manual_seed(3)
    return 0.3 * torch.randn((DRAWS, *case.x.shape[1:]), generator=g, dtype=torch.float64).to(case.x)


def other(case, method=None, **changed):
    """The same case of the base method, of another picture or layer."""
    from dataclasses import replace

    return replace(case, method=method or base_of(case.method), **changed)


def right_of(case, **changed):
    from tests.gradcam.verify.museum.right import right

    return right(other(case, **changed)).detach()


def stretched(m, eps=0.0):
    low, high = m.amin((-2, -1), keepdim=True), m.amax((-2, -1), keepdim=True)
    return (m - low) / torch.where(high > low, high - low + eps, 1)


def large(case, m):
    return F.interpolate(m[:, None], case.x.shape[2:], mode="bilinear", align_corners=False)[:, 0]


def aug(case, factors=(0.9, 1.0, 1.1), back=True, scale=stretched):
    """pytorch-grad-cam's aug_smooth=True."""
    found = []
    for flip in (False, True):
        for f in factors:
            x = f * (case.x.flip(-1) if flip else case.x)
            m = scale(large(case, scale(right_of(case, x=x).relu())))
            found.append(m.flip(-1) if flip and back else m)
    return torch.stack(found).mean(0)


def fused(case, join=lambda maps: stretched(maps.mean(0)), scale=stretched):
    layers = (EARLIER[case.family], case.layer)
    return join(torch.stack([large(case, scale(right_of(case, layer=n).relu())) for n in layers]))


def guided(case, signal=None, scale=lambda m: m):
    from tests.gradcam.verify.museum.right import GUIDED as rule
    from tests.gradcam.verify.museum.right import at_input

    g = at_input(case, rule) if signal is None else signal(case)
    return g * scale(large(case, right_of(case)))[:, None]


def eigen(case, centre=True):
    from tests.gradcam.verify.museum.right import at_layer

    A, g = at_layer(case)
    w = g.relu() if base_of(case.method) == "layercam" else g.mean((2, 3), keepdim=True)
    M = (w * A).flatten(2).mT
    M = M - M.mean(1, keepdim=True) if centre else M
    v = torch.linalg.svd(M, full_matrices=False).Vh[:, 0]
    v = v * torch.where(v.sum(1, keepdim=True) < 0, -1, 1).to(v)
    return (M @ v[..., None]).reshape(len(A), *A.shape[2:]).relu()


def noisy(case, join=None):
    maps = torch.stack([right_of(case, x=case.x + n) for n in noise(case)])
    mean = {"smoothgrad_sq": lambda m: (m**2).mean(0), "vargrad": lambda m: m.var(0, correction=0)}
    prefix = case.method.removesuffix(f"_{base_of(case.method)}")
    return (join or mean.get(prefix, lambda m: m.mean(0)))(maps)


def pieces(case, of=(torch.nn.Conv2d, torch.nn.Linear, torch.nn.BatchNorm2d), times=True):
    """x dy/dx, and of every layer with a bias, b dy/dz: the layer's own share of what it adds."""
    kept, handles = [], []
    for m in case.model.modules():
        if isinstance(m, of):
            handles.append(m.register_forward_hook(lambda m, i, z: (kept.append((m, z)), z.clone())[1]))
    x = case.x.detach().clone().requires_grad_()
    try:
        y = case.model(x)[:, case.c].sum()
    finally:
        for h in handles:
            h.remove()
    kept = [(m, z) for m, z in kept if bias(m) is not None]
    g, *gs = torch.autograd.grad(y, [x, *(z for _, z in kept)])
    parts = [
        (bias(m).reshape(1, -1, *[1] * (z.ndim - 2)) if times else 1) * gz for (m, z), gz in zip(kept, gs)
    ]
    return [x.detach() * g if times else g, *parts]


def bias(m):
    if isinstance(m, torch.nn.BatchNorm2d):
        return (m.bias - m.weight * m.running_mean / (m.running_var + m.eps).sqrt()).detach()
    return None if m.bias is None else m.bias.detach()


def together(case, parts, each=False, scale=True, **how):
    total = 0
    for part in (p.abs() for p in parts if p.ndim == 4):
        axes = (2, 3) if each else (1, 2, 3)
        low, high = part.amin(axes, keepdim=True), part.amax(axes, keepdim=True)
        part = (part - low) / torch.where(high > low, high - low, 1) if scale else part
        how = how or {"mode": "bilinear", "align_corners": False}
        total = total + F.interpolate(part, case.x.shape[2:], **how).sum(1)
    return total


def full_grad(case):
    return together(case, pieces(case))


class Rescale(torch.overrides.TorchFunctionMode):
    """Inside, a ReLU hands back m (z - z') / (x - x'); the batch is the picture, then the baseline."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        from tests.gradcam.verify.museum.right import RELUS

        if func in RELUS:
            return Quotient.apply(args[0])
        return func(*args, **(kwargs or {}))


class Quotient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        n = len(x) // 2
        dx, dz = x[:n] - x[n:], x[:n].clamp(min=0) - x[n:].clamp(min=0)
        near = dx.abs() < 1e-10
        ratio = torch.where(near, (x[:n] > 0).to(x), dz / torch.where(near, 1, dx))
        return g * torch.cat([ratio, ratio])


def deep_lift(case, baseline=0.0, times=True, mode=Rescale):
    """Of networks without max-pools, whose rule is nobody's."""
    x = torch.cat([case.x, torch.full_like(case.x, baseline)]).requires_grad_()
    with mode():
        y = case.model(x)[:, case.c]
    g = torch.autograd.grad(y.sum(), x)[0][: len(case.x)]
    return g * (case.x - baseline) if times else g


RIGHT = {
    **dict.fromkeys(FUSED, fused),
    **dict.fromkeys(AUG, aug),
    **dict.fromkeys(GUIDED, guided),
    **dict.fromkeys(EIGEN, eigen),
    **dict.fromkeys(NOISY, noisy),
    "full_grad": full_grad,
    "deep_lift": deep_lift,
}
