"""What PyTorch alone says of a model: scores, gradient, Grad-CAM, guided backprop, in float64."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

ROUNDED = 1e-12  # a mean of numbers, beside them
PASSIVE = ("Identity", "Dropout", "DropPath", "StochasticDepth", "Permute", "Scores")


@dataclass
class Maps:
    """Feature maps of a module: its path, and what it gave, with its history."""

    path: str
    tensor: torch.Tensor


def watched(model: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, list[Maps]]:
    """-> (scores, the feature maps (N, K, h, w) that modules gave which were called once, the last first)"""
    seen, counts, handles = [], {}, []

    def hook(path):
        def keep(module, _, y):
            counts[path] = counts.get(path, 0) + 1
            maps = isinstance(y, torch.Tensor) and y.ndim == 4 and y.shape[2] * y.shape[3] > 1
            if maps and y.requires_grad and type(module).__name__ not in PASSIVE:
                kept = y.clone()
                seen.append(Maps(path, kept))
                return kept.clone()  # what follows may change it in place
            return None

        return keep

    for path, module in model.named_modules():
        if path and not isinstance(module, torch.jit.ScriptModule):
            handles.append(module.register_forward_hook(hook(path)))
    try:
        y = model(x)
    finally:
        for handle in handles:
            handle.remove()
    return y, [maps for maps in reversed(seen) if counts[maps.path] == 1]


def gradient(y: torch.Tensor, c: int, of: torch.Tensor) -> torch.Tensor | None:
    """dy_c / d(of), of the first picture; None: y does not depend on it."""
    return torch.autograd.grad(y[0, c], of, retain_graph=True, allow_unused=True)[0]


def grad_cam(y: torch.Tensor, c: int, A: torch.Tensor) -> np.ndarray | None:
    """Selvaraju et al. 2017, eqs. 1-2, before the ReLU -> (h, w).

    None where no gradient leads, or only to one of the maps: then they are the classes' own; or where its
    means are rounding, as behind a LayerNorm over what is averaged.
    """
    dA = gradient(y, c, A)
    if dA is None or (dA.abs().sum((0, 2, 3)) > 0).sum() < 2:
        return None
    alpha = dA.mean((2, 3), keepdim=True)
    if alpha.abs().max() <= ROUNDED * dA.abs().max():
        return None
    return (alpha * A)[0].sum(0).detach().numpy()


class Guided(torch.autograd.Function):
    """Springenberg et al. 2015, fig. 1."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gy):
        return gy * ((ctx.saved_tensors[0] > 0) & (gy > 0))


RELUS = {F.relu, F.relu_, torch.relu, torch.relu_, torch.Tensor.relu, torch.Tensor.relu_}
CLAMPS = {
    torch.clamp, torch.clamp_min, torch.Tensor.clamp, torch.Tensor.clamp_, torch.Tensor.clamp_min,
    torch.Tensor.clamp_min_, torch.Tensor.clip, torch.clip,
}  # fmt: skip


class EveryReLU(TorchFunctionMode):
    """Every way to say ReLU becomes Guided; `found` counts them."""

    found = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        low = args[1] if len(args) > 1 else kwargs.get("min")
        high = args[2] if len(args) > 2 else kwargs.get("max")
        if func in RELUS or (func in CLAMPS and low == 0 and high is None):
            self.found += 1
            return Guided.apply(args[0] if args else kwargs["input"])
        return func(*args, **kwargs)


def guided(model: nn.Module, x: torch.Tensor, c: int) -> np.ndarray:
    """Guided backprop of class c at x -> (C, H, W) of the first picture."""
    x = x.clone().requires_grad_()
    with EveryReLU() if not _scripted(model) else contextlib.nullcontext():
        y = model(x)
    return torch.autograd.grad(y[0, c], x)[0][0].numpy()


def _scripted(model):
    return any(isinstance(m, torch.jit.ScriptModule) for m in model.modules())
