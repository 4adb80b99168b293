"""Lesson 14: the truths are written window by window and pixel by pixel."""

import numpy as np

from lessons.exercises import exercise


def starts(n, k, s):
    return [i for i in range(0, n, s) if i + k <= n]


@exercise(
    "14.1",
    "occlusion",
    "cover a copy of p, one window at a time; the fall is f(p) - f(covered)",
)
def my_occlusion(f, random):
    p, a = random.random((7, 9)), random.normal(size=(7, 9))
    score = lambda q: float((a * q**2).sum() + q[2, 3] * q[4, 5])  # noqa: E731
    truth = []
    for i in starts(7, 3, 2):
        row = []
        for j in starts(9, 3, 2):
            q = np.array(
                [
                    [
                        0.4 if i <= u < i + 3 and j <= v < j + 3 else p[u, v]
                        for v in range(9)
                    ]
                    for u in range(7)
                ]
            )
            row.append(score(p) - score(q))
        truth.append(row)
    yield "falls", f(score, p, 3, 2, 0.4), truth


@exercise(
    "14.2",
    "from windows to pixels",
    "add every fall to the pixels of its window, count the windows there, and divide",
)
def spread(f, random):
    falls = random.normal(size=(3, 4))
    truth = np.zeros((8, 10))
    for u, v in np.ndindex(8, 10):
        cover = [
            falls[i, j]
            for i, j in np.ndindex(3, 4)
            if 2 * i <= u < 2 * i + 3 and 2 * j <= v < 2 * j + 3
        ]
        truth[u, v] = sum(cover) / len(cover) if cover else 0
    yield "map", f(falls, (8, 10), 3, 2), truth


@exercise("14.3", "the cost", "windows along an axis: (n - k) // s + 1")
def passes(f, random):
    H, W = (int(n) for n in random.integers(20, 60, 2))
    k, s = int(random.integers(3, 12)), int(random.integers(2, 8))
    yield "passes", f(H, W, k, s), 1 + len(starts(H, k, s)) * len(starts(W, k, s))
