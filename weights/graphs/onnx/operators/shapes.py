"""Operators that rearrange: other shapes, other orders, parts, borders."""

from __future__ import annotations

import numpy as np

from minicnn import Pad, Reshape, Slice, Tensor, Transpose
from weights.errors import WeightsError
from weights.graphs.onnx.operators.values import Ints, Value


def reshape(x: Value, *, shape: Ints, allowzero: int = 0) -> Value:
    """0 keeps a size, -1 is worked out."""
    sizes = [int(n) for n in np.asarray(shape)]
    if not allowzero:
        sizes = [x.shape[i] if n == 0 else n for i, n in enumerate(sizes)]
    if -1 in sizes:
        known = int(np.prod([n for n in sizes if n != -1]))
        sizes[sizes.index(-1)] = int(np.prod(x.shape)) // known if known else 0
    return _reshaped(x, sizes)


def flatten(x: Value, *, axis: int = 1) -> Value:
    axis = axis + x.ndim if axis < 0 else axis
    return _reshaped(x, (int(np.prod(x.shape[:axis])), int(np.prod(x.shape[axis:]))))


def squeeze(x: Value, *, axes: Ints | None = None) -> Value:
    axes = (
        [i for i, n in enumerate(x.shape) if n == 1]
        if axes is None
        else [int(a) % x.ndim for a in np.asarray(axes)]
    )
    if any(x.shape[a] != 1 for a in axes):
        raise WeightsError(f"axes {axes} of {tuple(x.shape)} are not all 1")
    return _reshaped(x, [n for i, n in enumerate(x.shape) if i not in axes])


def unsqueeze(x: Value, *, axes: Ints) -> Value:
    axes = np.asarray(axes).reshape(-1)
    ndim = x.ndim + len(axes)
    at, sizes = {int(a) % ndim for a in axes}, iter(x.shape)
    return _reshaped(x, [1 if i in at else next(sizes) for i in range(ndim)])


def transpose(x: Value, *, perm: Ints | None = None) -> Value:
    return Transpose(perm if perm is not None else range(x.ndim)[::-1])(x)


def slice_of(
    x: Value, *, starts: Ints, ends: Ints, axes: Ints | None = None, steps: Ints | None = None
) -> Value:
    starts, ends = np.asarray(starts).tolist(), np.asarray(ends).tolist()
    axes = range(len(starts)) if axes is None else np.asarray(axes).tolist()
    steps = [1] * len(starts) if steps is None else np.asarray(steps).tolist()
    index = [slice(None)] * x.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps):
        index[axis] = slice(start, end, step)
    return Slice(*index)(x)


def gather(x: Value, indices: Value | None = None, *, axis: int = 0) -> Value:
    """One index of an axis, or, of mere numbers, any."""
    if isinstance(indices, Tensor):
        raise WeightsError("which values to gather depends on the picture: not supported")
    if not isinstance(x, Tensor):
        return np.take(x, indices, axis)
    if np.ndim(indices):
        raise WeightsError("of a signal, only one index can be gathered")
    return Slice(*(slice(None),) * (axis % x.ndim), int(indices))(x)


def pad(
    x: Value,
    *,
    pads: Ints,
    constant_value: float | None = None,
    axes: Ints | None = None,
    mode: str = "constant",
    value: float = 0.0,
) -> Value:
    """Negative widths cut."""
    if mode != "constant":
        raise WeightsError(f"padding by '{mode}' is not supported, only by a constant")
    pads = np.asarray(pads).tolist()
    axes = [int(a) % x.ndim for a in np.asarray(range(x.ndim) if axes is None else axes)]
    widths, index = [(0, 0)] * x.ndim, [slice(None)] * x.ndim
    for axis, before, after in zip(axes, pads[: len(axes)], pads[len(axes) :]):
        index[axis] = slice(max(0, -before), x.shape[axis] + min(0, after))
        widths[axis] = (max(0, before), max(0, after))
    x = Slice(*index)(x) if min(pads, default=0) < 0 else x
    fill = value if constant_value is None else np.reshape(constant_value, ()).item()
    return Pad(*widths, value=fill)(x)


def _reshaped(x, shape):
    """x in another shape; what undoes a reshape gives back what that was made from."""
    shape = tuple(int(n) for n in shape)
    if isinstance(x, Tensor) and isinstance(x.op, Reshape) and tuple(x.op.inputs[0].shape) == shape:
        return x.op.inputs[0]
    return Reshape(shape)(x)


OPERATORS = {
    "Reshape": reshape,
    "Flatten": flatten,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Transpose": transpose,
    "Slice": slice_of,
    "Gather": gather,
    "Pad": pad,
}
