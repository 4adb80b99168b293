"""Lesson 19: the truths are shares, number by number."""

import numpy as np

from lessons.exercises import exercise, parts


def shares(x, W, R, z):
    """R_i = sum_j x_i W_ji / z_j R_j"""
    return np.array(
        [
            sum(x[i] * W[j, i] / z[j] * R[j] for j in range(len(R)))
            for i in range(len(x))
        ]
    )


@exercise(
    "19.1",
    "LRP-epsilon",
    "z = W x + b; z + epsilon where z >= 0, z - epsilon elsewhere; x * (W^T (R / z))",
)
def lrp_linear(f, random):
    x, W, b, R = (
        random.normal(size=4),
        random.normal(size=(4, 4)),
        random.normal(size=4),
        random.normal(size=4),
    )
    z = np.array([sum(W[j, i] * x[i] for i in range(4)) + b[j] for j in range(4)])
    b[0] += 1 - z[0]
    b[1] += -1 - z[1]
    z[:2] = 1, -1
    stabilised = np.array([v + 0.3 if v >= 0 else v - 0.3 for v in z])
    yield "R", f(x, W, b, R, 0.3), shares(x, W, R, stabilised)
    b[2] -= z[2]
    x, W = np.round(x * 8) / 8, np.round(W * 8) / 8
    b[2] = -(W[2] @ x)
    z = W @ x + b
    yield (
        "R with a z of 0",
        f(x, W, b, R, 0.5),
        shares(x, W, R, np.array([v + 0.5 if v >= 0 else v - 0.5 for v in z])),
    )


@exercise(
    "19.2",
    "LRP-gamma",
    "V = W + gamma max(W, 0) in both places: in z = V x, and in the backward pass",
)
def lrp_gamma_linear(f, random):
    x, W, R = random.random(4) + 0.1, random.normal(size=(4, 4)), random.normal(size=4)
    V = np.array([[w * (1 + 0.7) if w > 0 else w for w in row] for row in W])
    z = np.array([sum(V[j, i] * x[i] for i in range(4)) for j in range(4)])
    yield "R", f(x, W, R, 0.7), shares(x, V, R, z)


@exercise("19.3", "the shares of a sum", "a gets a / (a + b) of R, b the rest")
def lrp_add(f, random):
    a, b, R = (
        random.normal(size=(3, 4)),
        random.normal(size=(3, 4)),
        random.normal(size=(3, 4)),
    )
    a[0, 0], b[0, 0] = 2.0, -1.0
    answers = parts(f(a, b, R), "R of a", "R of b")
    yield (
        "R of a",
        answers[0],
        [[a[i, j] / (a[i, j] + b[i, j]) * R[i, j] for j in range(4)] for i in range(3)],
    )
    yield (
        "R of b",
        answers[1],
        [[b[i, j] / (a[i, j] + b[i, j]) * R[i, j] for j in range(4)] for i in range(3)],
    )


@exercise(
    "19.4",
    "the rule of squares",
    "each R_j is shared over its row of W: w_ji^2 over the sum of the squares of row j",
)
def lrp_squares(f, random):
    W, R = random.normal(size=(4, 4)), random.normal(size=4)
    total = [sum(w**2 for w in row) for row in W]
    yield (
        "R",
        f(W, R),
        np.array(
            [sum(W[j, i] ** 2 / total[j] * R[j] for j in range(4)) for i in range(4)]
        ),
    )
