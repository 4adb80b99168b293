"""Lesson 14: right solutions, and wrong ones of the right shape."""

import numpy as np


def counts(size, k, s):
    return [(n - k) // s + 1 for n in size]


def occlusion(f, p, k, s, fill, width=None, shift=0, sign=1):
    falls = np.zeros(counts(p.shape, k, s))
    for i, j in np.ndindex(falls.shape):
        q = p.copy()
        q[s * i + shift : s * i + shift + k, s * j : s * j + (width or k)] = fill
        falls[i, j] = sign * (f(p) - f(q))
    return falls


def occlusion_by_masks(f, p, k, s, fill):
    rows, columns = (np.arange(0, n - k + 1, s) for n in p.shape)
    u, v = np.indices(p.shape)
    masks = [[(u >= i) & (u < i + k) & (v >= j) & (v < j + k) for j in columns] for i in rows]
    return f(p) - np.array([[f(np.where(mask, fill, p)) for mask in row] for row in masks])


def accumulate(f, p, k, s, fill):
    falls, q = np.zeros(counts(p.shape, k, s)), p.copy()
    for i, j in np.ndindex(falls.shape):
        q[s * i : s * i + k, s * j : s * j + k] = fill
        falls[i, j] = f(p) - f(q)
    return falls


def spread(falls, size, k, s, mean=True, write=False):
    total, count = np.zeros(size), np.zeros(size)
    for i, j in np.ndindex(falls.shape):
        at = np.s_[s * i : s * i + k, s * j : s * j + k]
        total[at] = falls[i, j] if write else total[at] + falls[i, j]
        count[at] += 1
    return total / np.maximum(count, 1) if mean else total


def spread_by_matrices(falls, size, k, s):
    R = [
        np.array([[float(s * i <= u < s * i + k) for i in range(m)] for u in range(n)])
        for n, m in zip(size, falls.shape)
    ]
    count = np.outer(R[0].sum(1), R[1].sum(1))
    return np.divide(R[0] @ falls @ R[1].T, count, out=np.zeros(size), where=count > 0)


def nearest(falls, size, k, s):
    H, W = s * falls.shape[0], s * falls.shape[1]
    return np.pad(np.kron(falls, np.ones((s, s))), [(0, size[0] - H), (0, size[1] - W)])


SOLUTIONS = {
    "14.1": {
        "right": [occlusion, occlusion_by_masks],
        "wrong": {
            "rises": lambda *a: occlusion(*a, sign=-1),
            "covered pixels stay covered": accumulate,
            "filled with 0": lambda f, p, k, s, fill: occlusion(f, p, k, s, 0.0),
            "filled with the mean": lambda f, p, k, s, fill: occlusion(f, p, k, s, p.mean()),
            "off by one": lambda *a: occlusion(*a, shift=1),
            "window too narrow": lambda f, p, k, s, fill: occlusion(f, p, k, s, fill, width=k - 1),
            "the score itself": lambda f, p, k, s, fill: f(p) - occlusion(f, p, k, s, fill),
        },
    },
    "14.2": {
        "right": [spread, spread_by_matrices],
        "wrong": {
            "sum": lambda *a: spread(*a, mean=False),
            "last window wins": lambda *a: spread(*a, mean=False, write=True),
            "divided by the window": lambda f, size, k, s: spread(f, size, k, s, mean=False) / k**2,
            "sign": lambda *a: -spread(*a),
            "nearest window": nearest,
            "stride of the window": lambda f, size, k, s: spread(f, size, k - 1, s),
            "off by one": lambda *a: np.roll(spread(*a), 1, axis=0),
        },
    },
    "14.3": {
        "right": [
            lambda H, W, k, s: np.prod(counts((H, W), k, s)) + 1,
            lambda H, W, k, s: len(range(0, H - k + 1, s)) * len(range(0, W - k + 1, s)) + 1,
        ],
        "wrong": {
            "without the picture": lambda H, W, k, s: np.prod(counts((H, W), k, s)),
            "one window too few": lambda H, W, k, s: ((H - k) // s) * ((W - k) // s) + 1,
            "every pixel": lambda H, W, k, s: (H - k + 1) * (W - k + 1) + 1,
            "windows that stick out": lambda H, W, k, s: ((H - k) / s + 1) * ((W - k) / s + 1) + 1,
            "tiles": lambda H, W, k, s: (H // k) * (W // k) + 1,
            "H twice": lambda H, W, k, s: counts((H, W), k, s)[0] ** 2 + 1 if H // s != W // s else 0,
            "sum instead of product": lambda H, W, k, s: sum(counts((H, W), k, s)) + 1,
        },
    },
}
