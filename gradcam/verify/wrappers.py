"""Networks in another form: of signals, with one of their outputs, with the number that a target explains."""

from __future__ import annotations

from typing import Any

from gradcam.outputs import chosen as output_of
from gradcam.target import Target, Weighing
from minicnn import Reshape, Tensor


class OfTarget:
    """A network that ends in the number which a target of N pictures explains: one score, (N, 1)."""

    def __init__(self, net: Any, target: Target, N: int) -> None:
        self.net, self.target, self.N = net, target, N

    def __call__(self, x: Any) -> Any:
        if not isinstance(x, Tensor):
            return self(Tensor(x, "x")).data
        tensor, signal = self.target.repeated(len(x.data) // self.N).begin(self.net(x))
        return Reshape((-1, 1))(Weighing([signal])(tensor), name=str(self.target))

    def astype(self, dtype: Any) -> OfTarget:
        return OfTarget(self.net.astype(dtype), self.target, self.N)


class OfOutput:
    """One output of a network that has several."""

    def __init__(self, net: Any, output: str | int) -> None:
        self.net, self.output = net, output

    def __call__(self, x: Any) -> Any:
        return output_of(self.net(x), self.output)

    def astype(self, dtype: Any) -> OfOutput:
        return OfOutput(self.net.astype(dtype), self.output)


class OfSignals:
    """A network of signals (N, C, L) that takes them as (N, C, 1, L)."""

    def __init__(self, net: Any) -> None:
        self.net = net

    def __call__(self, x: Any) -> Any:
        return self.net(Reshape((x.shape[0], x.shape[1], x.shape[3]))(x))

    def astype(self, dtype: Any) -> OfSignals:
        return OfSignals(self.net.astype(dtype))
