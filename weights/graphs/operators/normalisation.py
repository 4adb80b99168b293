"""Normalisation, over any axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minicnn import (
    Add,
    BatchNorm,
    BatchNormTraining,
    Div,
    LocalResponseNorm,
    Mul,
    Norm,
    Normalise,
    Reshape,
    Sqrt,
    Sub,
    Where,
)
from minicnn.graph import Tensor
from weights.errors import WeightsError
from weights.graphs.operators.operator import Operator
from weights.graphs.operators.values import Ints, Value, channels_like, in_steps, ints


def batch_norm(
    x: Value, gamma: Value, beta: Value, mean: Value, var: Value, *, epsilon: float = 1e-5
) -> Value:
    """In eval mode: mean and var are numbers, or were computed from the picture.

    x (N, C), (N, C, L), (N, C, H, W), (N, C, D, H, W)
    """
    if any(isinstance(v, Tensor) and v.op is not None for v in (mean, var)):
        mean, var, gamma, beta = (channels_like(v, x.ndim) for v in (mean, var, gamma, beta))
        root = Sqrt()(Add()(var, np.asarray(epsilon, x.dtype)))
        return scaled(Div()(Sub()(x, mean), root), gamma, beta)
    return BatchNorm(float(epsilon))(x, gamma, beta, mean, var)


def batch_norm_training(x: Value, gamma: Value, beta: Value, *, epsilon: float = 1e-5) -> Value:
    """In training mode: by the batch's own mean and variance."""
    return BatchNormTraining(float(epsilon))(x, gamma, beta)


def layer_norm(
    x: Value, gamma: Value | None = None, beta: Value | None = None, *, axis: int = -1, epsilon: float = 1e-5
) -> Value:
    """Over all axes from `axis` on (Ba et al. 2016)."""
    return scaled(Normalise(range(axis % x.ndim, x.ndim), float(epsilon))(x), gamma, beta)


def rms_norm(x: Value, gamma: Value | None = None, *, axis: int = -1, epsilon: float = 1e-5) -> Value:
    """By the root of the mean square of all axes from `axis` on (Zhang & Sennrich 2019)."""
    return scaled(Normalise(range(axis % x.ndim, x.ndim), float(epsilon), centre=False)(x), gamma)


def group_norm(
    x: Value, gamma: Value | None = None, beta: Value | None = None, *, groups: int, epsilon: float = 1e-5
) -> Value:
    """Over each group of channels and all pixels (Wu & He 2018).  gamma, beta: (C,), or one per group."""
    N, C = x.shape[:2]
    if C % groups:
        raise WeightsError(f"{C} channels are not {groups} groups")
    y = Normalise((-1,), float(epsilon))(Reshape((N, groups, -1))(x))
    if gamma is not None and gamma.shape[0] == groups != C:
        return Reshape(x.shape)(scaled(y, channels_like(gamma, 3), channels_like(beta, 3)))
    y = Reshape(x.shape)(y)
    return scaled(y, *(None if v is None else channels_like(v, x.ndim) for v in (gamma, beta)))


def instance_norm(
    x: Value, gamma: Value | None = None, beta: Value | None = None, *, epsilon: float = 1e-5
) -> Value:
    """Over the pixels of each channel (Ulyanov et al. 2016)."""
    y = Normalise(range(2, x.ndim), float(epsilon))(x)
    return scaled(y, *(None if v is None else channels_like(v, x.ndim) for v in (gamma, beta)))


def mean_variance(x: Value, *, axes: Ints = (0, 2, 3), epsilon: float = 0.0) -> Value:
    """To mean 0 and variance 1 over any axes; ONNX adds 1e-9 to the deviation, which counts on flat areas
    only."""
    return Normalise(ints(axes), float(epsilon))(x)


def lp_normalise(x: Value, *, axis: int = -1, p: int = 2) -> Value:
    """x / |x|_p along an axis, and 0 where that is 0."""
    length = Norm(p, axis, keepdims=True)(x)
    zero = in_steps(lambda n: n == 0, length)
    return Div()(
        x, Where()(zero, np.ones((), x.dtype), length) if isinstance(length, Tensor) else length + zero
    )


def local_response(
    x: Value, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0
) -> Value:
    if size % 2 == 0:
        raise WeightsError("local response normalisation over an even number of channels is not supported")
    if x.ndim == 4:
        return LocalResponseNorm(size, alpha, beta, bias)(x)
    flat = Reshape((*x.shape[:2], -1, 1))(x)
    return Reshape(x.shape)(LocalResponseNorm(size, alpha, beta, bias)(flat))


def scaled(y: Value, gamma: Value | None = None, beta: Value | None = None) -> Value:
    """gamma y + beta"""
    y = y if gamma is None else Mul()(y, gamma)
    return y if beta is None else Add()(y, beta)


def axes_from(axis: int, ndim: int) -> Sequence[int]:
    """axis, axis + 1, ..., the last"""
    return range(axis % ndim, ndim)


OPERATORS = (
    Operator("batch_norm", batch_norm, onnx="BatchNormalization"),
    Operator("batch_norm_training", batch_norm_training),
    Operator("layer_norm", layer_norm, onnx=("LayerNormalization", "com.microsoft.SkipLayerNormalization")),
    Operator("rms_norm", rms_norm, onnx="RMSNormalization"),
    Operator("group_norm", group_norm, onnx="GroupNormalization"),
    Operator("instance_norm", instance_norm, onnx="InstanceNormalization"),
    Operator("mean_variance", mean_variance, onnx="MeanVarianceNormalization"),
    Operator("lp_normalise", lp_normalise, onnx="LpNormalization"),
    Operator("local_response", local_response, onnx="LRN"),
)
