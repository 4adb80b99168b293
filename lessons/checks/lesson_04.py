"""Lesson 4: the truth is a central difference."""

import numpy as np

from lessons.exercises import central, exercise, parts


def softmax(y):
    e = np.exp(y)
    return e / e.sum(axis=-1, keepdims=True)


@exercise(
    "4.1",
    "the backward pass through softmax",
    "gx_i = p_i (gy_i - sum_j p_j gy_j), each picture by itself",
)
def softmax_gx(f, random):
    y, gy = random.normal(size=(2, 3, 4))
    yield "gx", f(softmax(y), gy), central(softmax, y, gy)


@exercise(
    "4.2",
    "softmax and cross-entropy together",
    "p - 1 at the right class, p elsewhere, divided by N; subtract each picture's "
    "largest score before exp",
)
def cross_entropy_gx(f, random):
    y, classes = random.normal(size=(3, 4)) * 2, random.integers(4, size=3)
    loss = lambda y: -np.log(softmax(y)[range(3), classes]).mean()  # noqa: E731
    truth = central(loss, y)
    yield "gx", f(y, classes), truth
    yield "gx of scores near 1000, where exp(y) overflows", f(y + 1000, classes), truth


@exercise(
    "4.3",
    "the linear layer",
    "gx = gy W, gW = gy^T x, gb = the sum of gy over the pictures",
)
def linear_gx_gW_gb(f, random):
    x, W, gy = (
        random.normal(size=(3, 4)),
        random.normal(size=(4, 4)),
        random.normal(size=(3, 4)),
    )
    gx, gW, gb = parts(f(x, W, gy), "gx", "gW", "gb")
    yield "gx", gx, central(lambda x: x @ W.T, x, gy)
    yield "gW", gW, central(lambda W: x @ W.T, W, gy)
    yield "gb", gb, central(lambda b: x @ W.T + b, np.zeros(4), gy)


@exercise(
    "4.4",
    "the map of a probability",
    "p_c times (the map of c minus the mean of all maps, weighed by p)",
)
def probability_map(f, random):
    maps, y, c = (
        random.normal(size=(4, 2, 3)),
        random.normal(size=4),
        int(random.integers(4)),
    )
    step = np.zeros((2, 3))  # scores that depend on A linearly: y + <maps, A>
    yield (
        "dp_c/dA",
        f(maps, y, c),
        central(lambda A: softmax(y + (maps * A).sum(axis=(1, 2)))[c], step),
    )
