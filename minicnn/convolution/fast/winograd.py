"""Winograd's minimal filtering: 3x3, stride 1, with a quarter to a half of the multiplications (Lavin & Gray
2016, eqs. 8-10 and sec. 4.3).

A tile of m x m outputs sees (m+2) x (m+2) inputs d.  With three constant matrices A, B, G,

    Y = A^T [ (G g G^T) * (B^T d B) ] A        * elementwise; over channels, a matrix product per element

so a tile costs (m+2)^2 products instead of 9 m^2: for m = 4, 36 instead of 144, for m = 2, 16 instead of 36.
Tensors are arranged as [a, b, tile, channel]: then B^T d B is  B^T @ (B^T @ d), first over a and then over b,
and both are matrix products too.

    forward   y  = A^T [ U V ] A       U = G W G^T (36, C, F),  V = B^T x B (36, tiles, C)
    gx        the same with the kernel turned round
    gW        gW = G^T [ V^T M ] G     M = A gy A^T (36, tiles, F)

Tiles are taken in blocks that stay in cache from the first transform to the last.  Arrays returned lie in
memory as (N, h, w, F).  Not the sum in the order of the equation: of VGG-16's layers, in float32, tiles of
2 x 2 round as plain sums do (relative L2 1.1e-7, of 4 x 4 up to 2.7e-7), so the forward pass, where rounding
flips gates, takes those; of the largest value, on noise, 4 x 4 may be off ten times as far as a plain sum.

Lesson 20.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.polynomial.polynomial import polyfromroots

from minicnn.convolution.fast.memory import empty_like, workspace
from minicnn.convolution.fast.threads import in_parallel, one_thread_each, shares
from minicnn.convolution.fast.weight_cache import Kept
from minicnn.convolution.taps import Geometry
from minicnn.device import block_size

BLOCK = 1 << 19  # numbers in one block of transformed tiles: 2 MiB in float32 ...
TILES = 160  # ... but with many channels as many tiles: a product with few rows spends its time on reading U
FEW = 256  # filters up to which a signal goes back by F2: a third of the rounding
TRANSFORM = 80  # multiplications that take as long as a number's way through the transforms


class Tiles:
    """The matrices for tiles of m x m outputs (Toom-Cook; Lavin & Gray 2016, sec. 4): filter and data as
    polynomials, multiplied by their values at m + 1 points and at infinity.

    Rounding depends on the points: with 5/8 and 3/2 it is half of what it is with the customary 1 and 2
    (Barabasz et al. 2020 explain).  terms: channels that are summed at once: of 512, 64 save half of the
    rounding for a tenth of the time.
    """

    m: int
    n: int
    terms: int

    def __init__(self, m: int, points: Sequence[float], terms: int) -> None:
        self.m, self.n, self.terms = m, m + 2, terms
        p = np.array(points, np.float64)
        others = [np.delete(p, i) for i in range(m + 1)]
        at_infinity = np.eye(self.n)[-1]
        self.A = np.vstack(
            [np.vander(p, m, increasing=True), at_infinity[-m:]]
        )  # a value's share in each output
        self.G = np.vstack(
            [
                np.vander(p, 3, increasing=True) / [[np.prod(a - b)] for a, b in zip(p, others)],
                at_infinity[-3:],
            ]
        )
        self.B = np.column_stack([np.append(polyfromroots(b), 0) for b in others] + [polyfromroots(p)])


F2 = Tiles(2, [0, 1, -1], terms=32)  # rounds as a plain sum in shares does
F4 = Tiles(4, [0, 5 / 8, -5 / 8, 3 / 2, -3 / 2], terms=64)  # twice that: smaller shares save little


class Winograd:
    """Convolution by tiles t (F2 or F4), in the backward pass by tiles `back` (None: t, too).

    kept: where the layer's transformed weights are kept (None: they are not).
    """

    t: Tiles
    back: Tiles
    kept: Kept

    def __init__(self, t: Tiles = F2, back: Tiles | None = None, kept: Kept | None = None) -> None:
        self.t, self.back, self.kept = t, back or t, kept or Kept()

    def forward(
        self, x: np.ndarray, W: np.ndarray, geometry: Geometry, b: np.ndarray | None = None
    ) -> np.ndarray:
        """x (N, C, H, W), W (F, C, 3, 3), b (F,) -> y (N, F, h, w)."""
        (top, _), (left, _) = geometry.pad
        U = self.kept.get(("forward", self.t.m), W, lambda W: _transformed(W.transpose(2, 3, 1, 0), self.t))
        return _correlate(x, U, geometry.windows(x.shape[-2:], (3, 3)), top, left, self.t, b)

    def gx(self, gy: np.ndarray, W: np.ndarray, size: Sequence[int], geometry: Geometry) -> np.ndarray:
        """gy (N, F, h, w), W (F, C, 3, 3), size (H, W) of x -> gx (N, C, H, W)."""
        (top, _), (left, _) = geometry.pad
        t = F2 if max(W.shape[:2]) <= FEW else self.back
        U = self.kept.get(
            ("gx", t.m), W, lambda W: _transformed(W[:, :, ::-1, ::-1].transpose(2, 3, 0, 1), t)
        )
        return _correlate(gy, U, size, 2 - top, 2 - left, t)

    @one_thread_each
    def gW(self, gy: np.ndarray, x: np.ndarray, kernel: Sequence[int], geometry: Geometry) -> np.ndarray:
        """gy (N, F, h, w), x (N, C, H, W), kernel (3, 3) -> gW (F, C, 3, 3), summed over the batch."""
        (N, F, h, w), C, ((top, _), (left, _)), t = gy.shape, x.shape[1], geometry.pad, self.back
        g = np.zeros_like(gy, shape=(t.n * t.n, C, F))
        for block in _blocks(N, h, w, C, F, t, block_size(BLOCK, x)):
            V = _both_ways(t.B.T, _cut(x, block, t.n, t, top, left), "V")
            M = _both_ways(t.A, _cut(gy, block, t.m, t, 0, 0), "M")
            g += V.reshape(t.n * t.n, -1, C).swapaxes(1, 2) @ M.reshape(t.n * t.n, -1, F)
        return _both_ways(t.G.T, g.reshape(t.n, t.n, C, F), "gW").transpose(3, 2, 0, 1).copy()


@one_thread_each
def _transformed(g, t):
    """g (3, 3, C, F) -> U = G g G^T (n*n, C, F), in float64, so that U is rounded once"""
    U = _both_ways(t.G, g.astype(np.float64), "U")
    return U.reshape(t.n * t.n, *g.shape[2:]).astype(g.dtype)


def _correlate(x, U, windows, top, left, t, b=None):
    """y[n,f,i,j] = b[f] + sum_c,u,v g[u,v,c,f] x[n, c, i + u - top, j + v - left]

    with zeros around x; U = G g G^T; i, j up to `windows`.
    """
    N, (_, C, F), (h, w) = len(x), U.shape, windows
    rows, columns = -(-h // t.m), -(-w // t.m)
    y = empty_like(
        x, shape=(N, rows, t.m, columns, t.m, F), order="C"
    )  # whole tiles; what is too much is cut off at the end

    def compute(part):
        block, filters = part
        (first, last), (start, stop), _ = block
        V = _both_ways(t.B.T, _cut(x, block, t.n, t, top, left), "V")
        U_part = U[:, :, filters]
        M = _product(V.reshape(t.n * t.n, -1, C), U_part, t.terms)
        Y = _both_ways(t.A.T, M.reshape(t.n, t.n, *V.shape[2:-1], -1), "Y")
        if b is not None:
            Y += b[filters]
        y[first:last, start:stop, ..., filters] = Y.transpose(2, 3, 0, 4, 1, 5)

    def parts(threads):
        blocks = _blocks(N, h, w, C, F, t, block_size(BLOCK, x), threads)
        return [
            (block, filters)
            for block in blocks
            for filters in shares(F, 1 if len(blocks) >= threads else threads)
        ]

    in_parallel(compute, parts, x, t.n**2 * N * rows * columns * (C * F + TRANSFORM * (C + F)))
    return y.reshape(N, rows * t.m, columns * t.m, F)[:, :h, :w].transpose(0, 3, 1, 2)


def _product(V, U, terms):
    """V U (n*n, tiles, F), a sum over C channels, as a sum of sums of `terms`: rounding stays what it is
    for so many channels.

    One element of a tile after the other on a CPU, so that what is added up stays in cache.
    """
    M = workspace("M", (*V.shape[:-1], U.shape[-1]), V)
    for at in range(len(V)) if isinstance(V, np.ndarray) else [slice(None)]:
        Vi, Ui, Mi = V[at], U[at], M[at]
        np.matmul(Vi[..., :terms], Ui[..., :terms, :], out=Mi)
        for first in range(terms, V.shape[-1], terms):
            some = slice(first, first + terms)
            Mi += np.matmul(Vi[..., some], Ui[..., some, :], out=workspace("share", Mi.shape, V))
    return M


def _blocks(N, h, w, C, F, t, size, threads=1):
    """Cut the tiles of N maps (h, w) into blocks ((first, last) picture, (first, last) row of tiles, tiles in
    a row)."""
    rows, columns = -(-h // t.m), -(-w // t.m)
    tiles = max(TILES, size // (t.n * t.n * max(C, F)))
    together = min(N, max(1, tiles // (rows * columns)))  # pictures
    pictures = [(n, min(n + together, N)) for n in range(0, N, together)]
    pieces = -(-rows * columns // tiles)  # of a picture
    if len(pictures) * pieces % threads and 2 * together * rows * columns // pieces >= F:
        # so that threads share the blocks evenly; with more filters than that, reading U again would take
        # longer
        pieces *= threads
    cuts = [rows * k // pieces for k in range(pieces + 1)]
    return [(some, cut, columns) for some in pictures for cut in pairwise(cuts) if cut[0] < cut[1]]


def _cut(x, block, n, t, top, left):
    """The tiles of a block, n x n pixels every m, zeros around x (N, C, H, W) -> d[a, b, picture, i, j, c]"""
    (first, last), (start, stop), columns = block
    C, H, W = x.shape[1:]
    height, width = (stop - start - 1) * t.m + n, (columns - 1) * t.m + n
    padded = workspace("padded", (last - first, height, width, C), x)
    above = start * t.m - top  # the row of x at the top of the block
    i0, i1, j0, j1 = max(0, -above), min(height, H - above), max(0, left), min(width, W + left)
    padded[:, :i0], padded[:, i1:], padded[:, :, :j0], padded[:, :, j1:] = 0, 0, 0, 0
    padded[:, i0:i1, j0:j1] = x[first:last, :, above + i0 : above + i1, j0 - left : j1 - left].transpose(
        0, 2, 3, 1
    )
    tiles = workspace("tiles", (n, n, last - first, stop - start, columns, C), x)
    tiles[...] = sliding_window_view(padded, (n, n), axis=(1, 2))[:, :: t.m, :: t.m].transpose(
        4, 5, 0, 1, 2, 3
    )
    return tiles


def _both_ways(T, d, name):
    """T d T^T for every tile: d[a, b, ...] -> [a', b', ...], contracted over a, then over b."""
    (m, n), (_, _, *rest) = T.shape, d.shape
    T = np.asarray(T.astype(d.dtype), like=d)
    first = np.matmul(T, d.reshape(n, -1), out=workspace("half", (m, n * d[0, 0].size), d))
    return np.matmul(T, first.reshape(m, n, -1), out=workspace(name, (m, m, d[0, 0].size), d)).reshape(
        m, m, *rest
    )
