"""Layers of several inputs."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from weights.errors import WeightsError
from weights.graphs.keras.building import Call, Value


def _merge(op):
    def merge(layer: Call, xs: Sequence[Value]) -> Value:
        """Inputs with fewer axes get those that are missing behind the pictures."""
        return layer(op, *same_axes(layer, xs))

    return merge


def subtract(layer: Call, xs: Sequence[Value]) -> Value:
    a, b = xs
    return layer("Sub", *same_axes(layer, [a, b]))


def multiply(layer: Call, xs: Sequence[Value]) -> Value:
    return functools.reduce(lambda a, b: layer("Mul", a, b), same_axes(layer, xs))


def same_axes(layer: Call, xs: Sequence[Value]) -> list[Value]:
    """Values with as many axes as the one with most, in one order."""
    ndim = max(x.ndim for x in xs)
    full = []
    for x in xs:
        if x.ndim < ndim:
            axes = np.arange(1, 1 + ndim - x.ndim)
            x = layer("Unsqueeze", layer.as_keras(x), axes, ndim=ndim)
        full.append(x)
    return layer.alike(full)


def concatenate(layer: Call, xs: Sequence[Value]) -> Value:
    return joined(layer, xs, layer.get("axis", -1))


def joined(layer: Call, xs: Sequence[Value], axis: int) -> Value:
    xs = layer.alike(xs)
    return layer("Concat", *xs, axis=layer.axis(xs[0], axis))


def dot(layer: Call, xs: Sequence[Value]) -> Value:
    """Sums over an axis of each, (N, ..., D) (N, D, ...) -> (N, ..., ...); of two vectors (N, 1)."""
    a, b = (layer.as_keras(x) for x in xs)
    axes = layer.get("axes")
    i, j = (axes, axes) if isinstance(axes, int) else axes
    i, j = i % a.ndim, j % b.ndim
    if 0 in (i, j) or max(a.ndim, b.ndim) > 3:
        raise WeightsError("a dot product of these axes is not supported")
    if layer.get("normalize", False):
        a, b = (layer("LpNormalization", v, axis=n, p=2) for v, n in ((a, i), (b, j)))
    left, right = ["n", "a", "b"][: a.ndim], ["n", "c", "d"][: b.ndim]
    left[i] = right[j] = "k"
    out = [c for c in left + right[1:] if c != "k"]
    y = layer("Einsum", a, b, ndim=len(out), equation=f"{''.join(left)},{''.join(right)}->{''.join(out)}")
    return y if len(out) > 1 else layer("Unsqueeze", y, np.asarray([1]), ndim=2)


def scaled_sum(layer: Call, xs: Sequence[Value]) -> Value:
    """Inception-ResNet's: a + scale b."""
    a, b = same_axes(layer, xs)
    return layer("Add", a, layer("Rescaling", b, scale=float(layer.get("scale", 1.0)), offset=0.0))


LAYERS = {
    "Add": _merge("Sum"), "Average": _merge("Mean"), "Maximum": _merge("Max"), "Minimum": _merge("Min"),
    "Multiply": multiply, "Subtract": subtract, "Concatenate": concatenate, "Dot": dot,
    "CustomScaleLayer": scaled_sum,
}  # fmt: skip
