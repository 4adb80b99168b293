"""Tokens as maps: a network whose layer of tokens, or of maps that lie last, can be weighed as any other.

Between the layer and what follows it, its values are laid out as (N, K, h, w) and back again.  No number
changes; what is no place, a class token, goes around them:

    A (N, 1 + h w, K)  ->  B (N, K, h, w)  ->  A
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from gradcam.outputs import each
from gradcam.target import named
from minicnn import Concat, Reshape, Slice, Tensor, Transpose, history
from minicnn.graph import inputs_of
from minicnn.places import Maps, maps_in
from minicnn.replay import again


class AsMaps:
    """A network, its layers of these names laid out as (N, K, h, w)."""

    def __init__(self, net: Any, layers: Sequence[str]) -> None:
        self.net, self.layers = net, layers

    def __call__(self, x: Any) -> Any:
        y = self.net(x)
        return self.laid_out(y, x) if isinstance(x, Tensor) else y

    def laid_out(self, y: Any, x: Tensor) -> Any:
        """The same output, made of the same numbers, by way of the layers as maps.  y: what net(x) gave."""
        for layer in self.layers:
            A = named(y, layer)
            maps = maps_in(y, x).get(A)
            if maps is not None and not maps.plain and maps.whole:
                y = _by_way_of(y, A, maps)
        return y


def as_maps(A: Any, maps: Maps) -> Any:
    """-> B (N, K, *sizes), the places of A, a tensor or an array."""
    inside = _parts(A, maps)[1] if maps.before or maps.behind else A
    turned = Transpose((0, maps.channel, *maps.space))(inside)
    return Reshape((*turned.shape[:2], *maps.sizes))(turned)


def as_it_was(B: Tensor, A: Tensor, maps: Maps) -> Tensor:
    """The tensor that A was, made of B = `as_maps(A, maps)`, and of what is no place of A."""
    order = (0, maps.channel, *maps.space)
    turned = B if len(order) == B.ndim else Reshape((*B.shape[:2], math.prod(maps.sizes)))(B)
    inside = Transpose(tuple(sorted(range(len(order)), key=order.__getitem__)))(turned)
    if not maps.before and not maps.behind:
        return inside
    before, _, behind = _parts(A, maps)
    return Concat(maps.space[0])(*[p for p in (before, inside, behind) if p.shape[maps.space[0]]])


def _parts(A, maps):
    """Tokens before those that are places, these, and those behind."""
    axis, stop = maps.space[0], maps.before + math.prod(maps.sizes)
    whole = [slice(None)] * A.ndim
    cut = [slice(0, maps.before), slice(maps.before, stop), slice(stop, None)]
    return [Slice(*whole[:axis], one, *whole[axis + 1 :])(A) for one in cut]


def _by_way_of(y, A, maps):
    """The network's output again, the operations behind A applied to what B gives back."""
    B = as_maps(A, maps)
    B.name, B.layer, A.name = A.name, A.layer, None
    new: dict[Tensor, Tensor] = {A: as_it_was(B, A, maps)}
    ends: list[Tensor] = []
    each(ends.append, y)
    for t in history(ends):
        if t.op is None or t in new or not any(isinstance(i, Tensor) and i in new for i in inputs_of(t.op)):
            continue
        inputs = [new.get(i, i) if isinstance(i, Tensor) else i for i in inputs_of(t.op)]
        new[t] = again(t.op)(*inputs, name=t.name, layer=t.layer)
    return each(lambda end: new.get(end, end), y)
