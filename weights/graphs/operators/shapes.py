"""Other shapes, other orders, parts, copies, borders.  Axes are counted from either end."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import Concat, Expand, Pad, Reshape, Slice, Take, Tensor, Transpose, Where
from weights.errors import WeightsError
from weights.graphs.operators.operator import Operator
from weights.graphs.operators.values import Ints, Value, ints, is_signal, number

LARGEST = 1 << 28  # values that one operator may give: more would fill the memory before anybody is asked


def reshape(x: Value, *, shape: Ints) -> Value:
    """x in another shape, one size of which may be -1; what undoes a reshape gives back what that was made
    from."""
    shape = ints(shape)
    if -1 in shape:
        known = int(np.prod([n for n in shape if n != -1]))
        shape[shape.index(-1)] = int(np.prod(x.shape)) // known if known else 0
    if isinstance(x, Tensor) and isinstance(x.op, Reshape) and list(x.op.inputs[0].shape) == shape:
        return x.op.inputs[0]
    return Reshape(shape)(x)


def flatten(x: Value, *, axis: int = 1) -> Value:
    """Two axes: those before `axis`, and the others."""
    axis = axis + x.ndim if axis < 0 else axis
    return reshape(x, shape=(int(np.prod(x.shape[:axis])), int(np.prod(x.shape[axis:]))))


def squeeze(x: Value, *, axes: Ints | None = None) -> Value:
    given = [i for i, n in enumerate(x.shape) if n == 1] if axes is None else ints(axes)
    axes = [a % x.ndim for a in given]
    if any(x.shape[a] != 1 for a in axes):
        raise WeightsError(f"axes {axes} of {tuple(x.shape)} are not all 1")
    return reshape(x, shape=[n for i, n in enumerate(x.shape) if i not in axes])


def unsqueeze(x: Value, *, axes: Ints) -> Value:
    axes = ints(axes)
    ndim = x.ndim + len(axes)
    at, sizes = {a % ndim for a in axes}, iter(x.shape)
    if len(at) < len(axes):
        raise WeightsError("an axis is named twice")
    return reshape(x, shape=[1 if i in at else next(sizes) for i in range(ndim)])


def transpose(x: Value, *, order: Ints | None = None) -> Value:
    order = range(x.ndim)[::-1] if order is None else [a % x.ndim for a in order]
    return Transpose(order)(x)


def cut(x: Value, index: Any, *, axis: int) -> Value:
    """x at an index or slice of one axis."""
    return Slice(*(slice(None),) * (axis % x.ndim), index)(x)


def take(x: Value, index: Any, *, axis: int = 0) -> Value:
    """x at places of one axis; whole numbers of any shape take its place."""
    index = number(index, "which values to take")
    if index.ndim == 0:
        return cut(x, int(index), axis=axis) if is_signal(x) else np.take(x, index, axis)
    return Take(index.astype(np.int64), axis)(x) if is_signal(x) else np.take(x, index, axis)


def take_elements(x: Value, index: Any, *, axis: int = 0) -> Value:
    """y[i, j] = x[index[i, j], j], along any axis (NumPy's take_along_axis)."""
    index = number(index, "which values to take")
    index = np.where(index < 0, index + x.shape[axis], index)
    places = list(np.indices(index.shape))
    places[axis % x.ndim] = index
    return _from_places(x, np.ravel_multi_index(tuple(places), x.shape))


def take_blocks(x: Value, index: Any, *, batch_dims: int = 0) -> Value:
    """y[i] = x[index[i]], where the last axis of index holds coordinates of x's first axes."""
    index, b = number(index, "which values to take"), batch_dims
    depth = index.shape[-1]
    sizes = np.asarray(x.shape[b : b + depth])
    index = np.where(index < 0, index + sizes, index)
    before = [np.arange(n).reshape(-1, *[1] * (index.ndim - 2 - i)) for i, n in enumerate(x.shape[:b])]
    lead = tuple(np.broadcast_arrays(*before, *np.moveaxis(index, -1, 0)))
    rest = x.shape[b + depth :]
    blocks = np.ravel_multi_index(lead, x.shape[: b + depth])
    within = np.arange(int(np.prod(rest, dtype=int))).reshape(rest)
    return _from_places(x, blocks.reshape(*blocks.shape, *[1] * len(rest)) * within.size + within)


def _from_places(x, places):
    """x at places counted row by row."""
    if not is_signal(x):
        return x.reshape(-1)[places]
    return Take(places)(Reshape((-1,))(x))


def flip(x: Value, *, axes: Ints) -> Value:
    for axis in ints(axes):
        x = cut(x, slice(None, None, -1), axis=axis)
    return x


def roll(x: Value, *, shifts: Ints, axes: Ints = ()) -> Value:
    """What falls off one end comes back at the other; without axes, row by row."""
    if not len(ints(axes)):
        return reshape(roll(reshape(x, shape=(-1,)), shifts=shifts, axes=(0,)), shape=x.shape)
    for shift, axis in zip(ints(shifts), ints(axes)):
        at = -shift % max(x.shape[axis], 1)
        if at:
            parts = cut(x, slice(at, None), axis=axis), cut(x, slice(0, at), axis=axis)
            x = Concat(axis)(*parts)
    return x


def concat(*xs: Value, axis: int = 1) -> Value:
    return Concat(axis)(*xs)


def stack(*xs: Value, axis: int = 0) -> Value:
    return Concat(axis)(*[unsqueeze(x, axes=axis) for x in xs])


def split(x: Value, *, sizes: Ints, axis: int = 0) -> tuple[Value, ...]:
    """Parts of the given sizes along an axis."""
    ends = np.cumsum(ints(sizes)).tolist()
    if not ends or ends[-1] != x.shape[axis]:
        raise WeightsError(f"parts of {ints(sizes)} are not the {x.shape[axis]} of axis {axis}")
    return tuple(cut(x, slice(start, end), axis=axis) for start, end in zip([0, *ends], ends))


def expand(x: Value, *, shape: Ints) -> Value:
    """x stretched by broadcasting, both ways."""
    shape = np.broadcast_shapes(tuple(x.shape), tuple(ints(shape)))
    _bound(shape)
    return Expand(shape)(x) if is_signal(x) else np.broadcast_to(x, shape).copy()


def tile(x: Value, *, repeats: Ints) -> Value:
    """x side by side with itself, along each axis."""
    repeats = ints(repeats)
    x = reshape(x, shape=(*[1] * (len(repeats) - x.ndim), *x.shape)) if len(repeats) > x.ndim else x
    repeats = [*[1] * (x.ndim - len(repeats)), *repeats]
    _bound([n * r for n, r in zip(x.shape, repeats)])
    if not is_signal(x):
        return np.tile(x, repeats)
    for axis, n in enumerate(repeats):
        x = x if n == 1 else Take(np.tile(np.arange(x.shape[axis]), n), axis)(x)
    return x


def pad(
    x: Value,
    *,
    widths: Any,
    mode: str = "constant",
    value: float = 0.0,
) -> Value:
    """A border: widths (before, after) for each of the last axes; negative ones cut.

    mode: "constant", a value; "edge", the outermost value again; "reflect", a mirror on the outermost value;
    "wrap", what lies at the other end.
    """
    widths = [(int(before), int(after)) for before, after in widths]
    first = x.ndim - len(widths)
    _bound([n + max(b, 0) + max(a, 0) for n, (b, a) in zip(x.shape[first:], widths)])
    if mode in ("edge", "reflect", "wrap"):
        for axis, (before, after) in enumerate(widths, first):
            x = (
                x
                if before == after == 0
                else take(x, _bordered(x.shape[axis], before, after, mode), axis=axis)
            )
        return x
    if mode != "constant":
        raise WeightsError(f"padding by '{mode}' is not known; it is constant, edge, reflect or wrap")
    inside = [slice(max(0, -b), n + min(0, a)) for n, (b, a) in zip(x.shape[first:], widths)]
    x = (
        Slice(*[slice(None)] * first, *inside)(x)
        if min((w for both in widths for w in both), default=0) < 0
        else x
    )
    return Pad(*[(max(0, b), max(0, a)) for b, a in widths], value=value)(x)


def _bordered(size, before, after, mode):
    """Which value of an axis stands at each place, the border included."""
    at = np.arange(-before, size + after)
    if mode == "edge":
        return np.clip(at, 0, size - 1)
    if mode == "wrap":
        return at % size
    period = max(2 * (size - 1), 1)
    return (size - 1) - abs(at % period - (size - 1)) if size > 1 else at * 0


def center_crop_pad(x: Value, *, shape: Ints, axes: Ints | None = None) -> Value:
    """As much of the middle as fits, or a border of zeros around it."""
    for axis, wanted in zip(range(x.ndim) if axes is None else ints(axes), ints(shape)):
        n = x.shape[axis]
        first = abs(n - wanted) // 2
        if wanted < n:
            x = cut(x, slice(first, first + wanted), axis=axis)
        elif wanted > n:
            widths = [(0, 0)] * x.ndim
            widths[axis] = (first, wanted - n - first)
            x = pad(x, widths=widths)
    return x


def depth_to_space(x: Value, *, block: int, mode: str = "DCR") -> Value:
    """(N, C b b, H, W) -> (N, C, H b, W b); the channels hold b, b, C (DCR), or C, b, b (CRD)."""
    N, C, H, W = x.shape
    b = block
    shape, order = (
        ((N, b, b, C // b**2, H, W), (0, 3, 4, 1, 5, 2))
        if mode == "DCR"
        else ((N, C // b**2, b, b, H, W), (0, 1, 4, 2, 5, 3))
    )
    return Reshape((N, C // b**2, H * b, W * b))(Transpose(order)(Reshape(shape)(x)))


def space_to_depth(x: Value, *, block: int, mode: str = "DCR") -> Value:
    """What depth_to_space undoes."""
    N, C, H, W = x.shape
    b = block
    parts = Reshape((N, C, H // b, b, W // b, b))(x)
    order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
    return Reshape((N, C * b**2, H // b, W // b))(Transpose(order)(parts))


def pixel_shuffle(x: Value, *, factor: int) -> Value:
    return depth_to_space(x, block=factor, mode="CRD")


def pixel_unshuffle(x: Value, *, factor: int) -> Value:
    return space_to_depth(x, block=factor, mode="CRD")


def triangle(x: Value, *, k: int = 0, upper: int = 1) -> Value:
    """One half of a matrix: zeros beyond a diagonal."""
    k = int(np.reshape(k, ()))
    if not is_signal(x):
        return (np.triu if upper else np.tril)(x, k)
    kept = (np.triu if upper else np.tril)(np.ones(x.shape[-2:], bool), k)
    return Where()(kept, x, np.zeros((), x.dtype))


def _bound(shape):
    if np.prod([float(n) for n in shape]) > LARGEST:
        raise WeightsError(f"{tuple(shape)} is more than {LARGEST:,} values")


OPERATORS = (
    Operator("reshape", reshape, onnx="Reshape"),
    Operator("flatten", flatten, onnx="Flatten"),
    Operator("squeeze", squeeze, onnx="Squeeze"),
    Operator("unsqueeze", unsqueeze, onnx="Unsqueeze", aten="unsqueeze"),
    Operator("transpose", transpose, onnx={"Transpose": {"perm": "order"}}, aten="permute"),
    Operator("cut", cut, onnx="Slice"),
    Operator("take", take, onnx="Gather"),
    Operator("take_elements", take_elements, onnx="GatherElements"),
    Operator("take_blocks", take_blocks, onnx="GatherND"),
    Operator("flip", flip, aten="flip"),
    Operator("roll", roll, aten="roll"),
    Operator("concat", concat, onnx="Concat"),
    Operator("stack", stack),
    Operator("split", split, onnx="Split"),
    Operator("expand", expand, onnx="Expand"),
    Operator("tile", tile, onnx="Tile", aten="repeat"),
    Operator("pad", pad, onnx="Pad"),
    Operator("center_crop_pad", center_crop_pad, onnx="CenterCropPad"),
    Operator("depth_to_space", depth_to_space, onnx={"DepthToSpace": {"blocksize": "block"}}),
    Operator("space_to_depth", space_to_depth, onnx={"SpaceToDepth": {"blocksize": "block"}}),
    Operator("pixel_shuffle", pixel_shuffle, aten="pixel_shuffle"),
    Operator("pixel_unshuffle", pixel_unshuffle, aten="pixel_unshuffle"),
    Operator("triangle", triangle, onnx="Trilu"),
)
