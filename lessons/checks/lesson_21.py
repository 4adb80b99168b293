"""Lesson 21: the truths are sums over single places."""

import numpy as np

from lessons.exercises import exercise


def drawn(random):
    """A >= 0, as after a ReLU, with a map of zeros; g of both signs: (4, 3, 3)."""
    A, g = (
        np.maximum(random.normal(size=(4, 3, 3)) + 0.3, 0),
        random.normal(size=(4, 3, 3)),
    )
    A[2] = 0
    A[0, 1, 1], g[0, 1, 1] = 3.0, 2.0
    return A, g


def places(f):
    return np.array([[f(i, j) for j in range(3)] for i in range(3)])


@exercise(
    "21.1",
    "HiResCAM",
    "multiply place by place, and sum over the maps: no mean, no ReLU",
)
def my_hirescam(f, random):
    A, g = drawn(random)
    yield (
        "map",
        f(A, g),
        places(lambda i, j: sum(A[k, i, j] * g[k, i, j] for k in range(4))),
    )


@exercise("21.2", "LayerCAM", "max(g, 0) * A, summed over the maps")
def my_layercam(f, random):
    A, g = drawn(random)
    A = A - 0.5  # in front of a ReLU: some values are negative
    yield (
        "map",
        f(A, g),
        places(
            lambda i, j: max(sum(max(g[k, i, j], 0) * A[k, i, j] for k in range(4)), 0)
        ),
    )


@exercise(
    "21.3",
    "XGrad-CAM",
    "alpha_k = sum(A^k g^k) / sum(A^k), and 0 where the sum is 0; then sum_k alpha_k "
    "A^k",
)
def my_xgrad_cam(f, random):
    A, g = drawn(random)
    totals = [sum(A[k].flat) for k in range(4)]
    alpha = [
        sum((A[k] * g[k]).flat) / totals[k] if totals[k] else 0.0 for k in range(4)
    ]
    yield (
        "map",
        f(A, g),
        places(lambda i, j: sum(alpha[k] * A[k, i, j] for k in range(4))),
    )


@exercise(
    "21.4",
    "SmoothGrad",
    "call gradient once for each noise, at x + noise, and take the mean of what it "
    "gives",
)
def my_smoothgrad(f, random):
    x, a, noise = (
        random.normal(size=(3, 2)),
        random.normal(size=(3, 2)),
        random.normal(size=(5, 3, 2)),
    )
    slope = lambda v: a * v**2 + np.roll(v, 1, axis=0)  # noqa: E731
    yield "map", f(slope, x, noise), sum(slope(x + e) for e in noise) / 5
