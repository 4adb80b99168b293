"""Lesson 10: the truths are sums over single numbers, and central differences of a
whole head.
"""

import numpy as np

from lessons.exercises import central, exercise


@exercise(
    "10.1",
    "class activation map",
    "the sum over k of W[c, k] times A[k]: no mean, no ReLU",
)
def my_cam(f, random):
    A, W, c = (
        random.normal(size=(4, 3, 2)),
        random.normal(size=(4, 4)),
        int(random.integers(4)),
    )
    truth = np.zeros((3, 2))
    for k, i, j in np.ndindex(A.shape):
        truth[i, j] += W[c, k] * A[k, i, j]
    yield "map", f(A, W, c), truth


@exercise(
    "10.2",
    "Grad-CAM",
    "alpha is the mean of dA over places; weigh, add over k, and only then cut off "
    "below 0",
)
def my_grad_cam(f, random):
    while True:
        A, dA = random.normal(size=(2, 4, 3, 3))
        L = sum(A[k] * (sum(dA[k].flat) / 9) for k in range(4))
        if L.min() < 0 < L.max():
            break
    yield "map", f(A, dA), [[max(v, 0) for v in row] for row in L]


@exercise(
    "10.3",
    "the weights behind a head of two layers",
    "dy_c/dF = (V[c] gated where U F > 0) U; each place has its share 1/Z of it",
)
def alpha_two_layers(f, random):
    while True:
        A, U, V = (
            np.abs(random.normal(size=(4, 3, 2))),
            random.normal(size=(5, 4)),
            random.normal(size=(4, 5)),
        )
        h = U @ A.mean(axis=(1, 2))
        if 1 < (h > 0).sum() < 4 and abs(h).min() > 0.01:
            break
    c = int(random.integers(4))
    dA = central(lambda A: (V @ np.maximum(U @ A.mean(axis=(1, 2)), 0))[c], A)
    yield "alpha", f(A, U, V, c), dA.mean(axis=(1, 2))
