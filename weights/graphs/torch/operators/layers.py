"""Operators with weights, and pools."""

import numpy as np

import minicnn as m
from weights.graphs.torch.operations import AdaptiveAvgPool
from weights.graphs.torch.operators.lacking import need


def convolution(
    x,
    W,
    b=None,
    stride=(1, 1),
    padding=(0, 0),
    dilation=(1, 1),
    transposed=False,
    output_padding=(0, 0),
    groups=1,
):
    need(not transposed, "a transposed convolution")
    need(x.ndim == 4 and len(stride) == 2, "a convolution that does not run over rows and columns")
    op = m.Conv(tuple(stride), tuple(padding), tuple(dilation), groups)
    return op(x, W) if b is None else op(x, W, b)


def traced_convolution(*args):
    """As torch.jit.trace writes it, with four flags of cuDNN's behind."""
    return convolution(*args[:9])


def addmm(b, x, Wt, *, beta=1, alpha=1):
    """beta b + alpha x Wt.  The usual case, a linear layer, becomes one."""
    need(beta == 1 and alpha == 1, "a product with factors")
    if _array(Wt) and _array(b) and b.ndim == 1:
        return m.Linear()(x, np.ascontiguousarray(Wt.T), b)
    return m.Add()(m.MatMul()(x, Wt), b)


def product(x, z):
    if _array(z) and z.ndim == 2 and x.ndim == 2:
        return m.Linear()(x, np.ascontiguousarray(z.T))
    return m.MatMul()(x, z)


def batchnorm(x, gamma, beta, mean, var, training, momentum, eps):
    """(N, C), or (N, C, ...) with any number of axes behind: as (N, C, H, 1)."""
    gamma = np.ones(x.shape[1], x.dtype) if gamma is None else gamma
    beta = np.zeros(x.shape[1], x.dtype) if beta is None else beta
    given = x if x.ndim in (2, 4) else m.Reshape((*x.shape[:2], -1, 1))(x)
    if training or mean is None:
        y = m.BatchNormTraining(eps)(given, gamma, beta)
    else:
        need(_array(mean) and _array(var), "running statistics that depend on the picture")
        y = m.BatchNorm(eps)(given, gamma, beta, mean, var)
    return y if x.ndim in (2, 4) else m.Reshape(x.shape)(y)


def batchnorm_in_eval(x, gamma, beta, mean, var, momentum, eps):
    return batchnorm(x, gamma, beta, mean, var, False, momentum, eps)


def batchnorm_legit(x, gamma, beta, *rest):
    """With running statistics, or without."""
    mean, var, training, momentum, eps = rest if len(rest) == 5 else (None, None, *rest)
    return batchnorm(x, gamma, beta, mean, var, training, momentum, eps)


def maxpool(x, kernel, stride=(), padding=(0, 0), dilation=(1, 1), ceil=False):
    need(x.ndim == 4, "a max-pool of one picture without a batch")
    need(set(dilation) == {1}, "a dilated max-pool")
    return m.MaxPool(_two(kernel), _two(stride or kernel), _two(padding), ceil)(x)


def avgpool(x, kernel, stride=(), padding=(0, 0), ceil=False, count_include_pad=True, divisor=None):
    need(x.ndim == 4, "an average pool of one picture without a batch")
    need(divisor is None, "an average pool with a divisor of its own")
    return m.AvgPool(_two(kernel), _two(stride or kernel), _two(padding), ceil, count_include_pad)(x)


def adaptive_average(x, size):
    return AdaptiveAvgPool(_two(size))(x)


def dropout(x, p, training):
    """In eval mode; what drops all the same is recorded as a product with what was drawn."""
    return x


def _two(v):
    return (v[0], v[0]) if len(v) == 1 else tuple(v)


def _array(z):
    return not isinstance(z, m.Tensor)


OPERATORS = {
    "convolution": convolution, "_convolution": traced_convolution, "addmm": addmm, "mm": product,
    "bmm": product, "native_batch_norm": batchnorm,
    "_native_batch_norm_legit_no_training": batchnorm_in_eval, "_native_batch_norm_legit": batchnorm_legit,
    "max_pool2d_with_indices": maxpool, "avg_pool2d": avgpool, "_adaptive_avg_pool2d": adaptive_average,
    "native_dropout": dropout,
}  # fmt: skip
