"""Lesson 15: right solutions, and wrong ones of the right shape."""

import numpy as np


def ranks(a):
    return a.ravel().argsort().argsort()


def by_searching(a, b):
    r = [np.searchsorted(np.sort(m, axis=None), m.ravel()) for m in (a, b)]
    r = [q - q.mean() for q in r]
    return (r[0] * r[1]).sum() / np.sqrt((r[0] ** 2).sum() * (r[1] ** 2).sum())


def slopes(p):
    return np.gradient(p)


def by_hand(p):
    q = np.pad(p, 1, mode="edge")
    across = np.full(p.shape, 2.0)
    down = across.copy()
    down[[0, -1]], across[:, [0, -1]] = 1, 1
    return (((q[2:, 1:-1] - q[:-2, 1:-1]) / down) ** 2 + ((q[1:-1, 2:] - q[1:-1, :-2]) / across) ** 2) ** 0.5


SOLUTIONS = {
    "15.1": {
        "right": [lambda a, b: np.corrcoef(ranks(a), ranks(b))[0, 1], by_searching],
        "wrong": {
            "Pearson of the values": lambda a, b: np.corrcoef(a.ravel(), b.ravel())[0, 1],
            "argsort once": lambda a, b: np.corrcoef(a.ravel().argsort(), b.ravel().argsort())[0, 1],
            "ranks within rows": lambda a, b: np.corrcoef(
                a.argsort(1).argsort(1).ravel(), b.argsort(1).argsort(1).ravel()
            )[0, 1],
            "sign": lambda a, b: -np.corrcoef(ranks(a), ranks(b))[0, 1],
            "squared": lambda a, b: np.corrcoef(ranks(a), ranks(b))[0, 1] ** 2,
            "not centred": lambda a, b: (
                (ranks(a) @ ranks(b)) / np.sqrt((ranks(a) @ ranks(a)) * (ranks(b) @ ranks(b)))
            ),
        },
    },
    "15.2": {
        "right": [lambda p: np.hypot(*slopes(p)), by_hand],
        "wrong": {
            "sum of magnitudes": lambda p: np.abs(slopes(p)[0]) + np.abs(slopes(p)[1]),
            "rows only": lambda p: np.abs(slopes(p)[0]),
            "columns only": lambda p: np.abs(slopes(p)[1]),
            "no root": lambda p: slopes(p)[0] ** 2 + slopes(p)[1] ** 2,
            "sum of slopes": lambda p: slopes(p)[0] + slopes(p)[1],
            "one-sided differences": lambda p: np.hypot(
                np.diff(p, axis=0, append=p[-1:]), np.diff(p, axis=1, append=p[:, -1:])
            ),
        },
    },
    "15.3": {
        "right": [
            lambda a, b: np.abs(a / a.max() - b / b.max()).max(),
            lambda a, b: np.abs(a * b.max() - b * a.max()).max() / (a.max() * b.max()),
        ],
        "wrong": {
            "not divided": lambda a, b: np.abs(a - b).max(),
            "divided by one maximum": lambda a, b: np.abs(a - b).max() / max(a.max(), b.max()),
            "mean": lambda a, b: np.abs(a / a.max() - b / b.max()).mean(),
            "no magnitude": lambda a, b: min(
                (a / a.max() - b / b.max()).max(),
                0.9 * np.abs(a / a.max() - b / b.max()).max(),
            ),
            "divided by sums": lambda a, b: np.abs(a / a.sum() - b / b.sum()).max(),
            "stretched": lambda a, b: np.abs((a - a.min()) / np.ptp(a) - (b - b.min()) / np.ptp(b)).max(),
        },
    },
}
