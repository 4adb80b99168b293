"""Convolutions and pools: ONNX's words for strides and borders."""

from __future__ import annotations

import functools
import itertools

import numpy as np

from minicnn import MaxPool
from weights.errors import WeightsError
from weights.graphs.onnx.operators.padding import paddings
from weights.graphs.onnx.operators.values import Ints, Value
from weights.graphs.operators import windows as build


def conv(
    x: Value,
    W: Value,
    b: Value | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Value:
    ones = [1] * (W.ndim - 2)
    strides, dilations = strides or ones, dilations or ones
    pad = paddings(x.shape[2:], W.shape[2:], strides, dilations, pads, auto_pad)
    return build.conv(x, W, b, stride=tuple(strides), pad=pad, dilation=tuple(dilations), groups=group)


def col2im(
    x: Value,
    *,
    image_shape: Ints,
    block_shape: Ints,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Value:
    n = len(block_shape)
    return build.windows_together(
        x, size=image_shape, kernel=block_shape, stride=tuple(strides or [1] * n),
        pad=tuple(zip(pads[:n], pads[n:])) if pads else 0, dilation=tuple(dilations or [1] * n),
    )  # fmt: skip


def conv_transpose(
    x: Value,
    W: Value,
    b: Value | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    output_padding: Ints | None = None,
    output_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Value:
    """output_shape, or auto_pad's x times stride, says how much of the border is left out."""
    n = W.ndim - 2
    strides, dilations, extra = strides or [1] * n, dilations or [1] * n, output_padding or [0] * n
    full = [
        (size - 1) * s + d * (k - 1) + 1 + o
        for size, s, d, k, o in zip(x.shape[2:], strides, dilations, W.shape[2:], extra)
    ]
    if auto_pad in ("SAME_UPPER", "SAME_LOWER") and output_shape is None:
        output_shape = [size * s for size, s in zip(x.shape[2:], strides)]
    if output_shape is None:
        pad = tuple(zip(pads[:n], pads[n:])) if pads and auto_pad in ("NOTSET", "") else ((0, 0),) * n
    else:
        left_out = [f - size for f, size in zip(full, output_shape[-n:])]
        # what is missing is added at the end, as far as a stride allows
        extra = [o + max(0, -left) for o, left in zip(extra, left_out)]
        small = [(max(0, left) // 2, max(0, left) - max(0, left) // 2) for left in left_out]
        pad = tuple(small if auto_pad == "SAME_UPPER" else [(late, early) for early, late in small])
    return build.conv_transpose(
        x,
        W,
        b,
        stride=tuple(strides),
        pad=pad,
        dilation=tuple(dilations),
        groups=group,
        output_pad=tuple(extra),
    )


def max_pool(
    x: Value,
    *,
    kernel_shape: Ints,
    strides: Ints | None = None,
    pads: Ints | None = None,
    dilations: Ints | None = None,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    storage_order: int = 0,
    outputs: int = 1,
) -> Value | tuple[Value, np.ndarray]:
    """-> y; and, if asked for, where each maximum stood, which no signal reaches."""
    window = _window(x, kernel_shape, strides, pads, dilations, auto_pad, ceil_mode)
    if outputs == 1:
        return build.max_pool(x, **window)
    op = MaxPool(**window)
    y = op(x) if x.dtype.kind == "f" else op(x.astype(np.float64)).astype(x.dtype)
    return y, _places(op, x.shape[:2], storage_order)


def _places(op, batch, columns_first):
    """Where each maximum stood, counted through all of x."""
    taps = np.asarray(list(itertools.product(*map(range, op.kernel))))[op.switches]
    at = []
    for axis, (s, d, (before, _), n) in enumerate(zip(op.stride, op.dilation, op.pad, op.windows)):
        shape = [-1 if i == axis else 1 for i in range(len(op.windows))]
        at.append(np.arange(n).reshape(shape) * s + taps[..., axis] * d - before)
    order = [*zip(at, op.size)][:: -1 if columns_first else 1]
    flat = functools.reduce(lambda total, axis: total * axis[1] + axis[0], order, 0)
    maps = np.arange(batch[0] * batch[1]).reshape(*batch, *[1] * len(op.windows))
    return (flat + maps * int(np.prod(op.size))).astype(np.int64)


def average_pool(
    x: Value,
    *,
    kernel_shape: Ints,
    strides: Ints | None = None,
    pads: Ints | None = None,
    dilations: Ints | None = None,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
) -> Value:
    window = _window(x, kernel_shape, strides, pads, dilations, auto_pad, ceil_mode)
    return build.average_pool(x, **window, count_padding=bool(count_include_pad))


def lp_pool(
    x: Value,
    *,
    kernel_shape: Ints,
    p: float = 2,
    strides: Ints | None = None,
    pads: Ints | None = None,
    dilations: Ints | None = None,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
) -> Value:
    return build.lp_pool(x, p=p, **_window(x, kernel_shape, strides, pads, dilations, auto_pad, ceil_mode))


def _window(x, kernel, strides, pads, dilations, auto_pad, ceil):
    if x.ndim != len(kernel) + 2:
        raise WeightsError(f"windows of {kernel} need {len(kernel)} axes of pixels; this is {tuple(x.shape)}")
    ones = [1] * len(kernel)
    strides, dilations = strides or ones, dilations or ones
    pad = paddings(x.shape[2:], kernel, strides, dilations, pads, auto_pad)
    return {
        "kernel": tuple(kernel),
        "stride": tuple(strides),
        "pad": pad,
        "dilation": tuple(dilations),
        "ceil": bool(ceil),
    }


OPERATORS = {
    "Conv": conv, "ConvTranspose": conv_transpose, "Col2Im": col2im,
    "MaxPool": max_pool, "AveragePool": average_pool,
    "LpPool": lp_pool,
}  # fmt: skip
