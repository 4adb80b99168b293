"""Lesson 21: right solutions, and wrong ones of the right shape."""

import numpy as np


def relu(v):
    return np.maximum(v, 0)


def xgrad(A, g):
    total = A.sum(axis=(1, 2))
    alpha = (A * g).sum(axis=(1, 2)) / np.where(total == 0, 1, total)
    return np.tensordot(alpha, A, 1)


def xgrad_by_map(A, g):
    L = np.zeros(A.shape[1:])
    for a, d in zip(A, g):
        if a.any():
            L += np.average(d, weights=a) * a
    return L


def grad_cam(A, g):
    return np.tensordot(g.mean(axis=(1, 2)), A, 1)


SOLUTIONS = {
    "21.1": {
        "right": [
            lambda A, g: (A * g).sum(axis=0),
            lambda A, g: np.einsum("kij,kij->ij", A, g),
        ],
        "wrong": {
            "Grad-CAM": grad_cam,
            "a ReLU": lambda A, g: relu((A * g).sum(axis=0)) - 1e-3,
            "mean over maps": lambda A, g: (A * g).mean(axis=0),
            "gradient alone": lambda A, g: g.sum(axis=0),
            "sign": lambda A, g: -(A * g).sum(axis=0),
            "over rows": lambda A, g: (A * g).sum(axis=1)[:3],
            "transposed": lambda A, g: (A * g).sum(axis=0).T,
        },
    },
    "21.2": {
        "right": [
            lambda A, g: relu((relu(g) * A).sum(axis=0)),
            lambda A, g: np.clip(np.einsum("kij,kij->ij", np.where(g > 0, g, 0), A), 0, None),
        ],
        "wrong": {
            "no final ReLU": lambda A, g: (relu(g) * A).sum(axis=0),
            "ReLU of the product": lambda A, g: relu(g * A).sum(axis=0),
            "ReLU of A, too": lambda A, g: relu((relu(g) * relu(A)).sum(axis=0)),
            "negative derivatives, too": lambda A, g: relu((g * A).sum(axis=0)),
            "averaged": lambda A, g: relu(np.tensordot(relu(g).mean(axis=(1, 2)), A, 1)),
            "magnitudes": lambda A, g: relu((abs(g) * A).sum(axis=0)),
            "mean over maps": lambda A, g: relu((relu(g) * A).mean(axis=0)),
        },
    },
    "21.3": {
        "right": [xgrad, xgrad_by_map],
        "wrong": {
            "Grad-CAM": grad_cam,
            "not divided": lambda A, g: np.tensordot((A * g).sum(axis=(1, 2)), A, 1),
            "divided by the places": lambda A, g: np.tensordot((A * g).mean(axis=(1, 2)), A, 1),
            "the final ReLU": lambda A, g: relu(xgrad(A, g)) + 1e-3,
            "divided by all maps": lambda A, g: np.tensordot((A * g).sum(axis=(1, 2)) / A.sum(), A, 1),
            "maps of shares": lambda A, g: sum(a / max(a.sum(), 1e-9) * np.average(d) for a, d in zip(A, g)),
            "one for a map of zeros": lambda A, g: xgrad(
                np.where(A.any(axis=(1, 2), keepdims=True), A, 1.0), g
            ),
        },
    },
    "21.4": {
        "right": [
            lambda f, x, noise: np.mean([f(x + e) for e in noise], axis=0),
            lambda f, x, noise: sum(map(f, list(noise + x))) / len(noise),
        ],
        "wrong": {
            "gradient at the mean": lambda f, x, noise: f(x + noise.mean(axis=0)),
            "sum": lambda f, x, noise: sum(f(x + e) for e in noise),
            "without the picture": lambda f, x, noise: np.mean([f(e) for e in noise], axis=0),
            "one noise": lambda f, x, noise: f(x + noise[0]),
            "no noise": lambda f, x, noise: f(x),
            "magnitudes": lambda f, x, noise: np.mean([abs(f(x + e)) for e in noise], axis=0),
            "noise subtracted": lambda f, x, noise: np.mean([f(x - e) for e in noise], axis=0),
        },
    },
}
