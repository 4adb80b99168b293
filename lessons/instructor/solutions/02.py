"""Lesson 2: right solutions, and wrong ones of the right shape."""

import numpy as np


def stamps(gy, W, s=1, size=None):
    """One stamp per output."""
    (h, w), (kh, kw) = gy.shape, W.shape
    g = np.zeros(size or (h + kh - 1, w + kw - 1))
    for i, j in np.ndindex(h, w):
        g[s * i : s * i + kh, s * j : s * j + kw] += gy[i, j] * W
    return g


def collected(gy, W):
    """Every pixel collects, from the padded signal, with the kernel turned."""
    (kh, kw), turned = W.shape, W[::-1, ::-1]
    padded = np.pad(gy, ((kh - 1, kh - 1), (kw - 1, kw - 1)))
    return np.array(
        [
            [(padded[p : p + kh, q : q + kw] * turned).sum() for q in range(padded.shape[1] - kw + 1)]
            for p in range(padded.shape[0] - kh + 1)
        ]
    )


def windows(gy, x):
    (h, w), (H, B) = gy.shape, x.shape
    return np.array(
        [[(gy * x[u : u + h, v : v + w]).sum() for v in range(B - w + 1)] for u in range(H - h + 1)]
    )


def einsum_windows(gy, x):
    kernel = (x.shape[0] - gy.shape[0] + 1, x.shape[1] - gy.shape[1] + 1)
    return np.einsum("ij,ijuv->uv", gy, np.lib.stride_tricks.sliding_window_view(x, kernel))


def spread(gy, s):
    """The signal with s - 1 zeros between its values."""
    wide = np.zeros(((gy.shape[0] - 1) * s + 1, (gy.shape[1] - 1) * s + 1))
    wide[::s, ::s] = gy
    return wide


def strided_by_spreading(gy, W, s, size):
    g, small = np.zeros(size), collected(spread(gy, s), W)
    g[: small.shape[0], : small.shape[1]] = small
    return g


def channels(gy, W):
    return np.array([sum(stamps(gy[f], W[f, c]) for f in range(len(W))) for c in range(W.shape[1])])


def channels_by_taps(gy, W):
    (_, h, w), (_, C, kh, kw) = gy.shape, W.shape
    g = np.zeros((C, h + kh - 1, w + kw - 1))
    for u, v in np.ndindex(kh, kw):
        g[:, u : u + h, v : v + w] += np.tensordot(W[:, :, u, v].T, gy, 1)
    return g


def overwritten(gy, W, s, size):  # shows where stamps overlap, as with stride 2
    g, (kh, kw) = np.zeros(size), W.shape
    for i, j in np.ndindex(gy.shape):
        g[s * i : s * i + kh, s * j : s * j + kw] = gy[i, j] * W
    return g


def dilated(gy, W, s, size):
    g, (h, w) = np.zeros(size), gy.shape
    for u, v in np.ndindex(W.shape):
        for i, j in np.ndindex(h, w):
            p, q = i + s * u, j + s * v
            if p < size[0] and q < size[1]:
                g[p, q] += W[u, v] * gy[i, j]
    return g


SOLUTIONS = {
    "2.1": {
        "right": [
            stamps,
            collected,
            lambda gy, W: stamps(gy.astype(np.float32), W.astype(np.float32)).astype(np.float32),
        ],
        "wrong": {
            "kernel turned": lambda gy, W: stamps(gy, W[::-1, ::-1]),
            "sign": lambda gy, W: -stamps(gy, W),
            "rows turned": lambda gy, W: stamps(gy, W[::-1]),
            "columns turned": lambda gy, W: stamps(gy, W[:, ::-1]),
            "off by one": lambda gy, W: np.roll(stamps(gy, W), 1, axis=0),
            "signal turned": lambda gy, W: stamps(gy[::-1, ::-1], W),
            "signal's magnitude": lambda gy, W: stamps(np.abs(gy), W),
            "averaged": lambda gy, W: stamps(gy, W) / W.size,
        },
    },
    "2.2": {
        "right": [windows, einsum_windows],
        "wrong": {
            "turned": lambda gy, x: windows(gy, x)[::-1, ::-1],
            "sign": lambda gy, x: -windows(gy, x),
            "signal turned": lambda gy, x: windows(gy[::-1, ::-1], x),
            "picture turned": lambda gy, x: windows(gy, x[::-1, ::-1]),
            "averaged": lambda gy, x: windows(gy, x) / gy.size,
            "one window only": lambda gy, x: gy[0, 0] * x[:3, :2],
            "off by one": lambda gy, x: np.roll(windows(gy, x), 1, axis=0),
        },
    },
    "2.3": {
        "right": [stamps, strided_by_spreading],
        "wrong": {
            "stride forgotten": lambda gy, W, s, size: stamps(gy, W, 1, size),
            "kernel turned": lambda gy, W, s, size: stamps(gy, W[::-1, ::-1], s, size),
            "sign": lambda gy, W, s, size: -stamps(gy, W, s, size),
            "off by one": lambda gy, W, s, size: np.roll(stamps(gy, W, s, size), 1, axis=1),
            "last stamp wins": overwritten,
            "divided by the stride": lambda gy, W, s, size: stamps(gy, W, s, size) / s**2,
            "stride of the kernel": dilated,
        },
    },
    "2.4": {
        "right": [channels, channels_by_taps],
        "wrong": {
            "filters and channels exchanged": lambda gy, W: channels(gy, W.swapaxes(0, 1)),
            "kernels turned": lambda gy, W: channels(gy, W[..., ::-1, ::-1]),
            "one filter only": lambda gy, W: channels(gy[:1], W[:1]),
            "sign": lambda gy, W: -channels(gy, W),
            "mean over filters": lambda gy, W: channels(gy, W) / len(W),
            "channels in reverse": lambda gy, W: channels(gy, W)[::-1],
            "signals summed first": lambda gy, W: channels(np.broadcast_to(gy.sum(0), gy.shape), W),
        },
    },
}
