"""Lesson 15: the truths are counted and written out pixel by pixel."""

import math

import numpy as np

from lessons.exercises import exercise


@exercise(
    "15.1",
    "rank correlation",
    "np.argsort twice gives the ranks; then Pearson's correlation of the ranks, over "
    "all values",
)
def rank_correlation(f, random):
    a = random.normal(size=(4, 5))
    b = np.exp(3 * a) * random.uniform(0.2, 2, (4, 5))
    ranks = [[sum(u < v for u in m.flat) for v in m.flat] for m in (a, b)]
    n = a.size
    yield (
        "correlation",
        f(a, b),
        1 - 6 * sum((p - q) ** 2 for p, q in zip(*ranks)) / (n * (n * n - 1)),
    )


@exercise(
    "15.2",
    "a control that knows no network",
    "np.gradient gives the two slopes; the size is the root of the sum of their "
    "squares",
)
def control(f, random):
    p = random.random((5, 4))

    def slope(line, i):
        above, below = min(i + 1, len(line) - 1), max(i - 1, 0)
        return (line[above] - line[below]) / (above - below)

    yield (
        "edges",
        f(p),
        [
            [math.hypot(slope(p[:, j], i), slope(p[i], j)) for j in range(4)]
            for i in range(5)
        ],
    )


@exercise(
    "15.3",
    "how far two drawn maps are apart",
    "divide each by its own maximum first; then the largest |difference|",
)
def shares(f, random):
    a, b = random.random((4, 3)) * 5, random.random((4, 3)) / 3
    yield (
        "difference",
        f(a, b),
        max(abs(u / max(a.flat) - v / max(b.flat)) for u, v in zip(a.flat, b.flat)),
    )
