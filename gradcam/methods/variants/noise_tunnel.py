"""Any method over many noisy copies of a picture: the mean of its maps, of their squares, or their variance.

    M_k = M(x + sigma noise_k),  k = 1 ... n,  sigma = noise (max x - min x)

Captum calls the three a noise tunnel.  `smoothgrad_gradient` is SmoothGrad itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradcam.method import Context, Method
from gradcam.methods.batching import batch_size, in_batches
from gradcam.methods.variants.variant import Variant
from minicnn.device import moved


def mean(method: Method, context: Context, **options: Any) -> np.ndarray:
    """1/n sum_k M_k (Smilkov et al. 2017, sec. 2.1)"""
    return _mean(noisy(method, context, **options))


def mean_square(method: Method, context: Context, **options: Any) -> np.ndarray:
    """1/n sum_k M_k^2 (SmoothGrad-Squared, Hooker et al. 2019)"""
    return _mean(map * map for map in noisy(method, context, **options))


def variance(method: Method, context: Context, **options: Any) -> np.ndarray:
    """1/n sum_k (M_k - mean M)^2 (VarGrad, Adebayo et al. 2018)"""
    centre, spread, n = 0.0, 0.0, 0
    for n, map in enumerate(noisy(method, context, **options), 1):  # Welford 1962: no difference of squares
        step = map - centre
        centre = centre + step / n
        spread = spread + step * (map - centre)
    return spread / n


def noisy(
    method: Method,
    context: Context,
    n: int = 50,
    noise: float = 0.15,
    random_seed: int = 0,
    batch: int | None = None,
    **options: Any,
) -> Iterator[np.ndarray]:
    """Yield M_k, n maps of the method; the noise is that of `smoothgrad`.  options: the method's own."""
    x = context.x.data
    axes = tuple(range(1, x.ndim))
    sigma = noise * (x.max(axis=axes, keepdims=True) - x.min(axis=axes, keepdims=True))
    random = np.random.default_rng(random_seed)
    for some in in_batches(n, batch or batch_size(x), method.title, context.progress):
        drawn = random.standard_normal((some.stop - some.start, 1, *x.shape[1:])).astype(x.dtype)
        pictures = x + sigma * moved(drawn, x)
        maps = method.map(context.elsewhere(method, x=pictures.reshape(-1, *x.shape[1:])), **options)
        yield from maps.reshape(len(pictures), len(x), *maps.shape[1:])


def _mean(maps):
    total, n = 0.0, 0
    for map in maps:
        total, n = total + map, n + 1
    return total / n


COST = "50 times the method's"
VARIANTS = (
    Variant(
        "smoothgrad", "{}, SmoothGrad", "Smilkov et al. 2017", "the mean of a method's maps over noise",
        "1/n sum_k M(x + noise_k)", mean, COST, passes=True,
    ),
    Variant(
        "smoothgrad_sq", "{}, SmoothGrad-Squared", "Hooker et al. 2019",
        "the mean square of a method's maps over noise", "1/n sum_k M(x + noise_k)^2", mean_square, COST,
        passes=True,
    ),
    Variant(
        "vargrad", "{}, VarGrad", "Adebayo et al. 2018", "how much noise changes a method's map",
        "1/n sum_k (M(x + noise_k) - mean M)^2", variance, COST, passes=True,
    ),
)  # fmt: skip
