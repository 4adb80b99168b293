"""A model runs in float64 whatever it casts to: half precision, `x.float()`, autocast."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from weights.graphs.torch.trees import leaves, mapped, of_type

WIDER = {
    torch.float16: torch.float64, torch.bfloat16: torch.float64, torch.float32: torch.float64,
    torch.complex32: torch.complex128, torch.complex64: torch.complex128,
}  # fmt: skip


class InDouble(TorchDispatchMode):
    """While it is active, every operator works on float64 and gives float64."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        args, kwargs = in_double(func, args, kwargs or {})
        return self.run(func, args, kwargs, of_type(torch.Tensor, args) if func._schema.is_mutable else [])

    def run(self, func: Any, args: Any, kwargs: Any, written: Any) -> Any:
        """What the operator gives, in float64; a tensor that it has written into stays the same object."""
        result = func(*args, **kwargs)
        if any(
            t.dtype in WIDER and not any(t is w for w in written) for t in of_type(torch.Tensor, [result])
        ):
            return _rebuilt(result, written)
        return result


def in_double(func: Any, args: tuple, kwargs: dict) -> tuple[list, dict]:
    """The arguments: what casts to a narrower type casts to float64, and narrower tensors are read as
    float64.
    """
    has_tensor = any(isinstance(a, torch.Tensor) for a in leaves((args, kwargs)))
    if has_tensor and not func._schema.is_mutable:
        args, kwargs = mapped(_wide, torch.Tensor, args), mapped(_wide, torch.Tensor, kwargs)
    if has_tensor:
        args, kwargs = (mapped(lambda d: WIDER.get(d, d), torch.dtype, tree) for tree in (args, kwargs))
    return args, kwargs


def _wide(t):
    return t.to(WIDER[t.dtype]) if t.dtype in WIDER else t


def _rebuilt(result, written):
    if isinstance(result, torch.Tensor):
        return result if any(result is w for w in written) else _wide(result)
    if isinstance(result, (list, tuple)):
        return type(result)(_rebuilt(r, written) for r in result)
    return result
