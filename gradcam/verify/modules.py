"""A live PyTorch model, and the paths of its modules."""

from __future__ import annotations

from typing import Any

from gradcam.verify.errors import VerifyError


def pytorch_for(model: Any) -> Any:
    """PyTorch, if it is installed and the model is one of its modules."""
    try:
        import torch
    except ImportError:
        raise VerifyError(
            "PyTorch is not installed: pip install 'minicnn-gradcam[verify]'; files need none: gradcam verify"
        ) from None
    if not isinstance(model, torch.nn.Module):
        raise VerifyError(f"the model must be a torch.nn.Module, not {type(model).__name__}")
    return torch


def path_of(model: Any, layer: Any) -> str | None:
    """A module of the model, or its path -> its path."""
    if layer is None or isinstance(layer, str):
        return layer
    for path, module in model.named_modules():
        if module is layer:
            return path
    raise VerifyError("the layer is not a module of this model")
