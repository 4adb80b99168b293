"""Lesson 10: right solutions, and wrong ones of the right shape."""

import numpy as np


def grad_cam(A, dA):
    return np.maximum(np.tensordot(dA.mean(axis=(1, 2)), A, 1), 0)


def alpha(A, U, V, c, gate=True, share=True):
    F = A.mean(axis=(1, 2))
    g = V[c] * (U @ F > 0) if gate else V[c]
    return g @ U / (A[0].size if share else 1)


def alpha_by_jacobian(A, U, V, c):
    F = np.array([a.sum() / a.size for a in A])
    J = V @ np.diag(np.heaviside(U @ F, 0)) @ U
    return J[c] / (A.shape[1] * A.shape[2])


SOLUTIONS = {
    "10.1": {
        "right": [
            lambda A, W, c: np.tensordot(W[c], A, 1),
            lambda A, W, c: (W[c][:, None, None] * A).sum(axis=0),
        ],
        "wrong": {
            "row and column of W exchanged": lambda A, W, c: np.tensordot(W[:, c], A, 1),
            "mean over k": lambda A, W, c: (W[c][:, None, None] * A).mean(axis=0),
            "ReLU": lambda A, W, c: np.maximum(np.tensordot(W[c], A, 1), 0) - 1e-3,
            "sign": lambda A, W, c: -np.tensordot(W[c], A, 1),
            "all classes": lambda A, W, c: np.tensordot(W.sum(axis=0), A, 1),
            "next class": lambda A, W, c: np.tensordot(W[(c + 1) % 4], A, 1),
            "positive weights only": lambda A, W, c: np.tensordot(np.maximum(W[c], 0), A, 1),
        },
    },
    "10.2": {
        "right": [
            grad_cam,
            lambda A, dA: (np.einsum("kij,kpq->pq", dA, A) / dA[0].size).clip(min=0),
        ],
        "wrong": {
            "no ReLU": lambda A, dA: np.tensordot(dA.mean(axis=(1, 2)), A, 1),
            "sum instead of mean": lambda A, dA: 9 * grad_cam(A, dA),
            "ReLU before the sum": lambda A, dA: np.maximum(dA.mean(axis=(1, 2))[:, None, None] * A, 0).sum(
                axis=0
            ),
            "ReLU on alpha": lambda A, dA: np.tensordot(np.maximum(dA.mean(axis=(1, 2)), 0), A, 1),
            "ReLU on the gradient": lambda A, dA: np.maximum(
                np.tensordot(np.maximum(dA, 0).mean(axis=(1, 2)), A, 1), 0
            ),
            "place by place": lambda A, dA: np.maximum((A * dA).sum(axis=0), 0),
            "means of A weigh dA": lambda A, dA: grad_cam(dA, A),
            "mean over the wrong axes": lambda A, dA: np.maximum((dA.mean(axis=0) * A).sum(axis=0), 0),
            "counterfactual": lambda A, dA: grad_cam(A, -dA),
        },
    },
    "10.3": {
        "right": [alpha, alpha_by_jacobian],
        "wrong": {
            "no gate": lambda *a: alpha(*a, gate=False),
            "share forgotten": lambda *a: alpha(*a, share=False),
            "sign": lambda *a: -alpha(*a),
            "gate inverted": lambda A, U, V, c: alpha(A, U, V, c, gate=False) - alpha(A, U, V, c),
            "times A": lambda A, U, V, c: alpha(A, U, V, c) * A.mean(axis=(1, 2)),
            "next class": lambda A, U, V, c: alpha(A, U, V, (c + 1) % 4),
            "guided": lambda A, U, V, c: alpha(A, U, np.maximum(V, 0), c),
        },
    },
}
