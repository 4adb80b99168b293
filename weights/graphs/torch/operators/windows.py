"""Convolutions and pools over one axis, two or three, in ATen's arguments."""

from typing import Any

import minicnn as m
from weights.graphs.operators import windows as build
from weights.graphs.torch.operators.lacking import need


def convolution(
    x: Any,
    W: Any,
    b: Any = None,
    stride: Any = (1,),
    padding: Any = (0,),
    dilation: Any = (1,),
    transposed: Any = False,
    output_padding: Any = (0,),
    groups: Any = 1,
) -> Any:
    n = W.ndim - 2
    need(x.ndim == W.ndim, "a convolution of one picture without a batch")
    stride, padding, dilation, extra = (_each(v, n) for v in (stride, padding, dilation, output_padding))
    options = {"stride": stride, "pad": padding, "dilation": dilation, "groups": groups}
    if transposed:
        return build.conv_transpose(x, W, b, **options, output_pad=extra)
    return build.conv(x, W, b, **options)


def traced_convolution(*args: Any) -> Any:
    """As torch.jit.trace writes it, with four flags of cuDNN's behind."""
    return convolution(*args[:9])


def maxpool(
    x: Any, kernel: Any, stride: Any = (), padding: Any = (0,), dilation: Any = (1,), ceil: Any = False
) -> Any:
    return _pool(m.MaxPool, x, kernel, stride, padding, ceil=ceil, dilation=dilation)


def avgpool(
    x: Any,
    kernel: Any,
    stride: Any = (),
    padding: Any = (0,),
    ceil: Any = False,
    count_include_pad: Any = True,
    divisor: Any = None,
) -> Any:
    options = {"ceil": ceil, "count_padding": count_include_pad, "divisor": divisor}
    return _pool(m.AvgPool, x, kernel, stride, padding, **options)


def adaptive_average(x: Any, size: Any) -> Any:
    return _of_batch(lambda x: build.adaptive_average_pool(x, size=_sizes(x, size)), x, len(size))


def adaptive_max(x: Any, size: Any) -> Any:
    return _of_batch(lambda x: build.adaptive_max_pool(x, size=_sizes(x, size)), x, len(size))


def apart(x: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Any:
    """im2col"""
    need(x.ndim == 4, "windows of one picture without a batch")
    return build.windows_apart(
        x, kernel=kernel, stride=tuple(stride), pad=tuple(padding), dilation=tuple(dilation)
    )


def together(x: Any, size: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Any:
    """col2im"""
    need(x.ndim == 3, "windows of one picture without a batch")
    return build.windows_together(
        x, size=size, kernel=kernel, stride=tuple(stride), pad=tuple(padding), dilation=tuple(dilation)
    )


def _pool(kind, x, kernel, stride, padding, dilation=(1,), **options):
    n = len(kernel) if len(kernel) > 1 else x.ndim - 2
    kernel = _each(kernel, n)
    pool = kind(kernel, _each(stride or kernel, n), _each(padding, n), dilation=_each(dilation, n), **options)
    return _of_batch(pool, x, n)


def _of_batch(f, x, n):
    """f of (N, C, ...); what has no batch gets one."""
    if x.ndim == n + 2:
        return f(x)
    need(x.ndim == n + 1, "a pool of values without channels")
    y = f(m.Reshape((1, *x.shape))(x))
    return m.Reshape(y.shape[1:])(y)


def _each(v, n):
    return tuple(v) * n if len(v) == 1 else tuple(v)


def _sizes(x, size):
    return [own if n is None else n for n, own in zip(size, x.shape[-len(size) :])]


OPERATORS = {
    "convolution": convolution, "_convolution": traced_convolution,
    "max_pool2d_with_indices": maxpool, "max_pool3d_with_indices": maxpool,
    "avg_pool1d": avgpool, "avg_pool2d": avgpool, "avg_pool3d": avgpool,
    "_adaptive_avg_pool2d": adaptive_average, "_adaptive_avg_pool3d": adaptive_average,
    "im2col": apart, "col2im": together,
    "adaptive_max_pool2d": adaptive_max, "adaptive_max_pool3d": adaptive_max,
}  # fmt: skip
