"""Lesson 3: right solutions, and wrong ones of the right shape."""

import numpy as np


def blocks(x):
    """(H, W) -> (4, H/2, W/2): what each tap sees."""
    return np.stack([x[u::2, v::2] for u in (0, 1) for v in (0, 1)])


def windows_of(x):
    H, W = x.shape
    return x.reshape(H // 2, 2, W // 2, 2).transpose(0, 2, 1, 3).reshape(H // 2, W // 2, 4)


def by_blocks(x):
    return blocks(x).max(axis=0), blocks(x).argmax(axis=0)


def by_windows(x):
    return windows_of(x).max(-1), windows_of(x).argmax(-1)


def last_tie(x):
    return blocks(x).max(axis=0), 3 - blocks(x)[::-1].argmax(axis=0)


def route(gy, switches):
    g = np.zeros((2 * gy.shape[0], 2 * gy.shape[1]))
    for i, j in np.ndindex(gy.shape):
        g[2 * i + switches[i, j] // 2, 2 * j + switches[i, j] % 2] = gy[i, j]
    return g


def route_by_kron(gy, switches):
    return sum(np.kron(gy * (switches == t), np.eye(4)[t].reshape(2, 2)) for t in range(4))


def overlapping(x, gy, k, s, put=lambda g, at, signal: g[at] + signal, first=np.argmax):
    g = np.zeros(x.shape)
    for i, j in np.ndindex(gy.shape):
        window = x[s * i : s * i + k, s * j : s * j + k]
        u, v = np.unravel_index(first(window), window.shape)
        at = (s * i + u, s * j + v)
        g[at] = put(g, at, gy[i, j])
    return g


def overlapping_by_comparison(x, gy, k, s):
    g, (h, w) = np.zeros(x.shape), gy.shape
    y = np.max(
        [x[u : u + (h - 1) * s + 1 : s, v : v + (w - 1) * s + 1 : s] for u in range(k) for v in range(k)],
        axis=0,
    )
    for u, v in np.ndindex(k, k):
        at = np.s_[u : u + (h - 1) * s + 1 : s, v : v + (w - 1) * s + 1 : s]
        g[at] += gy * (x[at] == y)
    return g


def spread(gy):
    return np.kron(gy, np.ones((2, 2)))


SOLUTIONS = {
    "3.1": {
        "right": [by_blocks, by_windows],
        "wrong": {
            "minima": lambda x: (blocks(x).min(axis=0), blocks(x).argmin(axis=0)),
            "last tap in a tie": last_tie,
            "taps column by column": lambda x: (
                by_blocks(x)[0],
                blocks(x)[[0, 2, 1, 3]].argmax(axis=0),
            ),
            "mean": lambda x: (blocks(x).mean(axis=0), by_blocks(x)[1]),
            "largest magnitude": lambda x: (
                np.abs(blocks(x)).max(axis=0),
                np.abs(blocks(x)).argmax(axis=0),
            ),
            "switches from 1": lambda x: (by_blocks(x)[0], by_blocks(x)[1] + 1),
            "after a ReLU": lambda x: by_blocks(np.maximum(x, 0)),
        },
    },
    "3.2": {
        "right": [route, route_by_kron],
        "wrong": {
            "rows and columns of the tap exchanged": lambda gy, s: route(gy, 2 * (s % 2) + s // 2),
            "to all four": lambda gy, s: spread(gy),
            "switches ignored": lambda gy, s: route(gy, 0 * s),
            "sign": lambda gy, s: -route(gy, s),
            "off by one": lambda gy, s: np.roll(route(gy, s), 1, axis=1),
            "positive signals only": lambda gy, s: route(np.maximum(gy, 0), s),
            "switches from the end": lambda gy, s: route(gy, 3 - s),
        },
    },
    "3.3": {
        "right": [overlapping, overlapping_by_comparison],
        "wrong": {
            "writes instead of adding": lambda x, gy, k, s: overlapping(
                x, gy, k, s, put=lambda g, at, signal: signal
            ),
            "minima": lambda x, gy, k, s: overlapping(x, gy, k, s, first=np.argmin),
            "largest magnitude": lambda x, gy, k, s: overlapping(
                x, gy, k, s, first=lambda w: np.abs(w).argmax()
            ),
            "sign": lambda x, gy, k, s: -overlapping(x, gy, k, s),
            "stride forgotten": lambda x, gy, k, s: (
                overlapping(x, gy, k, 1 if s > 1 else 2) if s > 1 else -overlapping(x, gy, k, s)
            ),
            "first tap always": lambda x, gy, k, s: overlapping(x, gy, k, s, first=lambda w: 0),
            "window one too small": lambda x, gy, k, s: overlapping(x, gy, k - 1, s),
        },
    },
    "3.4": {
        "right": [
            lambda gy: spread(gy) / 4,
            lambda gy: gy.repeat(2, axis=0).repeat(2, axis=1) * 0.25,
        ],
        "wrong": {
            "not divided": spread,
            "divided by 2": lambda gy: spread(gy) / 2,
            "sign": lambda gy: -spread(gy) / 4,
            "tiled": lambda gy: np.tile(gy, (2, 2)) / 4,
            "to the first tap": lambda gy: np.kron(gy, np.array([[1, 0], [0, 0]])),
            "mean of all signals": lambda gy: np.full((2 * len(gy), 2 * gy.shape[1]), gy.mean() / 4),
        },
    },
}
