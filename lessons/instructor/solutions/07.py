"""Lesson 7: right solutions, and wrong ones of the right shape."""

import numpy as np


def integrated(gradient, I, I0, m, first=0.5, factor=1.0):
    points = [I0 + (k + first) / m * (I - I0) for k in range(m)]
    return factor * (I - I0) * np.mean([gradient(p) for p in points], axis=0)


def integrated_by_sum(gradient, I, I0, m):
    total = np.zeros_like(I)
    for t in (np.arange(m) + 0.5) / m:
        total += gradient((1 - t) * I0 + t * I) * (I - I0) / m
    return total


SOLUTIONS = {
    "7.1": {
        "right": [lambda w: np.abs(w).max(axis=0), lambda w: np.sqrt((w**2).max(0))],
        "wrong": {
            "no magnitude": lambda w: w.max(axis=0),
            "magnitude of the largest": lambda w: np.abs(w.max(axis=0)),
            "mean over channels": lambda w: np.abs(w).mean(axis=0),
            "sum over channels": lambda w: np.abs(w).sum(axis=0),
            "Euclidean length": lambda w: np.linalg.norm(w, axis=0),
            "smallest": lambda w: np.abs(w).min(axis=0),
            "first channel": lambda w: np.abs(w[0]),
        },
    },
    "7.2": {
        "right": [
            lambda s0, w, I0, I: s0 + (w * (I - I0)).sum(),
            lambda s0, w, I0, I: s0 + w.ravel() @ I.ravel() - w.ravel() @ I0.ravel(),
        ],
        "wrong": {
            "from I": lambda s0, w, I0, I: s0 + (w * (I0 - I)).sum(),
            "at the origin": lambda s0, w, I0, I: s0 + (w * I).sum(),
            "s0 forgotten": lambda s0, w, I0, I: (w * (I - I0)).sum(),
            "magnitudes": lambda s0, w, I0, I: s0 + (np.abs(w) * (I - I0)).sum(),
            "mean": lambda s0, w, I0, I: s0 + (w * (I - I0)).mean(),
            "half": lambda s0, w, I0, I: s0 + (w * (I - I0)).sum() / 2,
        },
    },
    "7.3": {
        "right": [integrated, integrated_by_sum],
        "wrong": {
            "left ends": lambda *a: integrated(*a, first=0.0),
            "right ends": lambda *a: integrated(*a, first=1.0),
            "sign": lambda *a: integrated(*a, factor=-1.0),
            "not multiplied": lambda g, I, I0, m: integrated(g, I, I0, m) / (I - I0),
            "times I": lambda g, I, I0, m: integrated(g, I, I0, m) / (I - I0) * I,
            "sum instead of mean": lambda g, I, I0, m: (
                m * integrated(g, I, I0, m) if m > 1 else 2 * integrated(g, I, I0, m)
            ),
            "input times gradient": lambda g, I, I0, m: (I - I0) * g(I),
            "ways exchanged": lambda g, I, I0, m: integrated(g, I0, I, m),
        },
    },
}
