"""Lesson 13: right solutions, and wrong ones of the right shape."""

import numpy as np


def line(values, N, offset=0.5, clip=True):
    n = len(values)
    place = (np.arange(N) + offset) * n / N - offset
    return (
        np.interp(place, np.arange(n), values) if clip else np.interp(place % (n - 1), np.arange(n), values)
    )


def line_by_matrix(values, N):
    n = len(values)
    place = np.clip((np.arange(N) + 0.5) * n / N - 0.5, 0, n - 1)
    return np.maximum(1 - np.abs(place[:, None] - np.arange(n)), 0) @ values


def positive(v):
    return np.maximum(v, 0)


SOLUTIONS = {
    "13.1": {
        "right": [lambda g, L: g * L, lambda g, L: np.einsum("kij,ij->kij", g, L)],
        "wrong": {
            "L transposed": lambda g, L: g * L.T,
            "L along the channels": lambda g, L: g * L[:, :, None],
            "sum": lambda g, L: g + L,
            "magnitude": lambda g, L: np.abs(g) * L,
            "positive part": lambda g, L: positive(g) * L,
            "thresholded": lambda g, L: g * (L > 0.5),
            "first channel for all": lambda g, L: np.broadcast_to(g[0] * L, g.shape),
        },
    },
    "13.2": {
        "right": [line, line_by_matrix],
        "wrong": {
            "corners aligned": lambda v, N: np.interp(np.linspace(0, len(v) - 1, N), np.arange(len(v)), v),
            "nearest": lambda v, N: v[np.arange(N) * len(v) // N],
            "no half pixels": lambda v, N: line(v, N, offset=0.0),
            "reversed": lambda v, N: line(v[::-1], N),
            "wraps at the ends": lambda v, N: line(v, N, clip=False),
            "half a pixel too far": lambda v, N: line(v, N, offset=1.0),
        },
    },
    "13.3": {
        "right": [
            lambda M: 0.5 + 0.5 * M / np.abs(M).max(),
            lambda M: (1 + M / max(M.max(), -M.min())) / 2,
        ],
        "wrong": {
            "stretched": lambda M: (M - M.min()) / np.ptp(M),
            "by the largest value": lambda M: 0.5 + 0.5 * M / M.max(),
            "each channel by itself": lambda M: 0.5 + 0.5 * M / np.abs(M).max(axis=(1, 2), keepdims=True),
            "magnitudes": lambda M: np.abs(M) / np.abs(M).max(),
            "not halved": lambda M: 0.5 + M / np.abs(M).max(),
            "upside down": lambda M: 0.5 - 0.5 * M / np.abs(M).max(),
        },
    },
}
