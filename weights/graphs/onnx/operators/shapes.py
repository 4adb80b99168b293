"""Shapes, parts, borders and sizes, as ONNX says them."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import Slice
from weights.errors import WeightsError
from weights.graphs.onnx.operators.values import Ints, Value
from weights.graphs.operators import resizing, sampling
from weights.graphs.operators import shapes as build
from weights.graphs.operators.values import ints


def reshape(x: Value, *, shape: Ints, allowzero: int = 0) -> Value:
    """0 keeps a size, -1 is worked out."""
    sizes = ints(shape)
    if not allowzero:
        sizes = [x.shape[i] if n == 0 else n for i, n in enumerate(sizes)]
    return build.reshape(x, shape=sizes)


def slice_of(
    x: Value, *, starts: Ints, ends: Ints, axes: Ints | None = None, steps: Ints | None = None
) -> Value:
    starts, ends = ints(starts), ints(ends)
    axes = range(len(starts)) if axes is None else ints(axes)
    steps = [1] * len(starts) if steps is None else ints(steps)
    index = [slice(None)] * x.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps):
        n = x.shape[axis]
        if step < 0 and end < -n:
            end = None  # before the first value, where Python would count from the end
        index[axis] = slice(start, end, step)
    return Slice(*index)(x)


def split(
    x: Value,
    sizes: Value | None = None,
    *,
    axis: int = 0,
    split: Ints | None = None,
    num_outputs: int | None = None,
    outputs: int = 0,
) -> tuple[Value, ...]:
    """By sizes, or into equal parts, of which the last may be smaller."""
    split = sizes if sizes is not None else split
    if split is None:
        if num_outputs is not None and outputs and num_outputs != outputs:
            raise WeightsError(f"it has {outputs} outputs, and is to split into {num_outputs}")
        n, parts = x.shape[axis], num_outputs or outputs
        each = -(-n // parts)
        split = [max(0, min(each, n - i * each)) for i in range(parts)]
    return build.split(x, sizes=split, axis=axis)


def pad(
    x: Value,
    *,
    pads: Ints,
    constant_value: float | None = None,
    axes: Ints | None = None,
    mode: str = "constant",
    value: float = 0.0,
) -> Value:
    pads = ints(pads)
    axes = [a % x.ndim for a in (range(x.ndim) if axes is None else ints(axes))]
    widths = [(0, 0)] * x.ndim
    for axis, before, after in zip(axes, pads[: len(axes)], pads[len(axes) :]):
        widths[axis] = (before, after)
    fill = value if constant_value is None else np.reshape(constant_value, ()).item()
    return build.pad(x, widths=widths, mode=mode, value=fill)


def resize(
    x: Value,
    *,
    roi: Any = None,
    scales: Any = None,
    sizes: Any = None,
    antialias: int = 0,
    axes: Ints | None = None,
    coordinate_transformation_mode: str | None = None,
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str | None = None,
    opset: int = 13,
) -> Value:
    """Before version 11, and as Upsample, the second input is `scales`, and coordinates are asymmetric."""
    if opset < 11:
        scales, roi = (roi if scales is None else scales), None
    coordinates = coordinate_transformation_mode or ("half_pixel" if opset >= 11 else "asymmetric")
    axes = range(x.ndim) if axes is None else [a % x.ndim for a in ints(axes)]
    if scales is not None and np.size(scales):
        scales = [float(s) for s in np.asarray(scales).reshape(-1)]
        sizes = [int(np.floor(x.shape[a] * s)) for a, s in zip(axes, scales)]
    elif sizes is not None and np.size(sizes):
        sizes = ints(sizes)
        scales = [size / x.shape[a] for a, size in zip(axes, sizes)]
        if keep_aspect_ratio_policy != "stretch":
            one = (min if keep_aspect_ratio_policy == "not_larger" else max)(scales)
            scales = [one] * len(scales)
            sizes = [int(one * x.shape[a] + 0.5) for a in axes]
    else:
        raise WeightsError("a resize needs scales or sizes")
    window = None
    if coordinates == "tf_crop_and_resize":
        ends = np.asarray(roi, np.float64).reshape(2, -1).T
        window = [(float(start), float(end)) for start, end in ends]
    rounding = nearest_mode or ("round_prefer_floor" if opset >= 11 else "floor")
    y = resizing.resize(
        x, axes=axes, sizes=sizes, scales=scales, mode=mode, coordinates=coordinates, rounding=rounding,
        cubic=float(cubic_coeff_a), exclude_outside=bool(exclude_outside), antialias=bool(antialias),
        window=window, outside=float(extrapolation_value),
    )  # fmt: skip
    return y if y.dtype == x.dtype else y.astype(x.dtype)


def upsample(x: Value, *, scales: Any, mode: str = "nearest") -> Value:
    return resize(x, scales=scales, mode="linear" if mode == "bilinear" else mode, opset=10)


def trilu(x: Value, *, k: Any = 0, upper: int = 1) -> Value:
    return build.triangle(x, k=k, upper=upper)


def grid_sample(
    x: Value, grid: Value, *, align_corners: int = 0, mode: str = "linear", padding_mode: str = "zeros"
) -> Value:
    mode = "linear" if mode == "bilinear" else mode
    return sampling.grid_sample(x, grid, mode=mode, border=padding_mode, align_corners=bool(align_corners))


OPERATORS = {
    "Reshape": reshape, "Slice": slice_of, "Split": split, "Pad": pad,
    "Resize": resize, "Upsample": upsample, "Trilu": trilu,
    "GridSample": grid_sample,
}  # fmt: skip
