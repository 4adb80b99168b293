"""Lesson 16: right solutions, and wrong ones of the right shape."""

from math import prod

import numpy as np


def kernel(W, *axes):
    """Any reordering, in the right shape even where the axes would not fit."""
    F, C, kh, kw = W.shape[3], W.shape[2], W.shape[0], W.shape[1]
    return W.transpose(axes).reshape(F, C, kh, kw)


def einsum_fc6(W, h, w):
    return np.einsum("ijkn->nkij", W.reshape(h, w, -1, W.shape[1])).reshape(W.shape[1], -1)


def row_by_row(W, h, w):
    C = len(W) // (h * w)
    order = [(i * w + j) * C + k for k in range(C) for i in range(h) for j in range(w)]
    return np.stack([W[r] for r in order], axis=1)


def fc6(W, h, w, *axes):
    C, F = len(W) // (h * w), W.shape[1]
    return W.reshape(h, w, C, F).transpose(axes).reshape(F, h * w * C)


def fold(W, b, mean, turn=True, times=255.0, sign=-1.0, mean_turned=False, summed=True):
    inside = W.sum(axis=(2, 3)) if summed else W.mean(axis=(2, 3))
    return times * (W[:, ::-1] if turn else W), b + sign * inside @ (mean[::-1] if mean_turned else mean)


def fold_slowly(W, b, mean):
    V, a = np.empty_like(W), b.copy()
    for n in range(len(W)):
        for k in range(3):
            V[n, 2 - k] = 255 * W[n, k]
            a[n] -= mean[k] * W[n, k].sum()
    return V, a


def share(shapes, test=lambda s: len(s) == 4, of=prod):
    return sum(of(s) for s in shapes.values() if test(s)) / sum(of(s) for s in shapes.values())


def counted(shapes):
    total = inside = 0
    for shape in shapes.values():
        total += np.zeros(shape).size
        inside += np.zeros(shape).size * (len(shape) > 2)
    return inside / total


SOLUTIONS = {
    "16.1": {
        "right": [
            lambda W: W.transpose(3, 2, 0, 1),
            lambda W: np.moveaxis(np.moveaxis(W, -1, 0), -1, 1),
        ],
        "wrong": {
            "all axes turned round": lambda W: kernel(W, 3, 2, 1, 0),
            "only reshaped": lambda W: kernel(W, 0, 1, 2, 3),
            "filters and channels exchanged": lambda W: kernel(W, 2, 3, 0, 1),
            "kernel turned by half a turn": lambda W: W.transpose(3, 2, 0, 1)[:, :, ::-1, ::-1],
            "channels turned round": lambda W: W.transpose(3, 2, 0, 1)[:, ::-1],
            "sign": lambda W: -W.transpose(3, 2, 0, 1),
        },
    },
    "16.2": {
        "right": [einsum_fc6, row_by_row],
        "wrong": {
            "transposed only": lambda W, h, w: W.T,
            "reshaped only": lambda W, h, w: W.reshape(W.shape[1], -1),
            "places transposed": lambda W, h, w: fc6(W, h, w, 3, 2, 1, 0),
            "channels in the middle": lambda W, h, w: fc6(W, h, w, 3, 0, 2, 1),
            "filters last": lambda W, h, w: fc6(W, h, w, 2, 0, 1, 3),
            "places back to front": lambda W, h, w: fc6(W[::-1], h, w, 3, 2, 0, 1),
        },
    },
    "16.3": {
        "right": [fold, fold_slowly],
        "wrong": {
            "colours not exchanged": lambda W, b, mean: fold(W, b, mean, turn=False),
            "mean added": lambda W, b, mean: fold(W, b, mean, sign=1.0),
            "not scaled": lambda W, b, mean: fold(W, b, mean, times=1.0),
            "mean scaled, too": lambda W, b, mean: fold(W, b, mean, sign=-255.0),
            "mean exchanged, too": lambda W, b, mean: fold(W, b, mean, mean_turned=True),
            "mean over the kernel": lambda W, b, mean: fold(W, b, mean, summed=False),
            "bias forgotten": lambda W, b, mean: fold(W, 0 * b, mean),
            "divided by 255": lambda W, b, mean: fold(W, b, mean, times=1 / 255),
        },
    },
    "16.4": {
        "right": [share, counted],
        "wrong": {
            "counts arrays": lambda s: share(s, of=lambda shape: 1),
            "with the biases of convolutions": lambda s: (
                sum(prod(v) for k, v in s.items() if "conv" in k) / sum(map(prod, s.values()))
            ),
            "of the linear layers": lambda s: share(s, test=lambda shape: len(shape) == 2),
            "sum of the sizes": lambda s: share(s, of=sum),
            "over the rest": lambda s: share(s) / (1 - share(s)),
            "filters and channels only": lambda s: share(s, of=lambda shape: prod(shape[:2])),
        },
    },
}
