"""Lesson 19: right solutions, and wrong ones of the right shape."""

import numpy as np


def sign(z):
    return np.where(z < 0, -1.0, 1.0)


def epsilon(x, W, b, R, e, with_bias=True, sign=sign):
    z = W @ x + (b if with_bias else 0)
    return x * ((R / (z + e * sign(z))) @ W)


def epsilon_by_matrix(x, W, b, R, e):
    z = W @ x + b
    z = np.where(z >= 0, z + e, z - e)
    return (W * x[None, :] / z[:, None] * R[:, None]).sum(axis=0)


def gamma(x, W, R, g, back=True, forth=True):
    V = W + g * np.maximum(W, 0)
    return x * ((V if back else W).T @ (R / ((V if forth else W) @ x)))


def gamma_by_matrix(x, W, R, g):
    parts = np.where(W > 0, (1 + g) * W, W) * x
    return (parts / parts.sum(axis=1, keepdims=True)).T @ R


def squares_by_loop(W, R):
    found = np.zeros(W.shape[1])
    for row, r in zip(W, R):
        found += row**2 / np.dot(row, row) * r
    return found


SOLUTIONS = {
    "19.1": {
        "right": [epsilon, epsilon_by_matrix],
        "wrong": {
            "bias forgotten": lambda x, W, b, R, e: epsilon(x, W, b, R, e, with_bias=False),
            "epsilon always added": lambda x, W, b, R, e: epsilon(x, W, b, R, e, sign=np.ones_like),
            "epsilon subtracted": lambda x, W, b, R, e: epsilon(x, W, b, R, -e),
            "nothing at 0": lambda x, W, b, R, e: epsilon(
                x, W, b, R, e, sign=lambda z: np.sign(z) + (z == 0) * 1e-3
            ),
            "transposed": lambda x, W, b, R, e: epsilon(x, W.T, b, R, e),
            "not times x": lambda x, W, b, R, e: (R / (W @ x + b + e * sign(W @ x + b))) @ W,
            "epsilon in shares of z": lambda x, W, b, R, e: (
                epsilon(x, W, b, R, 0) / (1 + e) if np.all(W @ x + b) else x
            ),
            "gradient times input": lambda x, W, b, R, e: x * (R @ W),
        },
    },
    "19.2": {
        "right": [gamma, gamma_by_matrix],
        "wrong": {
            "only forth": lambda x, W, R, g: gamma(x, W, R, g, back=False),
            "only back": lambda x, W, R, g: gamma(x, W, R, g, forth=False),
            "gamma 0": lambda x, W, R, g: gamma(x, W, R, 0),
            "gamma for negative weights": lambda x, W, R, g: -gamma(x, -W, -R, g),
            "positive weights only": lambda x, W, R, g: gamma(x, np.maximum(W, 0) + 1e-9, R, 0),
            "transposed": lambda x, W, R, g: gamma(x, W.T, R, g),
            "not times x": lambda x, W, R, g: gamma(x, W, R, g) / x,
        },
    },
    "19.3": {
        "right": [
            lambda a, b, R: (a / (a + b) * R, b / (a + b) * R),
            lambda a, b, R: (s := R / (a + b), (a * s, R - a * s))[1],
        ],
        "wrong": {
            "all to both": lambda a, b, R: (R + 0, R + 0),
            "halves": lambda a, b, R: (R / 2, R / 2),
            "exchanged": lambda a, b, R: (b / (a + b) * R, a / (a + b) * R),
            "by magnitudes": lambda a, b, R: (
                abs(a) / (abs(a) + abs(b)) * R,
                abs(b) / (abs(a) + abs(b)) * R,
            ),
            "all to the larger": lambda a, b, R: (
                np.where(a > b, R, 0),
                np.where(a > b, 0, R),
            ),
            "not times R": lambda a, b, R: (a / (a + b), b / (a + b)),
        },
    },
    "19.4": {
        "right": [lambda W, R: (W**2).T @ (R / (W**2).sum(axis=1)), squares_by_loop],
        "wrong": {
            "over the columns": lambda W, R: (W**2 / (W**2).sum(axis=0)).T @ R,
            "magnitudes": lambda W, R: abs(W).T @ (R / abs(W).sum(axis=1)),
            "not squared": lambda W, R: W.T @ (R / (W**2).sum(axis=1)),
            "not divided": lambda W, R: (W**2).T @ R,
            "transposed": lambda W, R: (W**2) @ (R / (W**2).sum(axis=0)),
            "square of the sum": lambda W, R: (W**2).T @ (R / W.sum(axis=1) ** 2),
            "norms": lambda W, R: (W**2).T @ (R / np.sqrt((W**2).sum(axis=1))),
        },
    },
}
