"""Explanation methods written with PyTorch from the papers' equations, for VGG-16's convolutions with a mean
and a linear layer behind them (`torch_reference.vgg16_gap`): {method: map}.

Nothing here knows minicnn or gradcam.
"""

from itertools import pairwise

import torch
from torch.nn import functional as F

from tests.support.torch_reference import VGG16

TINY = 1e-6


def family(g, A):
    """Grad-CAM and its relatives from derivatives and maps (1, K, h, w)."""
    bend = 2 * g**2 + A.sum((2, 3), keepdim=True) * g**3
    alpha = torch.where(bend == 0, 0, g**2 / torch.where(bend == 0, 1, bend))
    total = A.sum((2, 3), keepdim=True)
    share = torch.where(total == 0, 0, A / torch.where(total == 0, 1, total))
    return {
        "grad_cam": torch.einsum("nk,nkij->nij", g.mean((2, 3)), A).relu(),
        "counterfactual": torch.einsum("nk,nkij->nij", -g.mean((2, 3)), A).relu(),
        "grad_cam++": torch.einsum("nk,nkij->nij", (alpha * g.relu()).sum((2, 3)), A).relu(),
        "xgrad_cam": torch.einsum("nk,nkij->nij", (share * g).sum((2, 3)), A).relu(),
        "hirescam": (g * A).sum(1),
        "layercam": (g.relu() * A).sum(1).relu(),
    }


def eigen_cam(A):
    """The places, projected on the first right singular vector, whose entries have a positive sum."""
    M = A[0].flatten(1).T
    v = torch.linalg.svd(M, full_matrices=False).Vh[0]
    return (M @ v * (-1 if v.sum() < 0 else 1)).reshape(1, *A.shape[2:])


def localised(guided, L):
    """guided (1, C, H, W) times a map L (1, h, w), enlarged with half-pixel centres."""
    return guided * F.interpolate(L[:, None], guided.shape[2:], mode="bilinear", align_corners=False)


def full_grad(parts):
    """The sizes of x g and of every layer's b g, each brought to 0..1, enlarged and added up -> (1, H, W)"""
    total = 0
    for part in parts:
        size = part.abs() - part.abs().min()
        size = F.interpolate(size / size.max(), parts[0].shape[2:], mode="bilinear", align_corners=False)
        total = total + size.sum(1)
    return total


# --- relevance: R_i = sum_j x_i w_ij / z_j R_j


def stabilised(z, eps, rms=0.0):
    z = z + torch.where(z < 0, -1, 1).to(z) * (eps + rms * z.square().mean().sqrt())
    return torch.where(z == 0, torch.inf, z)


def share(f, R, terms, eps=TINY, rms=0.0):
    """Each term (x, W, b) takes part in z, and x gets its share; a term of x = 0 without b is left out."""
    terms = [(x.detach().requires_grad_(), W, b) for x, W, b in terms if b is not None or x.any()]
    with torch.enable_grad():
        zs = [f(*term) for term in terms]
    s = R / stabilised(sum(z.detach() for z in zs), eps, rms)
    return sum(x.detach() * torch.autograd.grad(z, x, s)[0] for z, (x, _, _) in zip(zs, terms))


def epsilon(rms=0.0):
    return lambda f, x, W, b, R: share(f, R, [(x, W, b)], rms=rms)


def gamma(f, x, W, b, R, gamma=0.25):
    z = f(x, W, b)
    up, down = W + gamma * W.clamp(min=0), W + gamma * W.clamp(max=0)
    more, less = x.clamp(min=0), x.clamp(max=0)
    above = [(more, up, b + gamma * b.clamp(min=0)), (less, down, None)]
    below = [(more, down, b + gamma * b.clamp(max=0)), (less, up, None)]
    return share(f, R * (z > 0), above) + share(f, R * (z < 0), below)


def alpha_beta(f, x, W, b, R):
    more, less = x.clamp(min=0), x.clamp(max=0)
    for_it = [(more, W.clamp(min=0), b.clamp(min=0)), (less, W.clamp(max=0), None)]
    against = [(more, W.clamp(max=0), b.clamp(max=0)), (less, W.clamp(min=0), None)]
    return 2 * share(f, R, for_it) - share(f, R, against)


def z_box(low, high):
    def rule(f, x, W, b, R):
        l, h = (torch.zeros_like(x) + torch.as_tensor(v).to(x) for v in (low, high))
        return share(f, R, [(x, W, None), (-l, W.clamp(min=0), None), (-h, W.clamp(max=0), None)])

    return rule


def flat(f, x, W, b, R):
    return share(f, R, [(torch.ones_like(x), torch.ones_like(W), None)])


def excite(f, x, W, b, R):
    return share(f, R, [(x.clamp(min=0), W.clamp(min=0), None)], eps=0.0)


def convolved(x, W, b):
    return F.conv2d(x, W, b, padding=1)


@torch.no_grad()
def handed_down(w, run, x, R, conv, linear, until="x", eps=TINY, first=None):
    """R at the scores (1, classes) -> R at `until`.

    conv, linear, first (of conv1_1): rules f(function, x, W, b, R)
    """
    maps = {"x": x, **run.maps}
    names = [name for name in maps if name != "fc"]
    A = maps["relu5_3"]
    means = A.mean((2, 3))
    R = linear(F.linear, means, w["fc.W"], w["fc.b"], R)
    R = A / A[0, 0].numel() * (R / stabilised(means, eps))[..., None, None]
    for before, name in reversed(list(pairwise(names))):
        if name == until:
            break
        if name.startswith("conv"):
            rule = first if first and name == "conv1_1" else conv
            R = rule(convolved, maps[before], w[f"{name}.W"], w[f"{name}.b"], R)
        elif name.startswith("pool"):
            _, places = F.max_pool2d(maps[before], 2, 2, return_indices=True)
            R = F.max_unpool2d(R, places, 2, 2, output_size=maps[before].shape)
    return R


def relevance(w, run, x, c, low, high):
    """LRP's five tables and excitation backprop to relu4_3."""
    one = F.one_hot(torch.tensor([c]), run.maps["fc"].shape[1]).to(x)
    R = one * run.maps["fc"].detach()
    below = handed_down(w, run, x, R, gamma, epsilon(), until="conv1_1")  # the same for three first layers
    last = (convolved, x, w["conv1_1.W"], w["conv1_1.b"], below)
    return {
        "lrp_epsilon": handed_down(w, run, x, R, epsilon(0.25), epsilon(0.25)),
        "lrp_gamma": gamma(*last),
        "lrp_z_box": z_box(low, high)(*last),
        "lrp_flat": flat(*last),
        "lrp_alpha_beta": handed_down(w, run, x, R, alpha_beta, alpha_beta),
        "excitation_backprop at relu4_3": handed_down(
            w, run, x, one, excite, excite, until="relu4_3", eps=0.0
        ).sum(1),
    }


# --- DeepLIFT


class Rescale(torch.autograd.Function):
    """A ReLU of a batch of two, input and baseline; backward by the quotient of differences."""

    @staticmethod
    def forward(context, z):
        y = z.relu()
        context.save_for_backward(z[:1] - z[1:], y[:1] - y[1:])
        return y

    @staticmethod
    def backward(context, m):
        dz, dy = context.saved_tensors
        return torch.cat([m[:1] * torch.where(dz == 0, 0, dy / dz)] * 2)


class RescalePool(torch.autograd.Function):
    """A max-pool of such a batch: what y rises above y' goes to x's winner, what it falls to that of x'."""

    @staticmethod
    def forward(context, x):
        y, places = F.max_pool2d(x, 2, 2, return_indices=True)
        context.save_for_backward(x, y, places)
        return y

    @staticmethod
    def backward(context, m):
        x, y, places = context.saved_tensors
        high, dx = torch.maximum(y[:1], y[1:]), x[:1] - x[1:]

        def back(v):
            return F.max_unpool2d(v, places, 2, 2, output_size=x.shape)

        rise_and_fall = back(m * torch.cat([high - y[1:], y[:1] - high])).sum(0, keepdim=True)
        found = torch.where(dx == 0, back(m)[:1], rise_and_fall / torch.where(dx == 0, 1, dx))
        return torch.cat([found] * 2)


def deep_lift(w, x, c, baseline):
    """The rescale rule, of the difference from `baseline`."""
    both = torch.cat([x.detach(), baseline]).requires_grad_()
    y, count = both, {}
    for n, (block, _) in enumerate(VGG16):
        count[block] = count.get(block, 0) + 1
        name = f"conv{block}_{count[block]}"
        y = Rescale.apply(convolved(y, w[f"{name}.W"], w[f"{name}.b"]))
        if n + 1 < len(VGG16) and VGG16[n + 1][0] > block:
            y = RescalePool.apply(y)
    y = F.linear(y.mean((2, 3)), w["fc.W"], w["fc.b"])
    (m,) = torch.autograd.grad(y[:, c].sum(), both)
    return m[:1] * (x.detach() - baseline)
