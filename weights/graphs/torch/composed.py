"""Calls that are several of our operations, or depend on the shape of what arrives."""

import numpy as np

import minicnn as m


def windows(n, N):
    """R (N, n): row i averages the values floor(i n/N) .. ceil((i+1) n/N) - 1, PyTorch's adaptive windows."""
    R = np.zeros((N, n))
    for i in range(N):
        first, end = i * n // N, -(-(i + 1) * n // N)
        R[i, first:end] = 1 / (end - first)
    return R


class AdaptiveAvgPool(m.Op):
    """y = the mean of each of (h, w) windows that share the picture out: y = R x C^T.  x (N, C, H, W) -> y (N, C, h, w)"""

    def __init__(self, size):
        self.size = size

    def forward(self, x):
        self.R, self.C = (windows(n, N).astype(x.dtype) for n, N in zip(x.shape[-2:], self.size))
        return self.R @ x @ self.C.T

    def gx(self, gy):
        return self.R.T @ gy @ self.C


def adaptive_average(result, x, size):
    size = tuple(size) if len(size) == 2 else (size[0], size[0])
    yield lambda: AdaptiveAvgPool(size), [x], result


def transpose(result, x, a, b):
    class Exchange(m.Op):
        """y = x with two axes exchanged."""

        def forward(self, x):
            self.axes = tuple(i % x.ndim - x.ndim for i in (a, b))
            return x.swapaxes(*self.axes)

        def gx(self, gy):
            return gy.swapaxes(*self.axes)

    yield Exchange, [x], result


class Resized(m.Op):
    """y = x with axes of size one put in or left out."""

    def __init__(self, shape):
        self.shape = shape

    def forward(self, x):
        self.before = x.shape
        y = x.reshape(self.shape(x.shape))
        self.after = y.ndim
        return y

    def gx(self, gy):
        return gy.reshape((*gy.shape[: gy.ndim - self.after], *self.before))


def squeeze(result, x, axes=None):
    given = None if axes is None else [axes] if np.ndim(axes) == 0 else list(axes)
    drop = lambda s: [
        i for i, n in enumerate(s) if n == 1 and (given is None or i in [g % len(s) for g in given])
    ]
    yield lambda: Resized(lambda s: [n for i, n in enumerate(s) if i not in drop(s)]), [x], result


def unsqueeze(result, x, axis):
    def shape(s):
        at = axis % (len(s) + 1)
        return [*s[:at], 1, *s[at:]]

    yield lambda: Resized(shape), [x], result


def matrix_transpose(result, x):
    yield lambda: m.Transpose((1, 0)), [x], result


def split(results, x, size, axis=0):
    """One slice for each part that is used."""
    sizes, at = size if isinstance(size, list) else [size] * len(results), 0
    for part, n in zip(results, sizes):
        yield lambda at=at, n=n: m.Slice(*[slice(None)] * axis, slice(at, at + n)), [x], part
        at += n


COMPOSED = {
    "_adaptive_avg_pool2d": adaptive_average, "adaptive_avg_pool2d": adaptive_average, "transpose": transpose, "t": matrix_transpose,
    "squeeze": squeeze, "unsqueeze": unsqueeze,
}  # fmt: skip
