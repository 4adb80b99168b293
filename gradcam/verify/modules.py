"""A live PyTorch model: the paths of its modules, and their calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradcam.verify.errors import VerifyError

WRAP = (
    "wrap it in a torch.nn.Module that keeps the other inputs (register_buffer), takes only the picture and "
    "returns the scores:\n"
    "    class OfPicture(torch.nn.Module):\n"
    "        def __init__(self, model, other):\n"
    "            super().__init__(); self.model = model; self.register_buffer('other', other)\n"
    "        def forward(self, x):\n"
    "            return self.model(x, self.other)"
)


def pytorch_for(model: Any) -> Any:
    """PyTorch, if it is installed and the model is one of its modules."""
    try:
        import torch
    except ImportError:
        raise VerifyError(
            "PyTorch is not installed: pip install 'minicnn-gradcam[verify]'; files need none: gradcam verify"
        ) from None
    if not isinstance(model, torch.nn.Module):
        raise VerifyError(f"the model must be a torch.nn.Module, not {type(model).__name__}; {WRAP}")
    return torch


def one_input(x: Any) -> Any:
    """x, unless it is several tensors."""
    if isinstance(x, (tuple, list, dict)) and any(hasattr(v, "detach") for v in _values(x)):
        names = f" ({', '.join(map(str, x))})" if isinstance(x, dict) else ""
        raise VerifyError(f"this model takes {len(x)} inputs{names}, and one is explained; {WRAP}")
    return x


def _values(x):
    return x.values() if isinstance(x, dict) else x


def calls_of(model: Any, net: Any, layer: Any) -> list[str | None]:
    """Where a layer stands in the network of a model: a name for each of its calls, in order.

    layer: a module, its path, or (either, number of the call from 1); a name that is no module's, as it is.
    """
    layer, which = layer if isinstance(layer, tuple) else (layer, None)
    if layer is None:
        return [None]
    if isinstance(layer, str) and not _paths(model, layer):
        return [layer]
    path, paths = path_of(model, layer), _paths(model, layer)
    known = {name for name in net.alias if name.partition("@")[0] in paths}
    calls = sorted(known, key=lambda name: (int(name.partition("@")[2] or 1), name))
    if which is None:
        return list(dict.fromkeys(map(net.name_of, calls))) or [path]
    if not 1 <= which <= len(calls):
        raise VerifyError(f"'{path}' is called {len(calls)} times: there is no call {which}")
    return [net.name_of(calls[which - 1])]


def placed(model: Any, net: Any, settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """The settings, with a fused map's layers by their names in the network."""
    found = dict(settings or {})
    if isinstance(found.get("layers"), (list, tuple)):
        found["layers"] = [calls_of(model, net, layer)[-1] for layer in found["layers"]]
    return found


def _paths(model, layer):
    """All paths of a module: one that stands at four places has four."""
    every = list(model.named_modules(remove_duplicate=False))
    if isinstance(layer, str):
        layer = dict(every).get(layer, layer)
    return [path for path, module in every if module is layer]


def path_of(model: Any, layer: Any) -> str | None:
    """A module of the model, or its path -> its first path."""
    if layer is None or isinstance(layer, str):
        return layer
    paths = _paths(model, layer)
    if not paths:
        raise VerifyError("the layer is not a module of this model")
    return paths[0]
