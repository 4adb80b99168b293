"""Lesson 4: right solutions, and wrong ones of the right shape."""

import numpy as np


def softmax(y):
    e = np.exp(y - y.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def overflowing(y):
    with np.errstate(over="ignore", invalid="ignore"):
        return np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)


def by_jacobian(p, gy):
    return np.stack([(np.diag(row) - np.outer(row, row)) @ g for row, g in zip(p, gy)])


def hot(y, classes):
    return np.eye(y.shape[1])[classes]


def cross_entropy_by_index(y, classes):
    g = softmax(y)
    g[np.arange(len(y)), classes] -= 1
    return g / len(y)


def linear(x, W, gy):
    return gy @ W, gy.T @ x, gy.sum(axis=0)


def of_probability(maps, y, c):
    p = softmax(y)
    return p[c] * (maps[c] - np.tensordot(p, maps, 1))


SOLUTIONS = {
    "4.1": {
        "right": [
            lambda p, gy: p * (gy - (p * gy).sum(axis=1, keepdims=True)),
            by_jacobian,
        ],
        "wrong": {
            "diagonal only": lambda p, gy: p * (1 - p) * gy,
            "sum over pictures": lambda p, gy: p * (gy - (p * gy).sum(axis=0, keepdims=True)),
            "sum over everything": lambda p, gy: p * (gy - (p * gy).sum()),
            "not weighed": lambda p, gy: p * (gy - gy.mean(axis=1, keepdims=True)),
            "sign": lambda p, gy: -by_jacobian(p, gy),
            "p forgotten": lambda p, gy: gy - (p * gy).sum(axis=1, keepdims=True),
            "of log p": lambda p, gy: gy - p * gy.sum(axis=1, keepdims=True),
        },
    },
    "4.2": {
        "right": [
            lambda y, t: (softmax(y) - hot(y, t)) / len(y),
            cross_entropy_by_index,
        ],
        "wrong": {
            "not divided by N": lambda y, t: softmax(y) - hot(y, t),
            "sign": lambda y, t: (hot(y, t) - softmax(y)) / len(y),
            "divided by K": lambda y, t: (softmax(y) - hot(y, t)) / y.shape[1],
            "the right class only": lambda y, t: (softmax(y) - 1) * hot(y, t) / len(y),
            "softmax over pictures": lambda y, t: (softmax(y.T).T - hot(y, t)) / len(y),
            "one class on": lambda y, t: (softmax(y) - hot(y, (t + 1) % y.shape[1])) / len(y),
            "overflows": lambda y, t: (overflowing(y) - hot(y, t)) / len(y),
        },
    },
    "4.3": {
        "right": [
            linear,
            lambda x, W, gy: (
                np.einsum("nf,fd->nd", gy, W),
                np.einsum("nf,nd->fd", gy, x),
                np.ones(len(gy)) @ gy,
            ),
        ],
        "wrong": {
            "W transposed": lambda x, W, gy: (gy @ W.T, *linear(x, W, gy)[1:]),
            "gW transposed": lambda x, W, gy: (gy @ W, x.T @ gy, gy.sum(axis=0)),
            "gb is a mean": lambda x, W, gy: (*linear(x, W, gy)[:2], gy.mean(axis=0)),
            "gb of the first picture": lambda x, W, gy: (*linear(x, W, gy)[:2], gy[0]),
            "gW is a mean": lambda x, W, gy: (
                gy @ W,
                gy.T @ x / len(x),
                gy.sum(axis=0),
            ),
            "sign of gx": lambda x, W, gy: (-gy @ W, *linear(x, W, gy)[1:]),
        },
    },
    "4.4": {
        "right": [
            of_probability,
            lambda maps, y, c: np.einsum("j,jhw->hw", softmax(y)[c] * (np.eye(len(y))[c] - softmax(y)), maps),
        ],
        "wrong": {
            "the score's map": lambda maps, y, c: maps[c],
            "scaled only": lambda maps, y, c: softmax(y)[c] * maps[c],
            "p(1-p) times the score's map": lambda maps, y, c: softmax(y)[c] * (1 - softmax(y)[c]) * maps[c],
            "of log p": lambda maps, y, c: of_probability(maps, y, c) / softmax(y)[c],
            "mean not weighed": lambda maps, y, c: softmax(y)[c] * (maps[c] - maps.mean(axis=0)),
            "sign": lambda maps, y, c: -of_probability(maps, y, c),
            "rivals only": lambda maps, y, c: (
                softmax(y)[c] * (maps[c] - np.tensordot(softmax(y), maps, 1) + softmax(y)[c] * maps[c])
            ),
        },
    },
}
