"""Lesson 9: the truths are sums over single pixels."""

import numpy as np

from lessons.exercises import exercise, parts


@exercise(
    "9.1",
    "where negative pixels come from",
    "stamp max(W, 0), and then min(W, 0), with the same signal",
)
def two_parts(f, random):
    g, W = (
        np.maximum(random.normal(size=(3, 4, 3)), 0),
        random.normal(size=(3, 1, 3, 2)),
    )
    plus, minus = np.zeros((2, 6, 4))
    for k, i, j, u, v in np.ndindex(3, 4, 3, 3, 2):
        share = g[k, i, j] * W[k, 0, u, v]
        (plus if share > 0 else minus)[i + u, j + v] += share
    answers = parts(f(g, W), "positive part", "negative part")
    yield "positive part", answers[0], plus
    yield "negative part", answers[1], minus


@exercise(
    "9.2",
    "a derivative along many pixels",
    "two calls of f: at x + h and at x - h on these pixels only; divide by 2h",
)
def sign_test(f, random):
    x, pixels, a = (
        random.normal(size=(4, 3)),
        random.random((4, 3)) < 0.4,
        random.normal(size=(4, 3)),
    )
    pixels[0, 0], pixels[3, 2] = True, False
    score = lambda x: float((a * x**2).sum() + x[0, 0] * x[3, 2] + 3)  # noqa: E731
    yield (
        "change per unit of brightness",
        f(score, x, pixels, 1e-3),
        (2 * a * x)[pixels].sum() + x[3, 2],
    )


@exercise(
    "9.3",
    "where the negative mass lies",
    "np.minimum(map, 0), summed in the mask, over its sum everywhere",
)
def share_on(f, random):
    map, mask = random.normal(size=(5, 4)), random.random((5, 4)) < 0.5
    map[0, 0], mask[0, 0] = -1, True
    inside = sum(-v for v, m in zip(map.flat, mask.flat) if m and v < 0)
    yield "share", f(map, mask), inside / sum(-v for v in map.flat if v < 0)
