"""Convolution row by row: few long copies, then large matrix products.  Stride 1, no dilation, one group, any dtype; for batches.

The padded input is laid out as  B[h, v, c, n, j] = x[n, c, h - pad, j + v - pad]:  kw copies of it, one for each column v of the
kernel, the rows of the picture outermost.  The kh rows that an output row i sees are then neighbours in memory, a matrix of (u, v, c)
by (n, j), and one product makes the row without any further copy:

    y[i] = W B[i : i + kh]                    W as (F, kh*kw*C), y[i] as (F, N*w)

The way back to x is the same with the kernel turned round, W'[c,f,u,v] = W[f,c,kh-1-u,kw-1-v], padding k-1-pad.  The way back to W
sums over all rows at once if these stand behind the channels:  gW[u] = gy B_u^T,  gy as (F, h*N*w), B_u as (kw*C, h*N*w).

Results have the shape (N, F, h, w) and lie in memory in the order h, F, N, w; elementwise operations keep that order.
"""

import numpy as np

from minicnn.device import workspace

BLOCK = 1 << 20  # numbers in one block of B: 4 MiB in float32


def forward(x, W, geometry):
    """x (N, C, H, W), W (F, C, kh, kw) -> y (N, F, h, w), without the bias."""
    (top, _), (left, _) = geometry.pad
    return _correlate(x, W, geometry.windows(x.shape[-2:], W.shape[-2:]), top, left)


def gx(gy, W, size, geometry):
    """gy (N, F, h, w), W (F, C, kh, kw), size (H, W) of x -> gx (N, C, H, W)."""
    (top, _), (left, _) = geometry.pad
    kh, kw = W.shape[-2:]
    return _correlate(gy, W[:, :, ::-1, ::-1].swapaxes(0, 1), size, kh - 1 - top, kw - 1 - left)


def gW(gy, x, kernel, geometry):
    """gy (N, F, h, w), x (N, C, H, W), kernel (kh, kw) -> gW (F, C, kh, kw), summed over the batch."""
    (N, F, h, w), C, (kh, kw) = gy.shape, x.shape[1], kernel
    (top, _), (left, _) = geometry.pad
    g = np.zeros_like(gy, shape=(kh, F, kw * C))
    for part in _parts(N, kw * C * (h + kh - 1) * w):
        count = part.stop - part.start
        gy_rows = workspace("gy", (F, h, count, w), gy)
        gy_rows[:] = gy[part].transpose(1, 2, 0, 3)
        B = workspace("B", (kw, C, h + kh - 1, count, w), gy)
        _spread(x[part].transpose(1, 2, 0, 3), B, top, left)
        for u in range(kh):
            B_u = B[:, :, u : u + h].reshape(kw * C, h * count * w)
            g[u] += gy_rows.reshape(F, -1) @ B_u.T
    return np.ascontiguousarray(g.reshape(kh, F, kw, C).transpose(1, 3, 0, 2))


def _correlate(x, W, windows, top, left):
    """y[n,f,i,j] = sum_c,u,v W[f,c,u,v] x[n, c, i + u - top, j + v - left], zeros around x; i, j up to `windows`."""
    (N, C, *_), (F, _, kh, kw), (h, w) = x.shape, W.shape, windows
    by_rows = np.ascontiguousarray(W.transpose(0, 2, 3, 1)).reshape(F, kh * kw * C)
    y = np.empty_like(x, shape=(h, F, N * w))
    for part in _parts(N, kw * C * (h + kh - 1) * w):
        count = part.stop - part.start
        B = workspace("B", (h + kh - 1, kw, C, count, w), x)
        _spread(x[part].transpose(1, 2, 0, 3), B.transpose(1, 2, 0, 3, 4), top, left)
        for i in range(h):
            np.matmul(by_rows, B[i : i + kh].reshape(kh * kw * C, count * w), out=y[i, :, part.start * w : part.stop * w])
    return y.reshape(h, F, N, w).transpose(2, 1, 0, 3)


def _parts(N, numbers):
    """Cut N pictures of so many numbers each into blocks that stay in cache."""
    together = max(1, BLOCK // numbers)
    return [slice(n, min(n + together, N)) for n in range(0, N, together)]


def _spread(x, B, top, left):
    """B[v, c, h, n, j] = x[c, h - top, n, j + v - left], zeros where x has no such pixel."""
    (_, H, _, width), (rows, w) = x.shape, (B.shape[2], B.shape[4])
    first, last = max(0, top), min(rows, H + top)
    B[:, :, :first] = 0
    B[:, :, last:] = 0
    for v, shifted in enumerate(B[:, :, first:last]):
        start, stop = max(0, left - v), min(w, width + left - v)
        shifted[..., :start] = 0
        shifted[..., start:stop] = x[:, first - top : last - top, :, start + v - left : stop + v - left]
        shifted[..., stop:] = 0
