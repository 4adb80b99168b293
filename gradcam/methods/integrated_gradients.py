"""Lessons 7 and 21."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import Method
from gradcam.methods.batching import batch_size, gradients, in_batches, numbers
from minicnn import GraphError, Tensor

RULES = ("gauss", "right", "midpoint")


def integrated_gradients(
    net: Any,
    x: Tensor | np.ndarray,
    c: Any,
    baseline: Any = 0.0,
    steps: int = 50,
    rule: str = "gauss",
    start: str = "score",
    batch: int | None = None,
    progress: bool = False,
) -> np.ndarray:
    """Integrated Gradients (Sundararajan et al. 2017, eqs. 1 and 3):  (x - x') * integral over a from 0 to 1
    of dy_c/dx at x' + a (x - x').

    net: maps a tensor (N, C, H, W) to scores (N, classes); x: input (N, C, H, W); c: class, or N of them ->
    (N, C, H, W). baseline: x', after preprocessing: 0 is the mean colour; a number, or an array that
    broadcasts to x.  steps: places in between, one forward and one backward pass each.  rule: how they are
    chosen: "gauss" (Gauss-Legendre), "right" (eq. 3: a = 1/m, 2/m, ..., 1) or "midpoint".  Completeness
    (proposition 1): the map adds up to y_c(x) - y_c(x'); `completeness_error` says how nearly.
    """
    x = x.data if isinstance(x, Tensor) else x
    towards = x - np.broadcast_to(np.asarray(baseline, x.dtype, like=x), x.shape)
    places, weights = (v.astype(x.dtype) for v in quadrature(steps, rule))
    total = np.zeros_like(x)
    for some in in_batches(steps, batch or batch_size(x), "Integrated Gradients", progress):
        g = gradients(net, np.stack([x - float(1 - a) * towards for a in places[some]]), c, start)
        total += sum(float(w) * gi for w, gi in zip(weights[some], g))
    return towards * total


def quadrature(steps: int, rule: str = "gauss") -> tuple[np.ndarray, np.ndarray]:
    """-> (places in 0 to 1, weights that add up to 1), arrays (steps,)"""
    if rule == "gauss":
        places, weights = np.polynomial.legendre.leggauss(steps)
        return (1 + places) / 2, weights / 2
    if rule not in RULES:
        raise GraphError(f"rule is one of {', '.join(RULES)}, not '{rule}'")
    return (np.arange(steps) + (1 if rule == "right" else 0.5)) / steps, np.full(steps, 1 / steps)


def completeness_error(net: Any, x: np.ndarray, c: Any, map: np.ndarray, baseline: Any = 0.0) -> np.ndarray:
    """|sum of the map - (y_c(x) - y_c(x'))| / |y_c(x) - y_c(x')| -> (N,)"""
    ends = np.stack([x, np.broadcast_to(np.asarray(baseline, x.dtype, like=x), x.shape)])
    at_x, at_baseline = numbers(net, ends, c)
    return abs(map.sum(axis=tuple(range(1, map.ndim))) - (at_x - at_baseline)) / abs(at_x - at_baseline)


METHOD = Method(
    "integrated_gradients", "Integrated Gradients", "Sundararajan et al. 2017",
    "the gradient, averaged from grey to the picture",
    lambda it, **options: integrated_gradients(it.net, it.x, it.target, progress=it.progress, **options),
    cost="1 + 50 forward, 50 backward", spellings=("integratedgradients",), many_passes=True,
    equation="x / 8 sum_k dy_c/dx at x (k + 1/2) / 8, k = 0 ... 7",
    peers={"captum": "IntegratedGradients"},
)  # fmt: skip
