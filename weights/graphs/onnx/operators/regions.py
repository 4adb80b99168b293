"""Places that are told: unpooling, regions, deformed windows."""

from __future__ import annotations

import numpy as np

from weights.errors import WeightsError
from weights.graphs.onnx.operators.padding import paddings
from weights.graphs.onnx.operators.values import Ints, Value
from weights.graphs.operators import sampling, scattering
from weights.graphs.operators.values import ints, number


def max_unpool(
    x: Value,
    places: Value,
    output_shape: np.ndarray | None = None,
    *,
    kernel_shape: Ints,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Value:
    """Each value to the place that MaxPool named, counted through the pictures before it; zeros elsewhere."""
    n = len(kernel_shape)
    strides, pads = strides or [1] * n, pads or [0] * 2 * n
    sizes = [
        (m - 1) * s + k - a - b
        for m, s, k, a, b in zip(x.shape[2:], strides, kernel_shape, pads[:n], pads[n:])
    ]
    places = number(places, "where the values belong")
    y = scattering.write_at(np.zeros((*x.shape[:2], *sizes), x.dtype), x, places)
    if output_shape is None:
        return y
    shape = ints(number(output_shape, "how large the output is"))
    places = np.ravel_multi_index(np.unravel_index(places, y.shape), shape)
    return scattering.write_at(np.zeros(shape, x.dtype), x, places)


def roi_align(
    x: Value,
    boxes: Value,
    picture: Value,
    *,
    coordinate_transformation_mode: str | None = None,
    mode: str = "avg",
    output_height: int = 1,
    output_width: int = 1,
    sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
    opset: int = 16,
) -> Value:
    if mode != "avg":
        raise WeightsError("regions are aligned by means, not by maxima")
    middle = (coordinate_transformation_mode or ("half_pixel" if opset >= 16 else "")) == "half_pixel"
    return sampling.roi_align(
        x, boxes, picture, size=(output_height, output_width), samples=sampling_ratio,
        scale=float(spatial_scale), middle=middle,
    )  # fmt: skip


def deform_conv(
    x: Value,
    W: Value,
    offset: Value,
    b: Value | None = None,
    mask: Value | None = None,
    *,
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    offset_group: int = 1,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Value:
    strides, dilations = strides or [1, 1], dilations or [1, 1]
    pad = paddings(x.shape[2:], W.shape[2:], strides, dilations, pads, "NOTSET")
    return sampling.deformed_conv(
        x, W, offset, b, mask, stride=strides, pad=pad, dilation=dilations, groups=group,
        offset_groups=offset_group,
    )  # fmt: skip


OPERATORS = {"MaxUnpool": max_unpool, "RoiAlign": roi_align, "DeformConv": deform_conv}
