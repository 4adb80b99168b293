"""A model of several inputs as one of a single input, which is explained; the others are what they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from weights.errors import WeightsError


class OneInput(torch.nn.Module):
    """forward(x) is the model's answer to x in the place `which`; its layers keep their names."""

    def __init__(self, model: torch.nn.Module, inputs: Any, which: Any) -> None:
        super().__init__()
        self._modules[""] = model
        self.others, self.which = inputs, which

    def forward(self, x: torch.Tensor) -> Any:
        filled = [self._at(name, given, x) for name, given in _items(self.others)]
        model = self._modules[""]
        if isinstance(self.others, Mapping):
            return model(**dict(filled))
        return model(*(value for _, value in filled))

    def _at(self, name, given, x):
        if name == self.which:
            return name, x
        if isinstance(given, torch.Tensor) and given.is_floating_point():
            given = given.to(x.device, x.dtype)
        return name, given


def of_one_input(model: torch.nn.Module, inputs: Any, which: Any) -> tuple[torch.nn.Module, Any]:
    """-> (a model of one input, that input).  inputs: a tuple or a list, for model(*inputs), or a dict, for
    model(**inputs); which: a number, or a name.  WeightsError lists them.
    """
    known = dict(_items(inputs))
    if which not in known:
        names = ", ".join(map(repr, known))
        raise WeightsError(f"which input is explained is one of {names}, not {which!r}: which=...")
    tensors = {name: _tensor(given) for name, given in known.items()}
    others = tensors if isinstance(inputs, Mapping) else list(tensors.values())
    return OneInput(model, others, which), tensors[which]


def _items(inputs):
    return list(inputs.items()) if isinstance(inputs, Mapping) else list(enumerate(inputs))


def _tensor(given):
    """Arrays as tensors; None, numbers and words as they are."""
    return torch.as_tensor(given) if hasattr(given, "__array__") else given
