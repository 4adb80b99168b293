"""Lesson 6."""

import numpy as np

from minicnn.graph import Array, GraphError, Op
from minicnn.ops.sigmoid import sigmoid
from minicnn.ops.softmax import log_softmax


class CrossEntropy(Op):
    """y = -1/N sum_n sum_i t_ni ln p_ni,  p = softmax(x), so  gx = gy (p - t)/N.

    x: scores (N, K).  t: targets, N classes or distributions (N, K).  smoothing: that share of each target is
    spread evenly over all classes (Szegedy et al. 2016, sec. 7).  -> a number, shape ().
    """

    p_minus_t: Array

    def __init__(self, smoothing: float = 0.0) -> None:
        self.smoothing = smoothing

    def forward(self, x: Array, t: Array) -> Array:
        N, K = x.shape
        if t.ndim == 1 and (t.shape[0] != N or t.dtype.kind not in "iu"):
            raise GraphError(
                f"scores {(N, K)} need {N} integer classes, or targets {(N, K)}; not {tuple(t.shape)} "
                f"{t.dtype}"
            )
        if t.ndim == 1 and not np.all((t >= 0) & (t < K)):
            raise GraphError(f"classes are numbered 0 to {K - 1}, not {int(t.min())} to {int(t.max())}")
        if t.ndim == 1:
            classes, t = t, np.zeros_like(x)
            t[np.arange(N), classes] = 1
        t = t.astype(x.dtype) * (1 - self.smoothing) + self.smoothing / K
        log_p = log_softmax(x)
        self.p_minus_t = np.exp(log_p) * t.sum(axis=-1, keepdims=True) - t
        self.N = N
        return -(t * log_p).sum() / N

    def gx(self, gy: Array) -> Array:
        return gy[..., None, None] * self.p_minus_t / self.N


class SigmoidCrossEntropy(Op):
    """y = -1/N sum_n sum_i t ln p + (1-t) ln(1-p),  p = sigmoid(x), so  gx = gy (p - t)/N.

    For labels that do not exclude each other.

    p - t = (1-t) p(x) - t p(-x), which keeps its digits where the network is sure.

    x: scores (N, K), t: 0 or 1 for each (N, K) -> a number, shape ().
    """

    p_minus_t: Array

    def forward(self, x: Array, t: Array) -> Array:
        self.N, self.p_minus_t = x.shape[0], (1 - t) * sigmoid(x) - t * sigmoid(-x)
        return (np.maximum(x, 0) - x * t + np.log1p(np.exp(-abs(x)))).sum() / self.N

    def gx(self, gy: Array) -> Array:
        return gy[..., None, None] * self.p_minus_t / self.N
