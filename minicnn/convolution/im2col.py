"""Convolution as one matrix product over unrolled windows (Chellapilla et al. 2006): any stride, padding, dilation; one group, any dtype.

Every window of the input becomes a column of  B[(u, v, c), (n, i, j)] = x[n, c, stride*i + dilation*u - pad, stride*j + dilation*v - pad]:

    y = W B        gW = gy B^T        gx = the windows of  W^T gy  put back where they were taken from

or, where the stride is 1, gx is a convolution with the kernel turned round.  Windows are taken in blocks that stay in cache, so B never
exists as a whole.  Arrays returned lie in memory as (N, h, w, F).
"""

import numpy as np

from minicnn.convolution import taps
from minicnn.convolution.taps import Geometry
from minicnn.device import block_size, workspace

BLOCK = 1 << 19  # numbers in one block of B: 2 MiB in float32, more on a GPU


def forward(x, W, geometry):
    """x (N, C, H, W), W (F, C, kh, kw) -> y (N, F, h, w), without the bias."""
    N, (F, _, *kernel) = len(x), W.shape
    h, w = geometry.windows(x.shape[-2:], kernel)
    Wk = W.transpose(2, 3, 1, 0).reshape(-1, F)
    y = np.empty_like(x, shape=(N * h * w, F), order="C")
    for windows, B in _blocks(x, kernel, geometry, h, w):
        np.matmul(B.T, Wk, out=y[windows])
    return y.reshape(N, h, w, F).transpose(0, 3, 1, 2)


def gx(gy, W, size, geometry):
    """gy (N, F, h, w), W (F, C, kh, kw), size (H, W) of x -> gx (N, C, H, W)."""
    span = [d * (k - 1) for k, d in zip(W.shape[-2:], geometry.dilation)]
    (top, _), (left, _) = geometry.pad
    if geometry.stride != (1, 1) or top > span[0] or left > span[1]:
        return taps.gx(gy, W, size, geometry)
    around = [(s - p, n - (h - p)) for n, h, s, (p, _) in zip(size, gy.shape[-2:], span, geometry.pad)]
    return forward(gy, W[:, :, ::-1, ::-1].swapaxes(0, 1), Geometry(1, around, geometry.dilation))


def gW(gy, x, kernel, geometry):
    """gy (N, F, h, w), x (N, C, H, W), kernel (kh, kw) -> gW (F, C, kh, kw), summed over the batch."""
    (_, F, h, w), C = gy.shape, x.shape[1]
    rows = gy.transpose(0, 2, 3, 1).reshape(-1, F)
    g = np.zeros_like(gy, shape=(kernel[0] * kernel[1] * C, F))
    for windows, B in _blocks(x, kernel, geometry, h, w):
        g += B @ rows[windows]
    return g.reshape(*kernel, C, F).transpose(3, 2, 0, 1).copy()


def _blocks(x, kernel, geometry, h, w):
    """Yield (slice of the windows (n, i, j), B (kh*kw*C, windows)), block by block."""
    N, C = x.shape[:2]
    kh, kw = kernel
    rows = max(1, block_size(BLOCK, x) // (kh * kw * C * w))  # of windows, in one block
    together, rows = max(1, rows // h), min(rows, h)
    pixels_last = x.strides[-1] == x.itemsize
    for n in range(0, N, together):
        part = x[n : n + together]
        padded = geometry.padded(part, kernel, (h, w)).transpose(1, 0, 2, 3)
        for start in range(0, h, rows):
            count, pictures = min(rows, h - start), len(part)
            if pixels_last:
                B = workspace("B", (kh, kw, C, pictures, count, w), x)
            else:
                B = workspace("B", (pictures, count, w, kh, kw, C), x).transpose(3, 4, 5, 0, 1, 2)
            seen = padded[:, :, start * geometry.stride[0] :]
            for u, v, at in geometry.taps(kernel, (count, w)):
                B[u, v] = seen[at]
            first = (n * h + start) * w
            yield slice(first, first + pictures * count * w), B.reshape(kh * kw * C, -1)
