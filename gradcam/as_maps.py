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


def as_maps(A: Tensor, maps: Maps) -> tuple[Tensor, Tensor]:
    """-> B (N, K, *sizes), the places of A; the tensor that A was, made of B."""
    order = (0, maps.channel, *maps.space)
    inside, parts = A, []
    if maps.before or maps.behind:
        axis, stop = maps.space[0], maps.before + math.prod(maps.sizes)
        whole = [slice(None)] * A.ndim
        cut = [slice(0, maps.before), slice(maps.before, stop), slice(stop, None)]
        parts = [Slice(*whole[:axis], one, *whole[axis + 1 :])(A) for one in cut]
        inside = parts[1]
    turned = Transpose(order)(inside)
    N, K = turned.shape[:2]
    B = Reshape((N, K, *maps.sizes))(turned)
    back = Transpose(tuple(sorted(range(len(order)), key=order.__getitem__)))(Reshape(turned.shape)(B))
    if parts:
        back = Concat(maps.space[0])(*[p for p in (parts[0], back, parts[2]) if p.shape[maps.space[0]]])
    return B, back


def _by_way_of(y, A, maps):
    """The network's output again, the operations behind A applied to what B gives back."""
    B, back = as_maps(A, maps)
    B.name, B.layer, A.name = A.name, A.layer, None
    new: dict[Tensor, Tensor] = {A: back}
    ends: list[Tensor] = []
    each(ends.append, y)
    for t in history(ends):
        if t.op is None or t in new or not any(isinstance(i, Tensor) and i in new for i in inputs_of(t.op)):
            continue
        inputs = [new.get(i, i) if isinstance(i, Tensor) else i for i in inputs_of(t.op)]
        new[t] = again(t.op)(*inputs, name=t.name, layer=t.layer)
    return each(lambda end: new.get(end, end), y)
