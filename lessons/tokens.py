"""Lesson 18's network, of which PyTorch 2.13 gives a wrong gradient."""

from __future__ import annotations

from typing import Any


def pixels_as_tokens() -> tuple[Any, Any, Any]:
    """(batchnorm, pixels as tokens, linear; one picture; a direction), float64."""
    import torch
    from torch import nn

    class Tokens(nn.Sequential):
        def forward(self, x: Any) -> Any:
            norm, head = self
            return head(norm(x).flatten(2).transpose(1, 2).flatten(1))

    torch.manual_seed(0)
    norm = nn.BatchNorm2d(3)
    nn.init.uniform_(norm.weight, 0.5, 2)
    one, h = torch.randn(2, 1, 3, 5, 5).double()
    return Tokens(norm, nn.Linear(75, 5)).double().eval(), one, h
