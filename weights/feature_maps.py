"""Which of a network's tensors are feature maps, and which of them Grad-CAM looks at unless a layer is named.

Grad-CAM (Selvaraju et al. 2017, sec. 3) weighs the last maps that know where things are: an output of
convolution, normalisation, activation, sum or concatenation, never one of a pooling, Transpose or Reshape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from minicnn import Tensor, backward, history, names, ops
from minicnn.graph import Tensors, inputs_of, several
from minicnn.ops.reduction import Reduction
from minicnn.places import WINDOWS, Maps, maps_in

NORMS = (ops.BatchNorm, ops.BatchNormTraining, ops.Normalise, ops.LocalResponseNorm)
CONVOLUTIONS = (ops.Conv, ops.ConvTranspose)
WEIGHING = (*CONVOLUTIONS, ops.Linear, ops.GlobalAvgPool, *WINDOWS, Reduction)


@dataclass(frozen=True)
class Layer:
    """A line of the table of layers.  tensor: its output; maps: None, where it has no places; kind: "conv",
    "norm", "activation", "sum", "concat" or None.
    """

    name: str
    tensor: Tensor
    maps: Maps | None
    kind: str | None

    @property
    def field(self) -> str:
        """What a place of it sees, in words: '43 x 43', or 'all'; '' where that is not told."""
        if self.maps is None or not self.maps.whole or None in self.maps.reach:
            return ""
        seen = ["all" if r[0] == math.inf else f"{r[0]:g}" for r in self.maps.reach if r]
        return "all" if {*seen} == {"all"} else " x ".join(seen)


def layers(y: Tensors, x: Tensor) -> list[Layer]:
    """The named tensors that led to y, in the order of the forward pass; x: the input."""
    found = maps_in(y, x)
    kinds = _kinds(y, x, found)
    return [
        Layer(name, t, _within(found.get(t), x.shape[2:]), kinds[t])
        for name, t in names(y).items()
        if t is not None and t.op is not None and t in kinds
    ]


def _within(maps, size):
    """What a place of them sees, no larger than the input."""
    if maps is None or len(maps.reach) != len(size):
        return maps
    seen = [r and (math.inf if r[0] >= n else r[0], r[1]) for r, n in zip(maps.reach, size)]
    return replace(maps, reach=tuple(seen))


def default_layer(y: Tensors, x: Tensor) -> tuple[str | None, str]:
    """-> (the layer that Grad-CAM looks at where nobody names one, or None; why that one, in a phrase).

    The last output of convolution, normalisation, activation, sum or concatenation that has more than one
    place; of tokens, the last that the output depends on beside the class token.
    """
    ends = several(y)
    led = history(ends)
    laid_out, gates = _laid_out(led), _gates(led)
    known = [
        line for line in layers(ends, x)
        if line.maps and line.maps.whole and line.kind and math.prod(line.maps.sizes) > 1
        and line.tensor not in [*ends, *gates] and not (line.maps.tokens and line.tensor in laid_out)
    ]  # fmt: skip
    shaped = [line for line in known if line.kind != "conv"]
    known = shaped or known
    if not known:
        return None, "no layer has places"
    if known[-1].maps is not None and known[-1].maps.tokens:
        known = _reaching(ends, known) or _before_attention(ends, known) or known
        return known[-1].name, "the last tokens that the scores depend on"
    return known[-1].name, "the last feature maps in front of the scores"


def _laid_out(led):
    """What is the output already, its values turned, scaled or joined: rows of a detector's boxes, say."""
    weighed = set()
    for t in reversed(led):
        if t.op is not None and (t in weighed or t.op.mixes or isinstance(t.op, WEIGHING)):
            weighed |= {i for i in inputs_of(t.op) if isinstance(i, Tensor)}
    return {*led} - weighed


def _gates(led):
    """What leads to nothing but factors of larger maps: attention to places, say (Woo et al. 2018)."""
    scaling, used = set(), set()
    for t in reversed(led):
        for i in inputs_of(t.op) if t.op is not None else ():
            if isinstance(i, Tensor):
                larger = isinstance(t.op, (ops.Mul, ops.Expand)) and i.shape != t.shape
                (scaling if larger or (t in scaling and t not in used) else used).add(i)
    return scaling - used


def _reaching(ends, known):
    """Those of whose places the output depends on more than one."""
    last = [line for line in known if line.maps.tokens][-12:]
    signals = [np.cos(np.arange(end.data.size)).reshape(end.shape).astype(end.dtype) for end in ends]
    arrived = backward(ends, signals, [line.tensor for line in last])
    return [line for line, g in zip(last, arrived) if np.any(_places(g, line.maps))]


def _before_attention(ends, known):
    """Those in front of the last product of two signals: behind it tokens no longer meet."""
    products = [t for t in history(ends) if isinstance(t.op, ops.MatMul) and _both_signals(t)]
    led = {*history(products[-1])} if products else set()
    return [line for line in known if line.tensor in led]


def _both_signals(t):
    return all(isinstance(i, Tensor) and i.op is not None for i in inputs_of(t.op))


def _places(g, maps):
    """The places of tokens, without those that are none."""
    stop = g.shape[maps.space[0]] - maps.behind
    return g.take(range(maps.before, stop), axis=maps.space[0])


def _kinds(y, x, found):
    """{tensor that depends on x: its kind}, told by what made it; found: the maps among them."""
    kinds: dict[Tensor, str | None] = {x: None}
    for t in history(y):
        if t.op is None or t is x:
            continue
        signals = [i for i in inputs_of(t.op) if isinstance(i, Tensor) and i in kinds]
        if not signals:
            continue
        op = t.op
        if getattr(t.layer, "only_scales", False):
            kinds[t] = None
        elif op.activation:
            kinds[t] = "activation"
        elif isinstance(op, CONVOLUTIONS):
            kinds[t] = "conv"
        elif isinstance(op, NORMS):
            kinds[t] = "norm"
        elif isinstance(op, ops.Concat):
            kinds[t] = "concat"
        elif isinstance(op, (ops.Add, ops.Sub, ops.Mul, ops.Div)) and len(signals) == 1:
            kinds[t] = kinds[signals[0]]  # a bias, or a factor
        elif isinstance(op, ops.Reshape) and t in found and signals[0] not in found:
            kinds[t] = kinds[signals[0]]  # places that are back, behind a norm of groups say
        elif isinstance(op, ops.Add) and all(i.shape == t.shape for i in signals):
            kinds[t] = "sum"
        elif isinstance(op, ops.Mul) and len({*signals}) == 2 and all(i.shape == t.shape for i in signals):
            kinds[t] = "activation"  # x sigmoid(x), in pieces
        else:
            kinds[t] = None
    return kinds
