"""Pictures, and signals of one or three axes, in another size: one matrix per axis."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minicnn import Add, Along, Mul, Take, Tensor
from weights.errors import WeightsError
from weights.graphs.operators.operator import Operator
from weights.graphs.operators.values import Value

LARGEST = 1 << 26  # values of one axis' matrix


def resize(
    x: Value,
    *,
    axes: Sequence[int],
    sizes: Sequence[int],
    scales: Sequence[float],
    mode: str = "nearest",
    coordinates: str = "half_pixel",
    rounding: str = "round_prefer_floor",
    cubic: float = -0.75,
    exclude_outside: bool = False,
    antialias: bool = False,
    window: Sequence[tuple[float, float]] | None = None,
    outside: float = 0.0,
) -> Value:
    """x with the given axes in other sizes.

    scales: how much larger each axis becomes, of which `sizes` may be a rounding.  mode: "nearest", "linear"
    or "cubic" (Keys 1981, with the parameter `cubic`).  coordinates: where in x a value of y lies, in ONNX's
    words: half_pixel (pixels are areas; PyTorch's align_corners=False), align_corners (the first and last lie
    on each other), asymmetric (y / scale), and others.  exclude_outside: the border does not count, instead
    of counting again; antialias: the kernel is as wide as a step where the picture shrinks.  window,
    tf_crop_and_resize: the part of each axis to show, 0 to 1; beyond x, `outside`.
    """
    for i, (axis, size, scale) in enumerate(zip(axes, sizes, scales)):
        axis = axis % x.ndim
        n = x.shape[axis]
        if size == n and scale == 1 and window is None:
            continue
        at = _places(n, size, float(scale), coordinates, None if window is None else window[i])
        lost = (at < 0) | (at > n - 1) if coordinates == "tf_crop_and_resize" else np.zeros(size, bool)
        if mode == "nearest":
            index = np.clip(_rounded(at, rounding), 0, n - 1).astype(np.int64)
            x = _with_outside(_taken(x, index, axis), lost, axis, outside)
            continue
        if size * n > LARGEST:
            raise WeightsError(f"a resize of {n} to {size} values needs a matrix of {size * n:,} numbers")
        M = _matrix(at, n, float(scale), mode, cubic, exclude_outside, antialias)
        M[lost] = 0
        x = x if isinstance(x, Tensor) or x.dtype.kind == "f" else x.astype(np.float64)
        x = _with_outside(Along(M, axis)(x), lost, axis, outside)
    return x


def _places(n, size, scale, coordinates, window):
    """Where in x each value of y lies, (size,): 0 is the middle of the first value."""
    y, exact = np.arange(size, dtype=np.float64), scale * n
    match coordinates:
        case "align_corners":
            return y * (n - 1) / (exact - 1) if exact != 1 else 0 * y
        case "asymmetric":
            return y / scale
        case "half_pixel":
            return (y + 0.5) / scale - 0.5
        case "pytorch_half_pixel":
            return (y + 0.5) / scale - 0.5 if exact != 1 else 0 * y - 0.5
        case "half_pixel_symmetric":
            return n / 2 * (1 - size / exact) + (y + 0.5) / scale - 0.5
        case "tf_half_pixel_for_nn":
            return (y + 0.5) / scale
        case "tf_crop_and_resize" if window is not None:
            start, end = window
            span = (end - start) * (n - 1)
            return start * (n - 1) + (y * span / (exact - 1) if exact != 1 else 0 * y + span / 2)
    raise WeightsError(f"a resize with coordinates '{coordinates}' is not known")


def _rounded(at, rounding):
    match rounding:
        case "floor" | "":
            return np.floor(at)
        case "ceil":
            return np.ceil(at)
        case "round_prefer_floor":
            return np.ceil(at - 0.5)
        case "round_prefer_ceil":
            return np.floor(at + 0.5)
    raise WeightsError(f"the nearest by '{rounding}' is not known")


def _matrix(at, n, scale, mode, a, exclude_outside, antialias):
    """M (size, n): how much each value of x counts for each of y."""
    shrink = min(scale, 1.0) if antialias else 1.0
    reach = {"linear": 1, "cubic": 2}.get(mode)
    if reach is None:
        raise WeightsError(f"a resize by '{mode}' is not known; it is nearest, linear or cubic")
    first = math.floor(-reach / shrink) + 1
    steps = np.arange(first, reach + 1 - first - (reach - 1))
    start = np.ceil(at).astype(np.int64) - 1  # the place before, also of a whole number
    index = start[:, None] + steps
    distance = abs(index - at[:, None]) * shrink
    weights = np.maximum(1 - distance, 0) if mode == "linear" else _keys(distance, a)
    if exclude_outside:
        weights = np.where((index < 0) | (index >= n), 0, weights)
    if antialias or exclude_outside:
        weights = weights / weights.sum(axis=1, keepdims=True)
    M = np.zeros((len(at), n))
    np.add.at(M, (np.arange(len(at))[:, None], np.clip(index, 0, n - 1)), weights)
    return M


def _keys(d, a):
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0))


def _taken(x, index, axis):
    return Take(index, axis)(x) if isinstance(x, Tensor) else np.take(x, index, axis)


def _with_outside(x, lost, axis, outside):
    if not lost.any():
        return x
    shape = [-1 if i == axis else 1 for i in range(x.ndim)]
    inside = np.asarray(~lost).reshape(shape)
    if isinstance(x, Tensor):
        return Add()(Mul()(x, inside.astype(x.dtype)), (outside * ~inside).astype(x.dtype))
    return np.where(inside, x, outside).astype(x.dtype)


OPERATORS = (Operator("resize", resize, onnx=("Resize", "Upsample")),)
