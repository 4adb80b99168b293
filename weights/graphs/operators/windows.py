"""Convolutions and pools, over one axis, two or three."""

from __future__ import annotations

import itertools

import numpy as np

from minicnn import Along, AvgPool, Conv, ConvTranspose, GlobalAvgPool, LpPool, MaxPool, Norm, Reshape, Take
from minicnn.convolution import Geometry
from minicnn.windows import Pair, Sides
from weights.errors import WeightsError
from weights.graphs.operators.operator import Operator
from weights.graphs.operators.reductions import largest, mean
from weights.graphs.operators.values import Ints, Value, ints


def conv(
    x: Value,
    W: Value,
    b: Value | None = None,
    *,
    stride: Pair = 1,
    pad: Sides = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Value:
    op = Conv(stride, pad, dilation, groups)
    return op(x, W) if b is None else op(x, W, b)


def conv_transpose(
    x: Value,
    W: Value,
    b: Value | None = None,
    *,
    stride: Pair = 1,
    pad: Sides = 0,
    dilation: Pair = 1,
    groups: int = 1,
    output_pad: Pair = 0,
) -> Value:
    op = ConvTranspose(stride, pad, dilation, groups, output_pad)
    return op(x, W) if b is None else op(x, W, b)


def max_pool(
    x: Value, *, kernel: Ints, stride: Pair = 1, pad: Sides = 0, dilation: Pair = 1, ceil: bool = False
) -> Value:
    _check(x, kernel)
    pool = MaxPool(tuple(kernel), stride, pad, ceil, dilation)
    return pool(x) if x.dtype.kind == "f" else pool(x.astype(np.float64)).astype(x.dtype)


def average_pool(
    x: Value,
    *,
    kernel: Ints,
    stride: Pair = 1,
    pad: Sides = 0,
    dilation: Pair = 1,
    ceil: bool = False,
    count_padding: bool = True,
    divisor: float | None = None,
) -> Value:
    _check(x, kernel)
    return AvgPool(tuple(kernel), stride, pad, ceil, count_padding, dilation, divisor)(x)


def lp_pool(
    x: Value,
    *,
    kernel: Ints,
    p: float = 2,
    stride: Pair = 1,
    pad: Sides = 0,
    dilation: Pair = 1,
    ceil: bool = False,
) -> Value:
    _check(x, kernel)
    return LpPool(p, tuple(kernel), stride, pad, ceil, dilation)(x)


def global_average_pool(x: Value) -> Value:
    """(N, C, H, W) -> (N, C, 1, 1)"""
    if x.ndim == 4:
        return Reshape((*x.shape[:2], 1, 1))(GlobalAvgPool()(x))
    return mean(x, axes=range(2, x.ndim), keepdims=True)


def global_max_pool(x: Value) -> Value:
    """(N, C, H, W) -> (N, C, 1, 1)"""
    if x.ndim == 2:
        return x
    if x.dtype.kind != "f":
        return largest(x, axes=range(2, x.ndim))
    return MaxPool(tuple(x.shape[2:]))(x)


def global_lp_pool(x: Value, *, p: int = 2) -> Value:
    return Norm(p, tuple(range(2, x.ndim)), keepdims=True)(x)


def adaptive_average_pool(x: Value, *, size: Ints) -> Value:
    """The mean of each of (h, w) windows that share the picture out; window i of N takes the values floor(i
    n/N) to ceil((i+1) n/N) - 1 of n, as PyTorch has it."""
    sizes = ints(size)
    if all(n == 1 for n in sizes):
        return mean(x, axes=range(x.ndim - len(sizes), x.ndim), keepdims=True)
    for axis, N in enumerate(sizes, x.ndim - len(sizes)):
        n = x.shape[axis]
        M = np.zeros((N, n))
        for i, (first, end) in enumerate(_shares(n, N)):
            M[i, first:end] = 1 / (end - first)
        x = x if n == N else Along(M, axis)(x)
    return x


def adaptive_max_pool(x: Value, *, size: Ints) -> Value:
    """The maximum of each of (h, w) windows that share the picture out, as adaptive_average_pool has them.

    Each is laid out with as many values as the largest has, its last one again where it is smaller: the first
    of equals gets the signal, so a copy never does.
    """
    sizes = ints(size)
    kernel = []
    for axis, N in enumerate(sizes, x.ndim - len(sizes)):
        shares = _shares(x.shape[axis], N)
        longest = max(end - first for first, end in shares)
        places = [[min(first + i, end - 1) for i in range(longest)] for first, end in shares]
        x = Take(list(itertools.chain(*places)), axis)(x)
        kernel.append(longest)
    return MaxPool(tuple(kernel))(x)


def windows_apart(x: Value, *, kernel: Ints, stride: Pair = 1, pad: Sides = 0, dilation: Pair = 1) -> Value:
    """Every window as a column (im2col): x (N, C, H, W) -> (N, C kh kw, windows); a convolution by ones."""
    W = _one_hot(x, x.shape[1], kernel)
    y = Conv(stride, pad, dilation, x.shape[1])(x, W)
    return Reshape((*y.shape[:2], int(np.prod(y.shape[2:]))))(y)


def windows_together(
    x: Value, *, size: Ints, kernel: Ints, stride: Pair = 1, pad: Sides = 0, dilation: Pair = 1
) -> Value:
    """The sum of windows that overlap (col2im): x (N, C kh kw, windows) -> (N, C, H, W) of this size."""
    size, kernel = ints(size), ints(kernel)
    geometry = Geometry(stride, pad, dilation, axes=len(kernel))
    counts = geometry.windows(size, kernel)
    extra = [
        n + sum(p) - d * (k - 1) - 1 - (c - 1) * s
        for n, k, p, s, d, c in zip(size, kernel, geometry.pad, geometry.stride, geometry.dilation, counts)
    ]
    if np.prod(counts) != x.shape[2] or x.shape[1] % int(np.prod(kernel)):
        raise WeightsError(
            f"{tuple(x.shape)} are not the windows of {tuple(kernel)} of pictures {tuple(size)}"
        )
    C = x.shape[1] // int(np.prod(kernel))
    op = ConvTranspose(stride, geometry.pad, dilation, C, tuple(extra))
    return op(Reshape((*x.shape[:2], *counts))(x), _one_hot(x, C, kernel))


def _one_hot(x, C, kernel):
    """(C kh kw, 1, kh, kw): filter i of a channel shows pixel i of a window."""
    n = int(np.prod(kernel))
    return np.tile(np.eye(n, dtype=x.dtype), (C, 1)).reshape(C * n, 1, *kernel)


def _shares(n, N):
    return [(i * n // N, -(-(i + 1) * n // N)) for i in range(N)]


def _check(x, kernel):
    if x.ndim != len(kernel) + 2:
        raise WeightsError(
            f"windows of {tuple(kernel)} need {len(kernel)} axes of pixels, not {tuple(x.shape)}"
        )


OPERATORS = (
    Operator("conv", conv, onnx=("Conv", "com.microsoft.FusedConv")),
    Operator("conv_transpose", conv_transpose, onnx="ConvTranspose"),
    Operator("max_pool", max_pool, onnx="MaxPool"),
    Operator("average_pool", average_pool, onnx="AveragePool"),
    Operator("lp_pool", lp_pool, onnx="LpPool"),
    Operator("global_average_pool", global_average_pool, onnx="GlobalAveragePool"),
    Operator("global_max_pool", global_max_pool, onnx="GlobalMaxPool"),
    Operator("global_lp_pool", global_lp_pool, onnx="GlobalLpPool"),
    Operator(
        "adaptive_average_pool",
        adaptive_average_pool,
        aten=("_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_avg_pool1d"),
    ),
    Operator("windows_apart", windows_apart),
    Operator("windows_together", windows_together, onnx="Col2Im"),
    Operator("adaptive_max_pool", adaptive_max_pool, aten=("adaptive_max_pool2d", "adaptive_max_pool3d")),
)
