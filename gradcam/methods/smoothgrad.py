"""Lesson 21."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import Method
from gradcam.methods.batching import batch_size, gradients, in_batches
from minicnn import Tensor
from minicnn.device import moved


def smoothgrad(
    net: Any,
    x: Tensor | np.ndarray,
    c: Any,
    n: int = 50,
    noise: float = 0.15,
    random_seed: int = 0,
    start: str = "score",
    batch: int | None = None,
    progress: bool = False,
) -> np.ndarray:
    """SmoothGrad (Smilkov et al. 2017, sec. 2.1):  1/n sum_1^n dy_c/dx at x + N(0, sigma^2), sigma = noise
    (max x - min x).

    net: maps a tensor (N, C, H, W) to scores (N, classes); x: input (N, C, H, W); c: class, or N of them ->
    (N, C, H, W). noise: the paper's noise level, 0.1 to 0.2; random_seed: of the noise, the same for every
    picture.  n forward and n backward passes.
    """
    x = x.data if isinstance(x, Tensor) else x
    axes = tuple(range(1, x.ndim))
    sigma = noise * (x.max(axis=axes, keepdims=True) - x.min(axis=axes, keepdims=True))
    random, total = np.random.default_rng(random_seed), np.zeros_like(x)
    for some in in_batches(n, batch or batch_size(x), "SmoothGrad", progress):
        drawn = random.standard_normal((some.stop - some.start, 1, *x.shape[1:])).astype(x.dtype)
        total += gradients(net, x + sigma * moved(drawn, x), c, start).sum(axis=0)
    return total / n


METHOD = Method(
    "smoothgrad", "SmoothGrad", "Smilkov et al. 2017", "the gradient, averaged over noise",
    lambda it, **options: smoothgrad(it.net, it.x, it.target, progress=it.progress, **options),
    cost="1 + 50 forward, 50 backward", many_passes=True, equation="1/4 sum_k dy_c/dx at x + noise[k]",
)  # fmt: skip
