"""Lesson 11: right solutions, and wrong ones of the right shape."""

import numpy as np


def grad_cam(A, dA):
    return np.tensordot(dA.mean(axis=(1, 2)), A, 1)


SOLUTIONS = {
    "11.1": {
        "right": [
            lambda b, W, s: b - W.sum(axis=(2, 3)) @ s,
            lambda b, W, s: np.array([b[f] - (W[f] * s[:, None, None]).sum() for f in range(len(b))]),
        ],
        "wrong": {
            "sign": lambda b, W, s: b + W.sum(axis=(2, 3)) @ s,
            "filters and channels exchanged": lambda b, W, s: b - W.sum(axis=(2, 3)).T @ s,
            "mean over taps": lambda b, W, s: b - W.mean(axis=(2, 3)) @ s,
            "middle tap only": lambda b, W, s: b - W[:, :, 1, 0] @ s,
            "shift itself": lambda b, W, s: b - s,
            "bias forgotten": lambda b, W, s: -W.sum(axis=(2, 3)) @ s,
        },
    },
    "11.2": {
        "right": [
            lambda L, alpha, s: L + alpha @ s,
            lambda L, alpha, s: np.array([[v + sum(alpha * s) for v in row] for row in L]),
        ],
        "wrong": {
            "not at all": lambda L, alpha, s: L + 0,
            "sign": lambda L, alpha, s: L - alpha @ s,
            "shifts only": lambda L, alpha, s: L + s.sum(),
            "weights only": lambda L, alpha, s: L + alpha.sum(),
            "mean": lambda L, alpha, s: L + (alpha * s).mean(),
            "ReLU": lambda L, alpha, s: np.maximum(L + alpha @ s, 0) - 1e-3,
            "scaled": lambda L, alpha, s: L * (1 + alpha @ s),
        },
    },
    "11.3": {
        "right": [
            lambda A, dA, t: grad_cam(A, dA),
            lambda A, dA, t: np.einsum("kij,kpq->pq", dA / t[:, None, None], A * t[:, None, None]) / 6,
        ],
        "wrong": {
            "A scaled, gradient not": lambda A, dA, t: grad_cam(t[:, None, None] * A, dA),
            "gradient divided, A not": lambda A, dA, t: grad_cam(A, dA / t[:, None, None]),
            "both scaled": lambda A, dA, t: grad_cam(t[:, None, None] * A, t[:, None, None] * dA),
            "scaled by the mean": lambda A, dA, t: t.mean() * grad_cam(A, dA),
            "sign": lambda A, dA, t: -grad_cam(A, dA),
            "place by place": lambda A, dA, t: (A * dA).sum(axis=0),
            "sum for mean": lambda A, dA, t: 6 * grad_cam(A, dA),
        },
    },
}
