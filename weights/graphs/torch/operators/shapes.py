"""Other shapes, other orders, parts, borders; axes counted from either end."""

from typing import Any

import numpy as np

import minicnn as m
from weights.graphs.operators import scattering
from weights.graphs.operators import shapes as neutral
from weights.graphs.operators.arithmetic import where
from weights.graphs.torch.operations import Overwrite, Take
from weights.graphs.torch.operators.arithmetic import times
from weights.graphs.torch.operators.lacking import need
from weights.graphs.torch.operators.resizing import pairs


def reshape(x: Any, shape: Any, first: Any) -> Any:
    return m.Reshape(_for_as_many(x, shape, first))(x)


def expand(x: Any, shape: Any, first: Any) -> Any:
    stretched = x.ndim < len(shape) or shape[0] != first
    return m.Expand(shape if stretched else _for_as_many(x, shape, first))(x)


def transpose(x: Any, a: Any, b: Any) -> Any:
    order = list(range(x.ndim))
    order[a], order[b] = order[b], order[a]
    return m.Transpose(order)(x) if x.ndim else x


def matrix_transpose(x: Any) -> Any:
    return transpose(x, 0, -1) if x.ndim > 1 else x


def squeeze(x: Any, axes: Any = None) -> Any:
    """Only axes of size one are left out."""
    given = range(x.ndim) if axes is None else [axes] if np.ndim(axes) == 0 else axes
    drop = {axis % x.ndim for axis in given if x.ndim}
    return m.Reshape([n for i, n in enumerate(x.shape) if n != 1 or i not in drop])(x)


def cut(x: Any, axis: Any = 0, start: Any = None, end: Any = None, step: Any = 1) -> Any:
    return _at(x, axis, slice(start, end, step))


def select(x: Any, axis: Any, index: Any) -> Any:
    return _at(x, axis, index)


def split(which: Any, x: Any, size: Any, axis: Any = 0) -> Any:
    """Parts of one size, the last perhaps smaller; or of the sizes given."""
    sizes = size if isinstance(size, list) else [size] * (which + 1)
    return _at(x, axis, slice(sum(sizes[:which]), sum(sizes[: which + 1])))


def unbind(which: Any, x: Any, axis: Any = 0) -> Any:
    return _at(x, axis, which)


def cat(xs: Any, axis: Any = 0) -> Any:
    return m.Concat(axis)(*[x for x in xs if tuple(x.shape) != (0,)])


def stack(xs: Any, axis: Any = 0) -> Any:
    return m.Concat(axis)(*[neutral.unsqueeze(x, axes=axis) for x in xs])


def pad(x: Any, widths: Any, value: Any = 0) -> Any:
    """Two widths for each axis, the last first; negative widths cut."""
    return neutral.pad(x, widths=pairs(widths), value=value)


def channel_shuffle(x: Any, groups: Any) -> Any:
    N, C, *pixels = x.shape
    parts = m.Reshape((N, groups, C // groups, *pixels))(x)
    return m.Reshape(x.shape)(m.Transpose((0, 2, 1, *range(3, parts.ndim)))(parts))


def index(x: Any, at: Any) -> Any:
    """x[:, :, at]; whole numbers or True and False, of one axis or several."""
    return scattering.take_at(x, _places(x, at))


def index_select(x: Any, axis: Any, at: Any) -> Any:
    need(_whole(at), "places that depend on the picture")
    return neutral.take(x, at.reshape(-1), axis=axis)


def gather(x: Any, axis: Any, at: Any, *, sparse_grad: Any = False) -> Any:
    need(_whole(at) and x.ndim, "places that depend on the picture")
    return neutral.take_elements(x, at, axis=axis)


def scatter(x: Any, axis: Any, at: Any, source: Any, *, reduce: Any = None) -> Any:
    """y[at[i, j], j] = source[i, j]; source may be a number."""
    need(_whole(at) and x.ndim and reduce is None, "places that depend on the picture, or a product there")
    source = np.full(at.shape, source, x.dtype) if np.ndim(source) == 0 else source
    source = m.Slice(*map(slice, at.shape))(source)  # PyTorch's may be larger than its places
    return scattering.write_elements(x, at, source, axis=axis)


def scatter_add(x: Any, axis: Any, at: Any, source: Any) -> Any:
    need(_whole(at) and x.ndim, "places that depend on the picture")
    return scattering.write_elements(
        x, at, m.Slice(*map(slice, at.shape))(source), axis=axis, reduction="add"
    )


def put(x: Any, at: Any, v: Any, accumulate: Any = False) -> Any:
    """x, and x[at] = v, or x[at] += v."""
    if len(at) == 1 and at[0].dtype == bool and at[0].shape == x.shape and not accumulate and v.size == 1:
        return where(at[0], neutral.reshape(v, shape=()), x)
    places = _places(x, at)
    v = v if v.shape == places.shape else neutral.expand(v, shape=places.shape)
    return scattering.write_at(x, v, places, bool(accumulate))


def index_add(x: Any, axis: Any, at: Any, source: Any, *, alpha: Any = 1) -> Any:
    need(x.ndim, "a single value")
    return put(x, [None] * (axis % x.ndim) + [at], times(source, alpha), True)


def index_copy(x: Any, axis: Any, at: Any, source: Any) -> Any:
    need(x.ndim, "a single value")
    return put(x, [None] * (axis % x.ndim) + [at], source)


def _places(x, at):
    """x[at], as places counted row by row."""
    need(all(a is None or isinstance(a, np.ndarray) for a in at), "places that depend on the picture")
    every = np.arange(int(np.prod(x.shape))).reshape(x.shape)
    return every[tuple(slice(None) if a is None else a for a in at)]


def quarter_turns(x: Any, turns: Any = 1, axes: Any = (0, 1)) -> Any:
    a, b = axes
    for _ in range(turns % 4):
        x = neutral.flip(transpose(x, a, b), axes=[a])
    return x


def lower_triangle(x: Any, diagonal: Any = 0) -> Any:
    return neutral.triangle(x, k=diagonal, upper=0)


def upper_triangle(x: Any, diagonal: Any = 0) -> Any:
    return neutral.triangle(x, k=diagonal)


def windows(x: Any, axis: Any, size: Any, step: Any) -> Any:
    """unfold: all windows along an axis, their values along a new last one."""
    need(x.ndim, "a single value")
    axis = axis % x.ndim
    starts = np.arange(0, x.shape[axis] - size + 1, step)
    y = m.Take(starts[:, None] + np.arange(size), axis)(x)
    return m.Transpose([*range(axis + 1), *range(axis + 2, y.ndim), axis + 1])(y)


def diagonal(x: Any, offset: Any = 0, first: Any = 0, second: Any = 1) -> Any:
    """The diagonal of two axes, along a new last one."""
    first, second = first % x.ndim, second % x.ndim
    rest = [i for i in range(x.ndim) if i not in (first, second)]
    x = m.Transpose([*rest, first, second])(x)
    n, k = x.shape[-2:]
    length = min(n - max(-offset, 0), k - max(offset, 0))
    at = np.arange(max(length, 0))
    flat = m.Reshape((*x.shape[:-2], n * k))(x)
    return m.Take((at + max(-offset, 0)) * k + at + max(offset, 0), -1)(flat)


def _whole(at):
    return isinstance(at, np.ndarray) and at.dtype.kind == "i"


def take(x: Any, at: Any, shape: Any) -> Any:
    return Take(at, shape, int(np.prod(x.shape, dtype=int)))(x)


def overwrite(x: Any, v: Any, into: Any, source: Any) -> Any:
    return Overwrite(into, source, [int(np.prod(t.shape, dtype=int)) for t in (x, v)])(x, v)


def _at(x, axis, index):
    return m.Slice(*[slice(None)] * (axis % x.ndim), index)(x)


def _for_as_many(x, shape, first):
    """The recorded shape, for as many pictures as there are."""
    if not x.ndim or not shape or x.shape[0] == first or shape[0] * x.shape[0] % first:
        return tuple(shape)
    return (shape[0] * x.shape[0] // first, *shape[1:])


OPERATORS = {
    "transpose": transpose, "t": matrix_transpose, "squeeze": squeeze, "slice": cut, "select": select,
    "cat": cat, "stack": stack, "constant_pad_nd": pad, "take": take, "overwrite": overwrite,
    "channel_shuffle": channel_shuffle, "index": index, "index_select": index_select, "gather": gather,
    "scatter": scatter, "scatter_add": scatter_add, "index_put": put, "index_add": index_add,
    "index_copy": index_copy, "rot90": quarter_turns,
    "tril": lower_triangle, "triu": upper_triangle, "unfold": windows, "diagonal": diagonal,
}  # fmt: skip
PARTS = {
    "split": split, "split_with_sizes": split, "unsafe_split": split, "unsafe_split_with_sizes": split,
    "unbind": unbind,
}  # fmt: skip
SIZED = {"view": reshape, "_unsafe_view": reshape, "reshape": reshape, "expand": expand}
