"""Lesson 2: the truth is a central difference of a convolution written as six nested
sums.
"""

import numpy as np

from lessons.exercises import central, exercise


def conv(x, W, s=1):
    """x (C, H, W), W (F, C, kh, kw) -> (F, h, w), number by number."""
    (F, C, kh, kw), (_, H, B) = W.shape, x.shape
    y = np.zeros((F, (H - kh) // s + 1, (B - kw) // s + 1))
    for f, i, j in np.ndindex(y.shape):
        for c, u, v in np.ndindex(C, kh, kw):
            y[f, i, j] += W[f, c, u, v] * x[c, s * i + u, s * j + v]
    return y


@exercise(
    "2.1",
    "the stamps of a kernel",
    "start with zeros; for every tap (u, v), add W[u, v] * gy at rows u: u + h, "
    "columns v: v + w",
)
def conv_gx(f, random):
    gy, W = random.normal(size=(3, 4)), random.normal(size=(3, 2))
    truth = central(lambda x: conv(x[None], W[None, None])[0], np.zeros((5, 5)), gy)
    yield "gx", f(gy, W), truth


@exercise(
    "2.2",
    "the windows on the kernel",
    "gW[u, v] is the sum of gy times the picture as tap (u, v) sees it, x[u: u + h, "
    "v: v + w]",
)
def conv_gW(f, random):
    gy, x = random.normal(size=(3, 4)), random.normal(size=(5, 5))
    yield (
        "gW",
        f(gy, x),
        central(lambda W: conv(x[None], W[None, None])[0], np.zeros((3, 2)), gy),
    )


@exercise(
    "2.3",
    "stamps with a stride",
    "tap (u, v) of output (i, j) is the pixel (s i + u, s j + v): a slice with step s",
)
def strided_gx(f, random):
    gy, W, size = random.normal(size=(2, 3)), random.normal(size=(3, 3)), (6, 8)
    yield (
        "gx",
        f(gy, W, 2, size),
        central(lambda x: conv(x[None], W[None, None], 2)[0], np.zeros(size), gy),
    )
    gy = random.normal(size=(2, 2))
    yield (
        "gx, stride 3",
        f(gy, W[:2], 3, (6, 6)),
        central(lambda x: conv(x[None], W[None, None, :2], 3)[0], np.zeros((6, 6)), gy),
    )


@exercise(
    "2.4",
    "stamps on all channels",
    "channel c of the picture collects from every filter f, through W[f, c]: sum over "
    "f, not over c",
)
def channels_gx(f, random):
    gy, W = random.normal(size=(3, 3, 2)), random.normal(size=(3, 3, 2, 2))
    yield "gx", f(gy, W), central(lambda x: conv(x, W), np.zeros((3, 4, 3)), gy)
