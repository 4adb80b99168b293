"""Lesson 20: right solutions, and wrong ones of the right shape."""

from math import ceil

import numpy as np


def winograd(d, g):
    half = (g[0] + g[2]) / 2
    m1, m2 = (d[0] - d[2]) * g[0], (d[1] + d[2]) * (half + g[1] / 2)
    m3, m4 = (d[2] - d[1]) * (half - g[1] / 2), (d[1] - d[3]) * g[2]
    return [m1 + m2 + m3, m2 - m3 - m4]


def winograd_by_matrices(d, g):
    B = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], object)
    G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], object)
    A = np.array([[1, 1, 1, 0], [0, 1, -1, -1]], object)
    return A @ ((G @ np.array(g, object)) * (B @ np.array(d, object)))


def changed(half=2, signs=(1, 1, 1), last=1):
    def f(d, g):
        m1, m2 = (d[0] - d[2]) * g[0], (d[1] + d[2]) * ((g[0] + g[1] + g[2]) / half)
        m3, m4 = (d[2] - d[1]) * ((g[0] - g[1] + g[2]) / half), (d[1] - d[3]) * g[2]
        return [m1 + m2 * signs[0] + m3 * signs[1], m2 - m3 * signs[2] - m4 * last]

    return f


def tiles(h, w, m):
    return len(range(0, h, m)) * len(range(0, w, m)) * (m + 2) ** 2


SOLUTIONS = {
    "20.1": {
        "right": [winograd, winograd_by_matrices],
        "wrong": {
            "six products": lambda d, g: [sum(d[i + u] * g[u] for u in range(3)) for i in range(2)],
            "not halved": changed(half=1),
            "m3 with the other sign": changed(signs=(1, -1, 1)),
            "m4 added": changed(last=-1),
            "m3 added to y1": changed(signs=(1, 1, -1)),
            "outputs exchanged": lambda d, g: winograd(d, g)[::-1],
            "kernel turned round": lambda d, g: winograd(d, g[::-1]),
        },
    },
    "20.2": {
        "right": [
            tiles,
            lambda h, w, m: ceil(h / m) * ceil(w / m) * (m * m + 4 * m + 4),
        ],
        "wrong": {
            "tiles that fit": lambda h, w, m: (h // m) * (w // m) * (m + 2) ** 2,
            "parts of tiles": lambda h, w, m: h * w / m**2 * (m + 2) ** 2,
            "outputs for inputs": lambda h, w, m: ceil(h / m) * ceil(w / m) * m**2,
            "of all at once": lambda h, w, m: ceil(h * w / m**2) * (m + 2) ** 2,
            "direct": lambda h, w, m: 9 * h * w,
            "one tile more": lambda h, w, m: (h // m + 1) * (w // m + 1) * (m + 2) ** 2,
        },
    },
    "20.3": {
        "right": [
            lambda a, b: ((a > 0) != (b > 0)).sum(),
            lambda a, b: int(np.abs(np.heaviside(a, 0) - np.heaviside(b, 0)).sum()),
        ],
        "wrong": {
            "open at 0": lambda a, b: ((a >= 0) != (b >= 0)).sum(),
            "signs": lambda a, b: (np.sign(a) != np.sign(b)).sum(),
            "product negative": lambda a, b: (a * b < 0).sum(),
            "values differ": lambda a, b: (a != b).sum(),
            "share": lambda a, b: ((a > 0) != (b > 0)).mean(),
            "opened only": lambda a, b: ((a <= 0) & (b > 0)).sum(),
        },
    },
}
