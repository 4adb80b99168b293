"""Optimisers and schedules: how a gradient becomes a step.

An optimiser is an equation.  `update(w, g, *memories, rate, t)` takes a weight, its gradient, what the
optimiser remembers of earlier gradients, the learning rate and the number t = 1, 2, ... of the step; it
returns the new weight and the new memories and changes nothing in place.  `memories` names them; all start at
zero.

A schedule is a function (step, steps) -> learning rate, step = 0 .. steps - 1.

Lesson 6.
"""

import math
from collections.abc import Callable

import numpy as np

from minicnn.graph import Array

Schedule = Callable[[int, int], float]  # (step, steps) -> learning rate


class SGD:
    """v <- momentum v + g;  w <- w - rate v  (Polyak 1964; as in Sutskever et al. 2013: the rate outside v).

    decay: adds decay * w to the gradient of matrices and filters (L2 regularisation); vectors (biases,
    batchnorm) are left alone.
    """

    memories: tuple[str, ...] = ("v",)
    momentum: float
    decay: float

    def __init__(self, momentum: float = 0.9, decay: float = 0.0) -> None:
        self.momentum, self.decay = momentum, decay

    def update(self, w: Array, g: Array, v: Array, rate: float, t: int) -> tuple[Array, Array]:
        v = self.momentum * v + _decayed(w, g, self.decay)
        return w - rate * v, v


class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1).

    decay: L2 regularisation through the gradient, of matrices and filters only.
    """

    memories: tuple[str, ...] = ("m", "v")
    beta1: float
    beta2: float
    eps: float
    decay: float

    def __init__(
        self, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, decay: float = 0.0
    ) -> None:
        self.beta1, self.beta2, self.eps, self.decay = beta1, beta2, eps, decay

    def update(
        self, w: Array, g: Array, m: Array, v: Array, rate: float, t: int
    ) -> tuple[Array, Array, Array]:
        step, m, v = self._adapt(_decayed(w, g, self.decay), m, v, t)
        return w - rate * step, m, v

    def _adapt(self, g, m, v, t):
        """m^ / (sqrt(v^) + eps), and the new moments."""
        m = self.beta1 * m + (1 - self.beta1) * g
        v = self.beta2 * v + (1 - self.beta2) * g * g
        m_hat, v_hat = m / (1 - self.beta1**t), v / (1 - self.beta2**t)
        return m_hat / (np.sqrt(v_hat) + self.eps), m, v


class AdamW(Adam):
    """Adam with decoupled weight decay, of matrices and filters only: w <- w - rate (step + decay w)
    (Loshchilov & Hutter 2019, alg. 2)."""

    def __init__(
        self, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, decay: float = 0.01
    ) -> None:
        super().__init__(beta1, beta2, eps, decay)

    def update(
        self, w: Array, g: Array, m: Array, v: Array, rate: float, t: int
    ) -> tuple[Array, Array, Array]:
        step, m, v = self._adapt(g, m, v, t)
        return w - rate * _decayed(w, step, self.decay), m, v


def _decayed(w, step, decay):
    return step + decay * w if decay and w.ndim > 1 else step


def constant(rate: float) -> Schedule:
    """The same learning rate throughout."""
    return lambda step, steps: rate


def cosine(peak: float, floor: float = 0.0) -> Schedule:
    """From peak to floor: floor + (peak - floor) (1 + cos(pi step/steps))/2  (Loshchilov & Hutter 2017, eq.
    5, without restarts)."""
    return lambda step, steps: _anneal(peak, floor, step / steps)


def one_cycle(peak: float, warmup: float = 0.3, first: float = 25.0, last: float = 1e4) -> Schedule:
    """Up from peak/first during the share `warmup` of the steps, down to peak/first/last in the rest, both on
    half a cosine.

    Smith & Topin 2019, "Super-convergence", with the cosines of the fastai library; the same numbers as
    PyTorch's OneCycleLR.
    """

    def rate(step, steps):
        top = warmup * steps - 1
        if step < top:
            return _anneal(peak / first, peak, step / top)
        return _anneal(peak, peak / first / last, (step - top) / (steps - 1 - top))

    return rate


def _anneal(start, end, share):
    """Half a cosine from start (share 0) to end (share 1)."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
