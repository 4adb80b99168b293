"""Lesson 6."""

import numpy as np

from minicnn.device import moved
from minicnn.graph import Array, GraphError, Op
from minicnn.ops.options import number


class Dropout(Op):
    """y = x m, where each m is 0 with probability p and 1/(1-p) otherwise (Srivastava et al. 2014, sec. 10:
    scaled in training).

    random: a NumPy Generator; the numbers are drawn on the CPU and moved to where x is.
    """

    p: float
    random: np.random.Generator
    m: Array

    def __init__(self, p: float = 0.5, random: np.random.Generator | None = None) -> None:
        if not 0 <= number(p) < 1:
            raise GraphError(f"dropout drops with a probability from 0 to below 1, not {p}")
        self.p, self.random = p, random or np.random.default_rng()

    def forward(self, x: Array) -> Array:
        kept = self.random.random(x.shape, dtype=np.float32) >= self.p
        self.m = moved(kept.astype(x.dtype), x) / (1 - self.p)
        return x * self.m

    def gx(self, gy: Array) -> Array:
        return gy * self.m
