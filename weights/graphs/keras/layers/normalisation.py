"""Normalisation, in eval mode, and scaling."""

from __future__ import annotations

import numpy as np

from weights.errors import WeightsError
from weights.graphs.keras.building import Call, Value


def batch_norm(layer: Call, x: Value) -> Value:
    axis = _one(layer.get("axis", (layer.get("mode") and -1) or -1))
    scale, centre = layer.get("scale", True), layer.get("center", True)
    arrays = layer.arrays(least=2 + bool(scale) + bool(centre))
    gamma = arrays.pop(0) if scale else np.ones_like(arrays[0])
    beta = arrays.pop(0) if centre else np.zeros_like(arrays[0])
    if axis % x.ndim == x.ndim - 1:
        x = layer.in_front(x)
    elif axis % x.ndim == 1:
        x = layer.as_keras(x)
    else:
        raise WeightsError(f"batchnorm along axis {axis} is not supported")
    epsilon = np.float64(layer.get("epsilon", 1e-3))
    return layer("BatchNormalization", x, gamma, beta, *arrays[:2], epsilon=epsilon)


def layer_norm(layer: Call, x: Value) -> Value:
    """Over the last axes; with its gamma and beta in their shape."""
    if layer.get("rms_scaling", False):
        raise WeightsError("layer normalisation by rms_scaling is not supported")
    x = layer.as_keras(x)
    return layer("LayerNormalization", x, *_scaled(layer), **_from_axis(layer, x, 1e-3))


def rms_norm(layer: Call, x: Value) -> Value:
    x = layer.as_keras(x)
    return layer("RMSNormalization", x, *layer.arrays(least=1)[:1], **_from_axis(layer, x, 1e-6))


def group_norm(layer: Call, x: Value) -> Value:
    axis = _one(layer.get("axis", -1)) % x.ndim
    if axis not in (1, x.ndim - 1):
        raise WeightsError(f"group normalisation along axis {axis} is not supported")
    x = layer.in_front(x) if axis == x.ndim - 1 else layer.as_keras(x)
    gamma, beta = _scaled(layer)
    groups = int(layer.get("groups", 32))
    epsilon = np.float64(layer.get("epsilon", 1e-3))
    some = gamma if gamma is not None else beta
    if some is None:
        if groups != 1:
            raise WeightsError("group normalisation without scale and centre is not supported")
        return layer("LayerNormalization", x, axis=1, epsilon=epsilon)
    groups = len(some) if groups == -1 else groups
    gamma = np.ones_like(some) if gamma is None else gamma
    beta = np.zeros_like(some) if beta is None else beta
    return layer("GroupNormalization", x, gamma, beta, num_groups=groups, epsilon=epsilon)


def unit_norm(layer: Call, x: Value) -> Value:
    """x / |x|"""
    return layer("LpNormalization", x, axis=layer.axis(x, _one(layer.get("axis", -1))), p=2)


def layer_scale(layer: Call, x: Value) -> Value:
    """ConvNeXt's: a factor for each channel (Touvron et al. 2021)."""
    (gamma,) = layer.arrays(least=1)[:1]
    return layer("Mul", x, np.asarray(layer.spread(gamma, x), gamma.dtype))


def rescaling(layer: Call, x: Value) -> Value:
    scale, offset = layer.get("scale", 1.0), layer.get("offset", 0.0)
    if layer.channels_first or layer.building.channels_first:
        scale, offset = (np.reshape(v, (-1, 1, 1)) if np.ndim(v) else v for v in (scale, offset))
    return layer("Rescaling", x, scale=layer.spread(scale, x), offset=layer.spread(offset, x))


def normalization(layer: Call, x: Value) -> Value:
    """(x - mean) / deviation, both learned from data, or set."""
    mean, variance = layer.get("mean"), layer.get("variance")
    if mean is None or variance is None:
        mean, variance = layer.arrays(least=2)[:2]
    mean, variance = np.asarray(mean, np.float64), np.asarray(variance, np.float64)
    axis = layer.config.get("axis", -1)
    if mean.ndim == 1 and mean.size > 1 and axis not in (-1, [-1], x.ndim - 1, [x.ndim - 1]):
        place = _one(axis) % x.ndim
        mean, variance = (
            v.reshape([-1 if i == place else 1 for i in range(x.ndim)]) for v in (mean, variance)
        )
    deviation = np.maximum(np.sqrt(variance), 1e-7)
    if layer.get("invert", False):
        scale, offset = deviation, mean
    else:
        scale, offset = 1 / deviation, -mean / deviation
    return layer("Rescaling", x, scale=layer.spread(scale, x), offset=layer.spread(offset, x))


def _scaled(layer):
    """gamma, beta, or None."""
    scale, centre = layer.get("scale", True), layer.get("center", True)
    arrays = layer.arrays(least=bool(scale) + bool(centre))
    return arrays.pop(0) if scale else None, arrays.pop(0) if centre else None


def _from_axis(layer, x, epsilon):
    axes = layer.get("axis", -1)
    axes = sorted(int(a) % x.ndim for a in (axes if isinstance(axes, list) else [axes]))
    if axes != [*range(axes[0], x.ndim)]:
        raise WeightsError(
            f"normalisation over axes {axes} of {x.ndim}, which are not the last, is not supported"
        )
    return {"axis": axes[0], "epsilon": np.float64(layer.get("epsilon", epsilon))}


def _one(axis):
    if isinstance(axis, (list, tuple)):
        if len(axis) != 1:
            raise WeightsError(f"normalisation along several axes, {str(axis)[:80]}, is not supported")
        axis = axis[0]
    return int(axis)


LAYERS = {
    "BatchNormalization": batch_norm, "SyncBatchNormalization": batch_norm,
    "LayerNormalization": layer_norm, "RMSNormalization": rms_norm, "GroupNormalization": group_norm,
    "UnitNormalization": unit_norm, "LayerScale": layer_scale, "Rescaling": rescaling,
    "Normalization": normalization,
}  # fmt: skip
