"""Lesson 9: right solutions, and wrong ones of the right shape."""

import numpy as np


def stamps(g, W):
    """Every filter stamps its kernel."""
    (_, h, w), (kh, kw) = g.shape, W.shape[-2:]
    M = np.zeros((h + kh - 1, w + kw - 1))
    for u, v in np.ndindex(kh, kw):
        M[u : u + h, v : v + w] += np.tensordot(W[:, 0, u, v], g, 1)
    return M


def parts(g, W):
    return stamps(g, np.maximum(W, 0)), stamps(g, np.minimum(W, 0))


def parts_by_magnitude(g, W):
    M, size = stamps(g, W), stamps(g, np.abs(W))
    return (size + M) / 2, (M - size) / 2


def moved(f, x, pixels, h, up=1.0, down=1.0, divide=2.0):
    return (f(x + up * h * pixels) - f(x - down * h * pixels)) / (divide * h)


def one_by_one(f, x, pixels, h):
    """Two pictures, made pixel by pixel."""
    brighter, darker = x.copy(), x.copy()
    for at in zip(*np.nonzero(pixels)):
        brighter[at] += h
        darker[at] -= h
    return (f(brighter) - f(darker)) / (h + h)


SOLUTIONS = {
    "9.1": {
        "right": [parts, parts_by_magnitude],
        "wrong": {
            "positive and negative pixels": lambda g, W: (
                np.maximum(stamps(g, W), 0),
                np.minimum(stamps(g, W), 0),
            ),
            "exchanged": lambda g, W: parts(g, W)[::-1],
            "negative part with its sign lost": lambda g, W: (
                parts(g, W)[0],
                -parts(g, W)[1],
            ),
            "kernel turned": lambda g, W: parts(g, W[..., ::-1, ::-1]),
            "by the sign of a whole filter": lambda g, W: tuple(
                stamps(g, W * (s * W.sum(axis=(1, 2, 3), keepdims=True) > 0)) for s in (1, -1)
            ),
            "first filter only": lambda g, W: parts(g[:1], W[:1]),
            "mean over filters": lambda g, W: tuple(p / len(W) for p in parts(g, W)),
        },
    },
    "9.2": {
        "right": [moved, one_by_one],
        "wrong": {
            "all pixels": lambda f, x, pixels, h: moved(f, x, np.ones_like(pixels), h),
            "the other pixels": lambda f, x, pixels, h: moved(f, x, ~pixels, h),
            "sign": lambda f, x, pixels, h: -moved(f, x, pixels, h),
            "divided by h": lambda f, x, pixels, h: moved(f, x, pixels, h, divide=1.0),
            "one-sided": lambda f, x, pixels, h: moved(f, x, pixels, h, down=0.0, divide=1.0),
            "mean over pixels": lambda f, x, pixels, h: (
                moved(f, x, pixels, h) / pixels.sum() if pixels.sum() > 1 else 0.0
            ),
            "times instead of plus": lambda f, x, pixels, h: (
                (f(x * (1 + h * pixels)) - f(x * (1 - h * pixels))) / (2 * h)
            ),
        },
    },
    "9.3": {
        "right": [
            lambda map, mask: np.minimum(map, 0)[mask].sum() / np.minimum(map, 0).sum(),
            lambda map, mask: np.abs(map[(map < 0) & mask]).sum() / np.abs(map[map < 0]).sum(),
        ],
        "wrong": {
            "counts pixels": lambda map, mask: ((map < 0) & mask).sum() / (map < 0).sum(),
            "positive mass": lambda map, mask: np.maximum(map, 0)[mask].sum() / np.maximum(map, 0).sum(),
            "all mass": lambda map, mask: np.abs(map)[mask].sum() / np.abs(map).sum(),
            "of the magnitude": lambda map, mask: np.minimum(map, 0)[mask].sum() / -np.abs(map).sum(),
            "outside": lambda map, mask: np.minimum(map, 0)[~mask].sum() / np.minimum(map, 0).sum(),
            "of the mask's mass": lambda map, mask: (
                -np.minimum(map, 0)[mask].sum() / np.abs(map)[mask].sum() * 0.999
            ),
            "sign": lambda map, mask: -np.minimum(map, 0)[mask].sum() / np.minimum(map, 0).sum(),
        },
    },
}
