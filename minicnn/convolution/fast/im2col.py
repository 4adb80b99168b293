"""Convolution as one matrix product over unrolled windows (Chellapilla et al. 2006): any stride, padding,
dilation; one group, any dtype.

Every window of the input becomes a column of B (stride s, dilation d, pad p):

    B[(u, v, c), (n, i, j)] = x[n, c, s i + d u - p, s j + d v - p]

    y = W B        gW = gy B^T        gx = the columns of  W^T gy  added where their windows were taken from

or, where the stride is 1 and there are many channels, gx is a convolution with the kernel turned round,
which adds nothing in memory (in float64, turning so many weights costs more).  Windows are taken in blocks
that stay in cache, so B never exists as a whole.  B lies in memory with its pixels last if those of x do;
results lie as (N, h, w, F), pictures of a few colours as (N, C, H, W).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minicnn.convolution.fast.memory import empty_like, workspace
from minicnn.convolution.fast.threads import in_parallel, one_thread_each, product, shares
from minicnn.convolution.taps import Geometry
from minicnn.device import block_size
from minicnn.windows import cut_padding

BLOCK = 1 << 21  # numbers in one block of B: 8 MiB in float32, a fourth of them in float64, more on a GPU
SPARSE = 1 / 8  # of the filters
TERMS, SHARE = 64, 1 << 18  # terms of a product that are summed at once, and numbers of the result


def forward(x: np.ndarray, W: np.ndarray, geometry: Geometry, b: np.ndarray | None = None) -> np.ndarray:
    """x (N, C, H, W), W (F, C, kh, kw), b (F,) -> y (N, F, h, w)."""
    N, (F, _, *kernel) = len(x), W.shape
    h, w = geometry.windows(x.shape[-2:], kernel)
    if _is_product(kernel, geometry):
        y = _product(x, W.reshape(F, -1), _sum_in_shares)
        return y if b is None else np.add(y, b[:, None, None], out=y)
    as_they_lie = _lie_well(W, N * h * w)
    Wk = W.reshape(F, -1).T if as_they_lie else _taps_first(W)
    y = empty_like(x, shape=(N, h, w, F), order="C")
    padded = geometry.padded(x, kernel, (h, w))

    def compute(block):
        pictures, rows = block
        windows = _unrolled(padded[pictures], rows, kernel, geometry, w).T
        if as_they_lie:
            windows = windows.reshape(len(windows), -1, W.shape[1]).swapaxes(1, 2).reshape(windows.shape)
        y[block] = _sum_in_shares(windows, Wk).reshape(y[block].shape)
        if b is not None:
            y[block] += b

    in_parallel(compute, lambda threads: _blocks(x, kernel, h, w, threads=threads), x, y.size * len(Wk))
    return y.transpose(0, 3, 1, 2)


def gx(gy: np.ndarray, W: np.ndarray, size: Sequence[int], geometry: Geometry) -> np.ndarray:
    """gy (N, F, h, w), W (F, C, kh, kw), size (H, W) of x -> gx (N, C, H, W)."""
    gy, W = _with_signal(gy, W)
    F, C, *kernel = W.shape
    if _is_product(kernel, geometry):
        return _product(gy, W.reshape(F, C).T, np.matmul)  # rounding in the backward pass flips no gate
    span = [d * (k - 1) for k, d in zip(kernel, geometry.dilation)]
    (top, _), (left, _) = geometry.pad
    turned = geometry.stride == (1, 1) and 2 * C > F and W.dtype != np.float64
    if turned and top <= span[0] and left <= span[1]:
        around = [(s - p, n - (h - p)) for n, h, s, (p, _) in zip(size, gy.shape[-2:], span, geometry.pad)]
        return forward(gy, W[:, :, ::-1, ::-1].swapaxes(0, 1), Geometry(1, around, geometry.dilation))
    return _put_back(gy, W, size, geometry)


@one_thread_each
def gW(gy: np.ndarray, x: np.ndarray, kernel: Sequence[int], geometry: Geometry) -> np.ndarray:
    """gy (N, F, h, w), x (N, C, H, W), kernel (kh, kw) -> gW (F, C, kh, kw), summed over the batch."""
    (_, F, h, w), C = gy.shape, x.shape[1]
    signals = gy.transpose(0, 2, 3, 1)
    padded = geometry.padded(x, kernel, (h, w))
    g = np.zeros_like(gy, shape=(kernel[0] * kernel[1] * C, F))
    for pictures, rows in _blocks(x, kernel, h, w):
        g += _unrolled(padded[pictures], rows, kernel, geometry, w) @ signals[pictures, rows].reshape(-1, F)
    return g.reshape(*kernel, C, F).transpose(3, 2, 0, 1).copy()


def _is_product(kernel, geometry):
    """1x1, stride 1, no padding: every pixel by itself."""
    return tuple(kernel) == geometry.stride == (1, 1) and geometry.pad == ((0, 0), (0, 0))


def _product(x, W, multiply):
    """y[n,f,i,j] = sum_c W[f,c] x[n,c,i,j]"""
    (N, C, h, w), F = x.shape, len(W)
    if x.strides[1] == x.itemsize:
        y = product(x.transpose(0, 2, 3, 1).reshape(-1, C), W.T, multiply)
    else:
        y = np.stack([product(pixels.T, W.T, multiply) for pixels in x.reshape(N, C, h * w)])
    return y.reshape(N, h, w, F).transpose(0, 3, 1, 2)


def _lie_well(W, windows):
    """Whether weights meet their few windows as they lie, taps last, as turning so many would cost more; in
    float32 that would have other last bits."""
    return W.dtype == np.float64 and windows < len(W)


def _taps_first(W):
    """W (F, C, kh, kw) as (kh*kw*C, F)"""
    if W.dtype == np.float64:  # filter by filter stays in cache; float32 would have other last bits
        return W.transpose(0, 2, 3, 1).reshape(len(W), -1).T
    return W.transpose(2, 3, 1, 0).reshape(-1, len(W))


def _sum_in_shares(a, b, out=None):
    """a @ b, a sum of K terms, as a sum of sums of TERMS terms: half the rounding for K = 200, so fewer gates
    and switches flip.  float64 has digits to spare, and sums at once."""
    if a.dtype == np.float64:
        return np.matmul(a, b, out=out)
    (rows, K), pieces = a.shape, -(-len(b) // block_size(TERMS, a))
    y = np.empty_like(a, shape=(rows, b.shape[1]), order="C") if out is None else out
    cuts = shares(K, pieces)
    together = max(1, block_size(SHARE, a) // b.shape[1])
    for i in range(0, rows, together):
        part, yi = a[i : i + together], y[i : i + together]
        np.matmul(part[:, cuts[0]], b[cuts[0]], out=yi)
        for cut in cuts[1:]:
            yi += np.matmul(part[:, cut], b[cut], out=workspace("share", yi.shape, a))
    return y


def _with_signal(gy, W):
    """gy and W without the filters at which no signal arrives: behind a class's own map, all but one."""
    if (
        np.count_nonzero(gy[:, :, 0, 0]) > SPARSE * gy[:, :, 0, 0].size
    ):  # one pixel tells enough to save most others the look at all
        return gy, W
    signal = gy.any(axis=(0, 2, 3))
    return (gy[:, signal], W[signal]) if 0 < np.count_nonzero(signal) <= SPARSE * len(signal) else (gy, W)


def _put_back(gy, W, size, geometry):
    """One product for every block of windows, then a shifted sum per tap.

    Pixels are kept apart by their place modulo the stride: each tap adds to pixels of one kind only, and
    those are neighbours in memory.
    """
    (N, F, h, w), (_, C, kh, kw) = gy.shape, W.shape
    signals = gy.transpose(0, 2, 3, 1)
    (sh, sw), (dh, dw) = geometry.stride, geometry.dilation
    height, width = h + dh * (kh - 1) // sh, w + dw * (kw - 1) // sw
    channels_last = C >= 16
    as_they_lie = channels_last and _lie_well(W, h * w)
    if channels_last:
        apart = np.zeros_like(gy, shape=(N, sh, sw, height, width, C), order="C").transpose(0, 1, 2, 5, 3, 4)
    else:
        apart = np.zeros_like(gy, shape=(N, sh, sw, C, height, width), order="C")

    def compute(part):
        n, channels = part
        Wp = W[:, channels].reshape(F, -1) if as_they_lie else _taps_first(W[:, channels])
        for _, rows in _blocks(gy[n : n + 1], (kh, kw), h, w, C):
            signal, shape = signals[n, rows].reshape(-1, F), (rows.stop - rows.start, w)
            if as_they_lie:
                columns = (signal @ Wp).reshape(*shape, -1, kh, kw).transpose(3, 4, 2, 0, 1)
            elif channels_last:
                columns = (signal @ Wp.T).reshape(*shape, kh, kw, -1).transpose(2, 3, 4, 0, 1)
            else:
                columns = (Wp @ signal.T).reshape(kh, kw, -1, *shape)
            for u, v in np.ndindex(kh, kw):
                (i, a), (j, b) = divmod(dh * u, sh), divmod(dw * v, sw)
                apart[n, a, b, channels, rows.start + i : rows.stop + i, j : j + w] += columns[u, v]

    def parts(
        threads,
    ):  # pictures, and shares of their channels where the pictures alone would leave a thread idle
        some = shares(C, threads) if N % threads and threads <= C else [slice(0, C)]
        return [(n, channels) for n in range(N) for channels in some]

    in_parallel(compute, parts, gy, gy.size * C * kh * kw)
    if channels_last:
        g = apart.transpose(0, 4, 1, 5, 2, 3).reshape(N, height * sh, width * sw, C).transpose(0, 3, 1, 2)
    else:
        g = apart.transpose(0, 3, 4, 1, 5, 2).reshape(N, C, height * sh, width * sw)
    return cut_padding(g, size, geometry.pad)


def _blocks(x, kernel, h, w, C=None, threads=1):
    """(slice of the pictures, slice of the rows of windows) for every block; one for each thread at least, if
    there are so many rows."""
    numbers, N = kernel[0] * kernel[1] * (C or x.shape[1]) * w, len(x)
    size = block_size(BLOCK // 4 if x.dtype == np.float64 else BLOCK, x)
    rows = max(1, min(-(-h * N // threads), h, size // numbers))
    together = max(1, min(N // threads, size // (numbers * h)))
    return [
        (slice(n, n + together), slice(i, min(i + rows, h)))
        for n in range(0, len(x), together)
        for i in range(0, h, rows)
    ]


def _unrolled(padded, rows, kernel, geometry, w):
    """B (kh*kw*C, windows) of some rows of windows."""
    (pictures, C, *_), (kh, kw), count = padded.shape, kernel, rows.stop - rows.start
    if padded.strides[-1] == padded.itemsize:
        B = workspace("B", (kh, kw, C, pictures, count, w), padded)
    else:
        B = workspace("B", (pictures, count, w, kh, kw, C), padded).transpose(3, 4, 5, 0, 1, 2)
    seen = padded[:, :, rows.start * geometry.stride[0] :].swapaxes(0, 1)
    for u, v, at in geometry.taps(kernel, (count, w)):
        B[u, v] = seen[at]
    return B.reshape(kh * kw * C, -1)
