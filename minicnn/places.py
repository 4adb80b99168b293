"""Where a tensor's places, its rows and columns, lie in the input, and how much of it each of them sees.

A map has places along one axis (a signal), two (a picture) or three (a volume).  A transformer has them one
behind the other, as tokens, perhaps behind a class token, which is no place (Dosovitskiy et al. 2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from minicnn import ops
from minicnn.graph import Op, Tensor, Tensors, history, inputs_of
from minicnn.ops.reduction import Reduction

# along each axis: (pixels that a place sees, pixels to the next), None: not told
Reach = tuple[tuple[float, float] | None, ...]
WINDOWS = (ops.MaxPool, ops.AvgPool, ops.LpPool)
SUMS_TO_ONE = (ops.Softmax, ops.LogSoftmax)
ALL = range(3)  # the axes of space


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


@dataclass(frozen=True)
class Hidden:
    """Places that a Reshape mixed with other axes, as a norm of groups does: they are back in this shape."""

    maps: Maps
    shape: tuple[int, ...]


EVERYTHING = Maps(None, (), (), ())  # of numbers that have no places, each of which sees all of the input


def maps_in(y: Tensors, x: Tensor) -> dict[Tensor, Maps]:
    """{tensor: where its places lie} of all tensors between an input x (N, C, *sizes) and the output, or
    outputs, y, where that can be told.
    """
    found: dict[Tensor, Maps | Hidden | None] = {x: None}  # None: places that were lost
    if x.ndim > 2:
        found[x] = Maps(1, tuple(range(2, x.ndim)), x.shape[2:], ((1, 1),) * (x.ndim - 2))
    for t in history(y):
        if t.op is None or t is x:
            continue
        signals = [i for i in inputs_of(t.op) if isinstance(i, Tensor) and i in found]
        if signals:
            found[t] = _of(t, signals, found)
    return {t: maps for t, maps in found.items() if isinstance(maps, Maps) and maps is not EVERYTHING}


def _of(t: Tensor, signals: list[Tensor], found: dict[Tensor, Maps | Hidden | None]) -> Maps | Hidden | None:
    op, first = t.op, found[signals[0]]
    if all(found[i] is EVERYTHING for i in signals):
        return EVERYTHING
    if isinstance(first, Hidden) and (isinstance(op, ops.Reshape) or _one_by_one(t, op, signals[0])):
        return _behind(t, op, first)
    for kinds, rule in RULES:
        if isinstance(op, kinds):
            told = isinstance(first, Maps) and first is not EVERYTHING
            return rule(t, op, first) if told else _sliding(t, op)
    if isinstance(op, ops.Concat):
        return _concat(t, op, signals, found)
    known = [maps for i in signals if isinstance(maps := found[i], Maps)]
    fitting = [maps for maps in known if maps is not EVERYTHING and maps.fits(t.shape)]
    if not fitting:
        return None
    maps = next((m for m in fitting if m.whole), fitting[0])
    return replace(maps, reach=_joined(maps, known, len(known) < len(signals), _mixed(op, maps, signals)))


def _one_by_one(t, op, before):
    """Whether values stay where they are: a norm, or an operation on each of them."""
    moving = (*(kind for kinds, _ in RULES for kind in kinds), ops.Concat, ops.Linear)
    return t.shape == before.shape and not op.mixes and not isinstance(op, moving)


def _behind(t, op, hidden):
    """Hidden places, back if the shape is."""
    if isinstance(op, (ops.Normalise, *SUMS_TO_ONE)):
        return replace(hidden, maps=replace(hidden.maps, reach=_joined(hidden.maps, [], mixed=ALL)))
    return hidden.maps if t.shape == hidden.shape else hidden


def _mixed(op, maps, signals):
    """Along which axes of space an operation that keeps places mixes what all of them hold."""
    ndim = signals[0].ndim
    if isinstance(op, (ops.Normalise, *SUMS_TO_ONE)):
        over = {axis % ndim for axis in (op.axes if isinstance(op, ops.Normalise) else [op.axis])}
        along = {k for k, axis in enumerate(maps.space) if axis in over}
        return ALL if along and maps.tokens else along
    if isinstance(op, ops.MatMul):
        return ALL if (len(signals) > 1 or ndim - 1 in maps.space) and not maps.rows else ()
    return ALL if op.mixes else ()


def _joined(maps, known, lost=False, mixed=()):
    """What a place sees that was made of several; lost: of one of them it is not told; mixed: along which
    axes of all.
    """
    n, several = len(maps.sizes), [m.reach for m in known if m is not EVERYTHING]
    if len(several) < len(known):
        mixed = ALL
    if lost or not several or any(len(reach) != n for reach in several):
        several = [(None,) * n]
    return tuple(
        (math.inf, 1) if k in mixed else
        None if None in axis else (max(r[0] for r in axis), max(r[1] for r in axis))
        for k, axis in enumerate(zip(*several))
    )  # fmt: skip


def _reduced(t, op, maps):
    """Over all of its places: what is left has none, and sees everything; over other axes: it keeps them."""
    n = len(op.x_shape)
    gone = {*range(n)} if op.axis is None else {axis % n for axis in op.axes}
    if gone.issuperset(maps.space):
        return EVERYTHING
    if gone & {0, *maps.space}:
        return None
    if t.ndim == n:
        return maps
    to = {axis: axis - sum(before < axis for before in gone) for axis in {*range(n)} - gone}
    return replace(maps, channel=to.get(maps.channel), space=tuple(to[axis] for axis in maps.space))


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
        if maps.tokens:
            return None
        return replace(
            maps, channel=channel, space=tuple(space[k] for k in order),
            sizes=tuple(maps.sizes[k] for k in order), reach=tuple(maps.reach[k] for k in order),
        )  # fmt: skip
    return replace(maps, channel=channel, space=space)


def _reshaped(t, op, maps):
    """Axes that become one: places one behind the other; one that becomes several: places again, or, as in
    "b c (h p) w -> b c h p w", patches, a place each.
    """
    before, after = op.x_shape, t.shape
    channel, space, rows = None, None, maps.rows
    sizes, reach = [*maps.sizes], [*maps.reach]
    for old, new in _groups(before, after):
        if maps.channel in old and len(old) == len(new) == 1:
            channel = new[0]
        if old == (0, *maps.space) and len(new) == 1 and not maps.rows:  # pictures, too
            space, rows = new, before[0]
            continue
        if maps.rows and old == maps.space and after[new[0]] == maps.rows:
            if tuple(after[k] for k in new[1:]) in (maps.sizes, (maps.count,)):
                space, rows = new[1:], 0
            continue
        if old == maps.space and (
            len(new) == 1 or (maps.tokens and tuple(after[k] for k in new) == maps.sizes)
        ):
            space = new
        elif not maps.tokens and set(old) & set(maps.space) and len(old) == 1:
            if len(new) == 2 and min(count := after[new[0]], side := after[new[1]]) > 1:
                k = maps.space.index(old[0])
                sizes[k], r = count, reach[k]
                reach[k] = r and (r[0] + (side - 1) * r[1], r[1] * side)
            elif len(new) > 1:
                continue
            space = (*(space or ()), new[0])
    hidden = Hidden(maps, before)
    if space is None or (len(space) not in (1, len(maps.sizes))):
        return hidden
    left = {*range(1, t.ndim)} - {*space}
    if channel is None and not rows and len(left) == 1:  # what was split is one again
        (channel,) = left
    made = replace(
        maps, channel=channel, space=tuple(space), rows=rows, sizes=tuple(sizes), reach=tuple(reach)
    )
    return made if made.fits(after) else hidden


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
    known = [found[i] for i in signals if isinstance(found[i], Maps) and found[i].whole]
    if not known or not all(isinstance(found[i], Maps) for i in signals):
        return None
    if all(axis not in m.space for m in known):
        if not all(m.fits(t.shape) for m in known):
            return None
        return replace(known[0], reach=_joined(known[0], [found[i] for i in signals]))
    tokens = [m for m in known if m.tokens and m.space == (axis,)]
    if len(tokens) != 1 or len(known) != 1:
        return None
    sizes = [(i.data if isinstance(i, Tensor) else i).shape[axis] for i in parts]
    at = next(k for k, i in enumerate(parts) if isinstance(i, Tensor) and found.get(i) is tokens[0])
    m = tokens[0]
    return replace(m, before=m.before + sum(sizes[:at]), behind=m.behind + sum(sizes[at + 1 :]))


def _cut(t, op, maps):
    """A part of a tensor: all of its places, or fewer along an axis, or tokens without those before them."""
    if t.ndim != len(op.x_shape) or 0 in t.shape:
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


RULES: list[tuple[tuple[type[Op], ...], Callable[..., Maps | Hidden | None]]] = [
    ((ops.Conv, *WINDOWS), _window),
    ((ops.ConvTranspose,), _transposed_window),
    ((ops.Along,), _resized),
    ((ops.Transpose,), _turned),
    ((ops.Reshape,), _reshaped),
    ((ops.Slice, ops.Take), _cut),
    ((ops.Pad,), _padded),
    ((Reduction,), _reduced),
    ((ops.GlobalAvgPool,), lambda t, op, maps: EVERYTHING if maps.plain else None),
]
