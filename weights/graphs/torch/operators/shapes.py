"""Other shapes, other orders, parts, borders; axes counted from either end."""

import numpy as np

import minicnn as m
from weights.graphs.torch.operations import Overwrite, Take


def reshape(x, shape, first):
    return m.Reshape(_for_as_many(x, shape, first))(x)


def expand(x, shape, first):
    stretched = x.ndim < len(shape) or shape[0] != first
    return m.Expand(shape if stretched else _for_as_many(x, shape, first))(x)


def permute(x, order):
    return m.Transpose([axis % x.ndim for axis in order])(x)


def transpose(x, a, b):
    order = list(range(x.ndim))
    order[a], order[b] = order[b], order[a]
    return m.Transpose(order)(x) if x.ndim else x


def matrix_transpose(x):
    return transpose(x, 0, -1) if x.ndim > 1 else x


def unsqueeze(x, axis):
    at = axis % (x.ndim + 1)
    return m.Reshape((*x.shape[:at], 1, *x.shape[at:]))(x)


def squeeze(x, axes=None):
    """Only axes of size one are left out."""
    given = range(x.ndim) if axes is None else [axes] if np.ndim(axes) == 0 else axes
    drop = {axis % x.ndim for axis in given if x.ndim}
    return m.Reshape([n for i, n in enumerate(x.shape) if n != 1 or i not in drop])(x)


def cut(x, axis=0, start=None, end=None, step=1):
    return _at(x, axis, slice(start, end, step))


def select(x, axis, index):
    return _at(x, axis, index)


def split(which, x, size, axis=0):
    """Parts of one size, the last perhaps smaller; or of the sizes given."""
    sizes = size if isinstance(size, list) else [size] * (which + 1)
    return _at(x, axis, slice(sum(sizes[:which]), sum(sizes[: which + 1])))


def unbind(which, x, axis=0):
    return _at(x, axis, which)


def flip(x, axes):
    for axis in axes:
        x = _at(x, axis, slice(None, None, -1))
    return x


def roll(x, shifts, axes=()):
    if not axes:
        return m.Reshape(x.shape)(roll(m.Reshape((-1,))(x), shifts, [0]))
    for shift, axis in zip(shifts, axes):
        at = -shift % x.shape[axis]
        x = m.Concat(axis)(_at(x, axis, slice(at, None)), _at(x, axis, slice(0, at)))
    return x


def cat(xs, axis=0):
    return m.Concat(axis)(*[x for x in xs if tuple(x.shape) != (0,)])


def stack(xs, axis=0):
    return m.Concat(axis)(*[unsqueeze(x, axis) for x in xs])


def repeat(x, times):
    x = m.Reshape((*[1] * (len(times) - x.ndim), *x.shape))(x)
    for axis, n in enumerate(times):
        x = x if n == 1 else m.Concat(axis)(*[x] * n)
    return x


def pad(x, widths, value=0):
    """Two widths for each axis, the last first; negative widths cut."""
    pairs = [tuple(widths[i : i + 2]) for i in range(0, len(widths), 2)][::-1]
    kept = [
        slice(max(0, -before), n + min(0, after)) for (before, after), n in zip(pairs, x.shape[-len(pairs) :])
    ]
    x = m.Slice(*[slice(None)] * (x.ndim - len(pairs)), *kept)(x) if min(widths, default=0) < 0 else x
    return m.Pad(*[(max(0, before), max(0, after)) for before, after in pairs], value=value)(x)


def take(x, at, shape):
    return Take(at, shape, int(np.prod(x.shape, dtype=int)))(x)


def overwrite(x, v, into, source):
    return Overwrite(into, source, [int(np.prod(t.shape, dtype=int)) for t in (x, v)])(x, v)


def _at(x, axis, index):
    return m.Slice(*[slice(None)] * (axis % x.ndim), index)(x)


def _for_as_many(x, shape, first):
    """The recorded shape, for as many pictures as there are."""
    if not x.ndim or not shape or x.shape[0] == first or shape[0] * x.shape[0] % first:
        return tuple(shape)
    return (shape[0] * x.shape[0] // first, *shape[1:])


OPERATORS = {
    "permute": permute, "transpose": transpose, "t": matrix_transpose, "unsqueeze": unsqueeze,
    "squeeze": squeeze, "slice": cut,
    "select": select, "flip": flip, "roll": roll, "cat": cat, "stack": stack, "repeat": repeat,
    "constant_pad_nd": pad,
    "take": take, "overwrite": overwrite,
}  # fmt: skip
PARTS = {"split": split, "split_with_sizes": split, "unbind": unbind}
SIZED = {"view": reshape, "_unsafe_view": reshape, "reshape": reshape, "expand": expand}
