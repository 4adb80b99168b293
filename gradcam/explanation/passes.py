"""One forward pass, and what every method is given of it: the signals of one batched backward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from gradcam.explanation.layers import feature_maps
from gradcam.explanation.signals import refusals, signals_of
from gradcam.method import Context, Method
from gradcam.target import Start, Target, strongest_unit
from minicnn import Tensor, one_hot


@dataclass(frozen=True)
class Pass:
    """What a network made of an input, and what is asked of it.

    net, x, y    the network, its input, its output; targets {key: Target}: what is explained
    layers       names of the layers whose feature maps are weighed; unit_layer: where the deconvnet signal
                 starts, at the strongest unit
    allow, pixels, progress   see `explain` and `Context`
    full         f(name) -> a layer's name in y, where it was asked for by another
    """

    net: Any
    x: Tensor
    y: Any
    targets: dict[Any, Target]
    layers: tuple[Any, ...]
    unit_layer: str | None
    allow: tuple[Any, ...]
    pixels: tuple[np.ndarray, np.ndarray]
    progress: bool
    full: Callable[[Any], Any] = lambda name: name
    found: dict[Any, Tensor] = field(default_factory=dict, init=False)  # {layer: its feature maps}

    def layer(self, method: Method) -> Any:
        """The name of the layer that a method looks at: its own, or the first that was asked for."""
        return method.layer or next(iter(self.layers), None)

    def end(self, method: Method, end: str) -> Tensor:
        """Where a signal of a method arrives: "x", the input, or "A", its feature maps."""
        return self.x if end == "x" else self._maps(self.full(self.layer(method)))

    def unit(self, methods: Iterable[Method]) -> Start | None:
        """Where the deconvnet signal starts, if not at the target."""
        if self.unit_layer is None or not any(
            rules == "deconvnet" for m in methods for rules, _ in m.signals
        ):
            return None
        U = self._maps(self.full(self.unit_layer))
        return U, one_hot(U, strongest_unit(U))

    def refused(self, methods: list[Method], y: Tensor) -> dict[str, str]:
        """{method: why it says nothing of this network}.  y: the output that is explained."""
        return refusals(methods, y, self._begun(), self.end, self.unit(methods), self.allow)

    def signals(self, methods: list[Method]) -> dict[tuple[Any, ...], np.ndarray]:
        """{(target, rules, where it arrives): the signal}"""
        return signals_of(methods, self._begun(), self.end, self.unit(methods), self.allow)

    def context(self, method: Method, keys: list[Any], signals: dict[tuple[Any, ...], np.ndarray]) -> Context:
        """What a method is given for the targets of these keys; signals: see `signals`."""
        needs = {need: signals[keys[0], need[0], self.end(method, need[1])] for need in method.signals}
        A = self.end(method, "A") if method.at_layer else None
        targets = tuple(self.targets[key] for key in keys)
        elsewhere = partial(self._elsewhere, method, targets[0])
        layers = self.layers if method.fuses else (self.layer(method),)
        said = (self.net, self.x, self.y, targets, A, needs, self.pixels, self.progress)
        return Context(*said, layers, elsewhere)

    def _maps(self, layer):
        A = self.found.get(layer) if isinstance(layer, str) else None
        if A is None:
            A = self.found[layer] = feature_maps(self.y, layer)
        return A

    def _begun(self):
        return {key: target.begin(self.y) for key, target in self.targets.items()}

    def _elsewhere(self, asking, target, method, x=None, layer=None):
        """The context of `method` at other inputs, or at another layer, of the method that asks."""
        times = 1 if x is None else len(x) // len(self.x.data)
        there = self.x if x is None else Tensor(x, "x")
        layers = (layer,) if layer else self.layers if asking.fuses else (self.layer(asking),)
        targets = {0: target.repeated(times)}
        y = self.y if x is None else self.net(there)
        other = replace(self, x=there, y=y, targets=targets, layers=layers)
        return other.context(method, [0], other.signals([method]))
