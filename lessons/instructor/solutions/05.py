"""Lesson 5: right solutions, and wrong ones of the right shape."""

import numpy as np

t = np.tanh


def residual(x, W, V, gy, outer=True, inner=True, short=1.0, long=1.0):
    z = x + V @ np.maximum(W @ x, 0)
    gz = gy * (z > 0) if outer else gy
    gh = V.T @ gz
    gh = gh * (W @ x > 0) if inner else gh
    return short * gz + long * (W.T @ gh)


def residual_by_matrix(x, W, V, gy):
    J = np.eye(len(x)) + V @ np.diag((W @ x > 0) * 1.0) @ W
    J[x + V @ np.maximum(W @ x, 0) <= 0] = 0
    return gy @ J


SOLUTIONS = {
    "5.1": {
        "right": [
            lambda x, gy: gy * (t(x) + x * (1 - t(x) ** 2)),
            lambda x, gy: gy * t(x) + gy * x / np.cosh(x) ** 2,
        ],
        "wrong": {
            "left path only": lambda x, gy: gy * t(x),
            "right path only": lambda x, gy: gy * x * (1 - t(x) ** 2),
            "difference": lambda x, gy: gy * (t(x) - x * (1 - t(x) ** 2)),
            "product of the paths": lambda x, gy: gy * t(x) * x * (1 - t(x) ** 2),
            "sign": lambda x, gy: -gy * (t(x) + x * (1 - t(x) ** 2)),
            "tanh not squared": lambda x, gy: gy * (t(x) + x * (1 - t(x))),
            "mean of the paths": lambda x, gy: gy * (t(x) + x * (1 - t(x) ** 2)) / 2,
        },
    },
    "5.2": {
        "right": [residual, residual_by_matrix],
        "wrong": {
            "no short path": lambda *a: residual(*a, short=0),
            "no long path": lambda *a: residual(*a, long=0),
            "no outer gate": lambda *a: residual(*a, outer=False),
            "no inner gate": lambda *a: residual(*a, inner=False),
            "short path before the gate": lambda x, W, V, gy: residual(x, W, V, gy, short=0) + gy,
            "long path subtracted": lambda *a: residual(*a, long=-1),
            "gate of x": lambda x, W, V, gy: residual(x, W, V, gy) * (x > 0),
        },
    },
    "5.3": {
        "right": [
            lambda x, W, gy: np.outer(gy, W @ x) + np.outer(W.T @ gy, x),
            lambda x, W, gy: np.einsum("i,jk,k->ij", gy, W, x) + np.einsum("k,ki,j->ij", gy, W, x),
        ],
        "wrong": {
            "outer use only": lambda x, W, gy: np.outer(gy, W @ x),
            "inner use only": lambda x, W, gy: np.outer(W.T @ gy, x),
            "twice the outer use": lambda x, W, gy: 2 * np.outer(gy, W @ x),
            "transposed": lambda x, W, gy: (np.outer(gy, W @ x) + np.outer(W.T @ gy, x)).T,
            "W not transposed": lambda x, W, gy: np.outer(gy, W @ x) + np.outer(W @ gy, x),
            "difference": lambda x, W, gy: np.outer(gy, W @ x) - np.outer(W.T @ gy, x),
        },
    },
    "5.4": {
        "right": [
            lambda gy: gy.sum(axis=(0, 2, 3)),
            lambda gy: np.einsum("nchw->c", gy),
        ],
        "wrong": {
            "mean": lambda gy: gy.mean(axis=(0, 2, 3)),
            "one picture only": lambda gy: gy[0].sum(axis=(1, 2)),
            "one pixel only": lambda gy: gy[:, :, 0, 0].sum(axis=0),
            "sign": lambda gy: -gy.sum(axis=(0, 2, 3)),
            "mean over pictures": lambda gy: gy.sum(axis=(2, 3)).mean(axis=0),
            "wrong axis": lambda gy: gy.sum(axis=(0, 1, 3)),
            "magnitudes": lambda gy: np.abs(gy).sum(axis=(0, 2, 3)),
        },
    },
}
