"""How good are the scores?"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

from minicnn.device import moved
from minicnn.graph import Array
from minicnn.layer import Layer


def top1(scores: Array, t: Array) -> Array:
    """Whether the highest score is that of the true class.  scores (N, K), t (N,) -> (N,) bool"""
    return scores.argmax(axis=-1) == t


def exact(scores: Array, t: Array) -> Array:
    """Whether the set of classes with a positive score (probability above 1/2) is exactly the true one.

    scores, t (N, K) -> (N,) bool
    """
    return ((scores > 0) == (t > 0.5)).all(axis=-1)


def predict(
    net: Layer, batch: Callable[[Array], Array], pictures: int, size: int = 64, threads: int = 2
) -> Array:
    """The scores of many pictures, `size` at a time on each of several threads.

    In eval mode; the network is not changed.

    batch: a function from numbers (n,) to the input (n, C, H, W); pictures: how many there are.  -> scores
    (pictures, K), in main memory
    """
    twin = net.map(lambda a: a).eval()
    like = next(iter(twin.arrays().values())).data

    def scores(start):
        y = twin(moved(batch(np.arange(start, min(start + size, pictures))), like))
        return y.get() if hasattr(y, "get") else y

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as workers:
        return np.concatenate(list(workers.map(scores, range(0, pictures, size))))
