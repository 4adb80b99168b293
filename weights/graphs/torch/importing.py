from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from weights.errors import WeightsError
from weights.graphs.torch.check import checked
from weights.graphs.torch.network import TracedNetwork
from weights.graphs.torch.one_input import of_one_input
from weights.graphs.torch.record import record
from weights.graphs.torch.untouched import surroundings


def from_torch(
    model: torch.nn.Module, x: Any, gradient: str = "mathematical", which: int | str | None = None
) -> TracedNetwork:
    """A network of our operations that does what the model does.

    model: maps x to scores (N, classes); x: its input (N, ...), tensor or array; or several, a tuple for
    model(*x) or a dict for model(**x), of which `which` is the network's input, by its place or its name
    (default: the first), and the others stay what they are; gradient: "mathematical",
    the derivative of what is computed, or "model", with the model's own choices: nothing passes `detach` and
    `no_grad`, and an autograd function of the user's sends back what it says.  The two differ only where
    `check.kind` is "by design". -> the network; its `check` says how it was found to agree, its `borrowed`
    which operators are PyTorch's own. WeightsError: the model does not run on x, or the network disagrees
    with it (named: the operator).  The model, its mode, hooks, buffers, gradients and the random state stay
    as they are.
    """
    if not isinstance(model, torch.nn.Module):
        kept = "; its weights alone are no model: model.load_state_dict(weights)" * isinstance(model, Mapping)
        raise WeightsError(f"the model is a torch.nn.Module, not {type(model).__name__}{kept}")
    if quantized := _quantized(model):
        raise WeightsError(
            f"the model computes in int8 ({quantized}), of which PyTorch knows no gradient: give the float "
            "model that it was made from; its ONNX file, if it has one, is taken, and computed in float"
        )
    if gradient not in ("mathematical", "model"):
        raise WeightsError(f"gradient is 'mathematical' or 'model', not {gradient!r}")
    if isinstance(x, (tuple, list, Mapping)) and (which is not None or _of_tensors(x)):
        first = next(iter(x), None) if isinstance(x, Mapping) else 0
        model, x = of_one_input(model, x, first if which is None else which)
    elif which is not None:
        raise WeightsError(f"which={which!r} is for several inputs, a tuple or a dict of them")
    with surroundings():
        net = checked(model, record(model, x))
    net = net if gradient == "mathematical" or net.own is None else net.own
    net.trained = model.training
    return net


def _quantized(model):
    """Its first module of whole numbers, as "QuantizedConv2d at 'conv1'"; "": it has none."""
    for name, module in model.named_modules():
        room = type(module).__module__
        if (
            room.startswith(("torch.ao.nn.", "torch.nn.quantized"))
            and ".quantized" in room
            and ".qat" not in room
        ):
            return f"{module._get_name()} at {name!r}"
    return ""


def _of_tensors(x):
    """Whether these are inputs, and not the rows of a single one."""
    return any(hasattr(one, "__array__") for one in (x.values() if isinstance(x, Mapping) else x))
