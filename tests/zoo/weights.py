"""Weights as a trained network has them, drawn at random: so that nothing vanishes and nothing overflows."""

from __future__ import annotations

import torch
from torch import nn


def drawn(model: nn.Module, seed: int = 0) -> nn.Module:
    """The model in eval mode: He et al. 2015, eq. 10; factors near one, shifts near zero."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if not p.is_floating_point() or not p.numel():
                continue
            noise = torch.randn(p.shape, generator=g)
            if p.ndim > 1 and min(p.shape) > 1 and name.endswith("weight"):
                p.copy_(noise * (2 / p[0].numel()) ** 0.5)
            elif p.ndim > 1:
                p.copy_(0.1 * noise)
            elif name.endswith(("weight", "gamma", "scale")):
                p.copy_(1 + 0.2 * noise)
            else:
                p.copy_(0.5 * p + 0.1 * noise)
    return model.eval()


def calibrated(model: nn.Module, shape: tuple[int, ...]) -> nn.Module:
    """Batchnorm's running statistics: those of a batch of its own."""
    norms = [
        m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.track_running_stats
    ]
    for norm in norms:
        norm.train()
        norm.old, norm.momentum = norm.momentum, 1.0
    with torch.no_grad():
        model(torch.randn(2, *shape[1:], generator=torch.Generator().manual_seed(1)))
    for norm in norms:
        norm.momentum = norm.old
        del norm.old
    return model.eval()
