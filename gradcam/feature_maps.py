"""Which of a network's tensors are feature maps: where their rows and columns lie, how much of the input each
of their places sees, and at which of them Grad-CAM looks where nobody names a layer.

A map has places along one axis (a signal), two (a picture) or three (a volume).  A transformer has them one
behind the other, as tokens, perhaps behind a class token, which is no place (Dosovitskiy et al. 2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcam.asking import AskError, listed, one_of
from gradcam.outputs import each
from minicnn import Tensor, backward, history, names, ops
from minicnn.graph import inputs_of

Reach = tuple[
    tuple[float, float] | None, ...
]  # along each axis: (pixels that a place sees, pixels to the next)
WINDOWS = (ops.MaxPool, ops.AvgPool, ops.LpPool)
NORMS = (ops.BatchNorm, ops.BatchNormTraining, ops.Normalise, ops.LocalResponseNorm)


@dataclass(frozen=True)
class Maps:
    """Where the places of a tensor lie.

    channel: the axis of maps, None where it is split (heads of attention); space: the axes of places, or the
    single one on which places lie one behind the other; sizes: how many along each axis of the input;
    before, behind: tokens on that axis that are no places; rows: how many pictures lie on it as well, one
    behind the other; reach: how much of the input each place sees (Araujo et al. 2019), math.inf: all of it.
    """

    channel: int | None
    space: tuple[int, ...]
    sizes: tuple[int, ...]
    reach: Reach
    before: int = 0
    behind: int = 0
    rows: int = 0

    @property
    def tokens(self) -> bool:
        """Whether places lie one behind the other."""
        return len(self.space) < len(self.sizes)

    @property
    def count(self) -> int:
        """How many places and tokens there are of one picture."""
        return math.prod(self.sizes) + self.before + self.behind

    @property
    def whole(self) -> bool:
        """Whether its maps can be weighed: they are one axis, and pictures another."""
        return self.channel is not None and not self.rows

    @property
    def plain(self) -> bool:
        """Whether they lie as equations have them, (N, K, *sizes)."""
        in_order = (self.channel, *self.space) == tuple(range(1, 2 + len(self.sizes)))
        return in_order and not self.tokens and not self.rows

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether a tensor of this shape may have its places so."""
        along = [self.count * (self.rows or 1)] if self.tokens or self.rows else [*self.sizes]
        return all(axis < len(shape) and shape[axis] == n for axis, n in zip(self.space, along))


def maps_in(y: Any, x: Tensor) -> dict[Tensor, Maps]:
    """{tensor: where its places lie} of all tensors between an input x (N, C, *sizes) and the output, or
    outputs, y, where that can be told.
    """
    found: dict[Tensor, Maps | None] = {}  # None: places that were lost
    if x.ndim > 2:
        found[x] = Maps(1, tuple(range(2, x.ndim)), x.shape[2:], ((1, 1),) * (x.ndim - 2))
    for t in history(_several(y)):
        if t.op is None or t is x:
            continue
        signals = [i for i in inputs_of(t.op) if isinstance(i, Tensor) and i in found]
        if signals:
            found[t] = _of(t, signals, found)
    return {t: maps for t, maps in found.items() if maps is not None and maps is not EVERYTHING}


EVERYTHING = Maps(None, (), (), ())  # of numbers that have no places, each of which sees all of the input


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


def layers(y: Any, x: Tensor) -> list[Layer]:
    """The named tensors that led to y, in the order of the forward pass; x: the input."""
    found, kinds = maps_in(y, x), _kinds(y, x)
    size = x.shape[2:]
    lines = []
    for name, t in names(_several(y)).items():
        if t is not None and t.op is not None and t in kinds:
            maps = found.get(t)
            if maps is not None:
                cut = [r and (math.inf if r[0] >= n else r[0], r[1]) for r, n in zip(maps.reach, size)]
                maps = replace(maps, reach=tuple(cut))
            lines.append(Layer(name, t, maps, kinds[t]))
    return lines


def layer_named(asked: str | None, net: Any, x: Any, see: str | None = None) -> str | None:
    """The name of the feature maps asked for, None if none were.  x: an input; see: as in `one_of`."""
    if asked is None:
        return None
    lines = layers(net(x := Tensor(x, "x")), x)
    known = {line.name: line.tensor for line in lines}
    maps = [line.name for line in lines if line.tensor.ndim == x.ndim or (line.maps and line.maps.whole)]
    if asked in known and asked not in maps:
        shape = " x ".join(map(str, known[asked].shape[1:]))
        last = listed(maps[-5:], 5)
        raise AskError(f"layer '{asked}' gives {shape} numbers and no map; the last with maps are {last}")
    begin, cut, end = asked.partition("...")  # as a table shows a long name
    long = [name for name in maps if cut and name.startswith(begin) and name.endswith(end)]
    return long[0] if len(long) == 1 else one_of("layer with maps", asked, maps, see)


def default_layer(y: Any, x: Tensor) -> tuple[str | None, str]:
    """-> (the layer that Grad-CAM looks at where nobody names one, or None; why that one, in a phrase).

    The last output of convolution, normalisation, activation, sum or concatenation that has more than one
    place; of tokens, the last that the output depends on beside the class token.
    """
    ends = _several(y)
    known = [
        line for line in layers(y, x)
        if line.maps and line.maps.whole and line.kind and math.prod(line.maps.sizes) > 1
        and line.tensor not in ends
    ]  # fmt: skip
    shaped = [line for line in known if line.kind != "conv"]
    known = shaped or known
    if not known:
        return None, "no layer has places"
    if known[-1].maps is not None and known[-1].maps.tokens:
        known = _reaching(ends, known) or _before_attention(ends, known) or known
        return known[-1].name, "the last tokens that the scores depend on"
    return known[-1].name, "the last feature maps in front of the scores"


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


def _several(y):
    found: list[Tensor] = []
    each(found.append, y)
    return found


# --- what a tensor is, told by the operation that made it


def _kinds(y, x):
    """{tensor that depends on x: its kind}"""
    kinds: dict[Tensor, str | None] = {x: None}
    for t in history(_several(y)):
        if t.op is None or t is x:
            continue
        signals = [i for i in inputs_of(t.op) if isinstance(i, Tensor) and i in kinds]
        if not signals:
            continue
        op = t.op
        if op.activation:
            kinds[t] = "activation"
        elif isinstance(op, (ops.Conv, ops.ConvTranspose)):
            kinds[t] = "conv"
        elif isinstance(op, NORMS):
            kinds[t] = "norm"
        elif isinstance(op, ops.Concat):
            kinds[t] = "concat"
        elif isinstance(op, (ops.Add, ops.Sub, ops.Mul, ops.Div)) and len(signals) == 1:
            kinds[t] = kinds[signals[0]]  # a bias, or a factor
        elif isinstance(op, (ops.Add, ops.Sum)) and all(i.shape == t.shape for i in signals):
            kinds[t] = "sum"
        elif isinstance(op, ops.Mul) and all(i.shape == t.shape for i in signals):
            kinds[t] = "activation"  # x sigmoid(x), in pieces
        else:
            kinds[t] = None
    return kinds


# --- where its places lie


def _of(t: Tensor, signals: list[Tensor], found: dict[Tensor, Maps | None]) -> Maps | None:
    op, first = t.op, found[signals[0]]
    if all(found[i] is EVERYTHING for i in signals):
        return EVERYTHING
    for kinds, rule in RULES:
        if isinstance(op, kinds):
            return _sliding(t, op) if first is None or first is EVERYTHING else rule(t, op, first)
    if isinstance(op, ops.Concat):
        return _concat(t, op, signals, found)
    known = [maps for i in signals if (maps := found[i]) is not None]
    fitting = [maps for maps in known if maps is not EVERYTHING and maps.fits(t.shape)]
    if not fitting:
        return None
    maps = next((m for m in fitting if m.whole), fitting[0])
    return replace(maps, reach=_joined(maps, known, len(known) < len(signals), _mixes(op, maps, signals)))


def _mixes(op, maps, signals):
    """Whether an operation that keeps places mixes what all of them hold."""
    if isinstance(op, ops.Normalise):
        return {*maps.space} <= {axis % signals[0].ndim for axis in op.axes}
    if isinstance(op, ops.MatMul):
        return (len(signals) > 1 or signals[0].ndim - 1 in maps.space) and not maps.rows
    return isinstance(op, (ops.LSTM, ops.CumSum, ops.Einsum))


def _joined(maps, known, lost=False, mixed=False):
    """What a place sees that was made of several; lost: of one of them it is not told; mixed: of all."""
    if mixed or any(m is EVERYTHING for m in known):
        return ((math.inf, 1),) * len(maps.sizes)
    several = [m.reach for m in known]
    if lost or any(len(reach) != len(maps.sizes) for reach in several):
        return (None,) * len(maps.sizes)
    return tuple(
        None if None in axis else (max(r[0] for r in axis), max(r[1] for r in axis))
        for axis in zip(*several)
    )  # fmt: skip


def _reduced(t, op, maps):
    """Over all of its places: what is left has none, and sees everything."""
    axes = {*range(-maps.space[-1] - 9, 0)} if op.axis is None else {*op.axes}
    return EVERYTHING if all(axis - len(op.x_shape) in axes for axis in maps.space) else (
        maps if maps.fits(t.shape) else None
    )  # fmt: skip


def _sliding(t, op):
    """A convolution or pooling of something whose places were lost: it has places again."""
    if not isinstance(op, (ops.Conv, ops.ConvTranspose, *WINDOWS)) or t.ndim < 3:
        return None
    return Maps(1, tuple(range(2, t.ndim)), t.shape[2:], (None,) * (t.ndim - 2))


def _window(t, op, maps):
    """Kernel k, dilation d, stride s: a place sees (k - 1) d places more, and the next one is s further."""
    if not maps.plain:
        return _sliding(t, op)
    if isinstance(op, ops.Conv):
        kernel, stride, dilation = op.W.shape[2:], op.geometry.stride, op.geometry.dilation
    else:
        kernel, stride, dilation = op.kernel, op.stride, op.dilation
    reach = tuple(
        r if r is None else (r[0] + (k - 1) * d * r[1], s * r[1])
        for r, k, s, d in zip(maps.reach, kernel, stride, dilation)
    )
    return replace(maps, sizes=t.shape[2:], reach=reach)


def _transposed_window(t, op, maps):
    """A place of a transposed convolution is made of at most ceil(span / stride) places."""
    if not maps.plain:
        return _sliding(t, op)
    spans = zip(maps.reach, op.W.shape[2:], op.geometry.stride, op.geometry.dilation)
    reach = tuple(
        r if r is None else (r[0] + (math.ceil(((k - 1) * d + 1) / s) - 1) * r[1], r[1] / s)
        for r, k, s, d in spans
    )
    return replace(maps, sizes=t.shape[2:], reach=reach)


def _resized(t, op, maps):
    """One matrix along one axis."""
    axis = op.axis % t.ndim
    if axis not in maps.space or maps.tokens:
        return maps if maps.fits(t.shape) else None
    k = maps.space.index(axis)
    taps = [int(np.ptp(np.flatnonzero(row))) for row in op.M if np.any(row)]
    reach, sizes = [*maps.reach], [*maps.sizes]
    if (r := reach[k]) is not None:
        reach[k] = (r[0] + max(taps, default=0) * r[1], r[1] * op.M.shape[1] / op.M.shape[0])
    sizes[k] = op.M.shape[0]
    return replace(maps, sizes=tuple(sizes), reach=tuple(reach))


def _turned(t, op, maps):
    to = {axis: k for k, axis in enumerate(op.order)}
    channel = None if maps.channel is None else to[maps.channel]
    space = tuple(to[axis] for axis in maps.space)
    if list(space) != sorted(space):  # rows and columns changed places
        order = sorted(range(len(space)), key=space.__getitem__)
        if maps.tokens or len(space) != len(maps.sizes):
            return None
        return replace(
            maps, channel=channel, space=tuple(space[k] for k in order),
            sizes=tuple(maps.sizes[k] for k in order), reach=tuple(maps.reach[k] for k in order),
        )  # fmt: skip
    return replace(maps, channel=channel, space=space)


def _reshaped(t, op, maps):
    """Axes that become one: places one behind the other; one that becomes several: places again."""
    before, after = op.x_shape, t.shape
    channel, space, rows = None, None, maps.rows
    for old, new in _groups(before, after):
        if maps.channel in old and len(old) == len(new) == 1:
            channel = new[0]
        if old == (0, *maps.space) and len(new) == 1 and not maps.rows:  # pictures, too
            space, rows = new, before[0]
            continue
        if maps.rows and old == maps.space and after[new[0]] == maps.rows:
            sizes = tuple(after[k] for k in new[1:])
            if sizes in (maps.sizes, (maps.count,)):
                space, rows = new[1:], 0
            continue
        whole = old == maps.space
        if whole and (len(new) == 1 or (maps.tokens and tuple(after[k] for k in new) == maps.sizes)):
            space = new
        elif not maps.tokens and set(old) & set(maps.space) and len(old) == len(new) == 1:
            space = (*(space or ()), new[0])
    if space is None or (len(space) not in (1, len(maps.sizes))):
        return None
    made = replace(maps, channel=channel, space=tuple(space), rows=rows)
    return made if made.fits(after) else None


def _groups(before, after):
    """[(axes before, axes after)] that hold the same values, as small as can be."""
    groups, i, j = [], 0, 0
    while i < len(before) and j < len(after):
        old, new, a, b = [i], [j], before[i], after[j]
        while a != b:
            if a < b:
                i += 1
                if i == len(before):
                    return groups
                old, a = [*old, i], a * before[i]
            else:
                j += 1
                if j == len(after):
                    return groups
                new, b = [*new, j], b * after[j]
        groups.append((tuple(old), tuple(new)))
        i, j = i + 1, j + 1
    return groups


def _concat(t, op, signals, found):
    """Along the channels, as it was; along tokens, those that are no places stand before or behind."""
    axis = op.axis % t.ndim
    parts = [i for i in inputs_of(op)]
    known = [found[i] for i in signals if found[i] is not None and found[i].whole]
    if not known or any(found[i] is None for i in signals):
        return None
    if all(axis not in m.space for m in known):
        kept = [m for m in known if m.fits(t.shape)]
        return replace(kept[0], reach=_joined(kept[0], known)) if len(kept) == len(known) else None
    tokens = [m for m in known if m.tokens and m.space == (axis,)]
    if len(tokens) != 1 or len(known) != 1:
        return None
    sizes = [(i.data if isinstance(i, Tensor) else i).shape[axis] for i in parts]
    at = next(k for k, i in enumerate(parts) if isinstance(i, Tensor) and found.get(i) is tokens[0])
    m = tokens[0]
    return replace(m, before=m.before + sum(sizes[:at]), behind=m.behind + sum(sizes[at + 1 :]))


def _cut(t, op, maps):
    """A part of a tensor: all of its places, or fewer along an axis, or tokens without those before them."""
    if t.ndim != len(op.x_shape):
        return None
    if maps.fits(t.shape):
        return maps
    if not maps.tokens:
        sizes = tuple(t.shape[axis] for axis in maps.space)
        steps = [max(round(n / m), 1) for n, m in zip(maps.sizes, sizes)]
        reach = tuple(r if r is None else (r[0], r[1] * s) for r, s in zip(maps.reach, steps))
        return replace(maps, sizes=sizes, reach=reach)
    without = replace(maps, before=0, behind=0)
    return without if without.fits(t.shape) else None


def _padded(t, op, maps):
    sizes = tuple(t.shape[axis] for axis in maps.space)
    return None if maps.tokens else replace(maps, sizes=sizes)


REDUCTIONS = (ops.Mean, ops.Sum, ops.MaxOver, ops.MinOver, ops.LogSumExp, ops.Norm, ops.Prod)
RULES: list[tuple[Any, Callable[..., Maps | None]]] = [
    ((ops.Conv, *WINDOWS), _window),
    (ops.ConvTranspose, _transposed_window),
    (ops.Along, _resized),
    (ops.Transpose, _turned),
    (ops.Reshape, _reshaped),
    ((ops.Slice, ops.Take), _cut),
    (ops.Pad, _padded),
    (REDUCTIONS, _reduced),
    (ops.GlobalAvgPool, lambda t, op, maps: EVERYTHING if maps.plain else None),
]
