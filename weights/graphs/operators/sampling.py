"""A picture seen through a grid of places: spatial transformers (Jaderberg et al. 2015, sec. 3.3)."""

from __future__ import annotations

import itertools

import numpy as np

from minicnn import Add, Mul, Reshape, Slice, Sub
from weights.errors import WeightsError
from weights.graphs.operators.operator import Operator
from weights.graphs.operators.products import matmul
from weights.graphs.operators.scattering import take_at
from weights.graphs.operators.shapes import reshape, transpose
from weights.graphs.operators.values import Ints, Value, ints, plain

BORDERS = ("zeros", "border", "reflection")


def grid_sample(
    x: Value, grid: Value, *, mode: str = "linear", border: str = "zeros", align_corners: bool = False
) -> Value:
    """y[n, c, i, j] = x[n, c] at the place grid[n, i, j]: x (N, C, H, W), grid (N, h, w, 2) -> (N, C, h, w).

    A place is (column, row), -1 to 1 from one end of the picture to the other: from the middles of its first
    and last pixels (align_corners) or from their outer edges.  mode: "linear", between four pixels, or
    "nearest".  Outside are zeros, the border's pixels, or the picture reflected.  A grid made of the picture
    carries signal, too: eqs. 6-7.
    """
    if x.ndim != 4 or mode not in ("linear", "nearest") or border not in BORDERS:
        raise WeightsError(
            f"a grid sample is of pictures (N, C, H, W), linear or nearest; not {mode} of {x.ndim} axes"
        )
    sizes = x.shape[:1:-1]  # W, H: in the grid's order
    at = [_unit(Slice(..., k)(grid), n, align_corners) for k, n in enumerate(sizes)]
    at = [_inside(a, n, border, align_corners) for a, n in zip(at, sizes)]
    if mode == "nearest":
        return _pixels(x, [np.round(plain(a)).astype(int) for a in at])
    first = [np.floor(plain(a)).astype(int) for a in at]
    beyond = [Sub()(a, f.astype(a.dtype)) for a, f in zip(at, first)]  # 0 to 1: how near the next pixel is
    y = None
    for step in itertools.product((0, 1), repeat=2):
        near = [b if s else Sub()(np.ones((), b.dtype), b) for b, s in zip(beyond, step)]
        share = Mul()(*near)
        share = Reshape((share.shape[0], 1, *share.shape[1:]))(share)
        part = Mul()(_pixels(x, [f + s for f, s in zip(first, step)]), share)
        y = part if y is None else Add()(y, part)
    return y


def affine_grid(theta: Value, *, size: Ints, align_corners: bool = False) -> Value:
    """The grid of a picture turned, stretched and moved: theta (N, 2, 3), size (N, C, h, w) -> (N, h, w, 2).

    (column, row) = theta (column', row', 1) of each place (eq. 1); of volumes (N, 3, 4) -> (N, d, h, w, 3).
    """
    sizes = ints(size)[2:]
    ends = [(n - 1) / n if n and not align_corners else float(n > 1) for n in sizes]
    axes = [np.linspace(-end, end, n) for end, n in zip(ends, sizes)]
    places = [v.reshape(-1) for v in np.meshgrid(*axes, indexing="ij")][::-1]
    base = np.stack([*places, np.ones_like(places[0])], 1).astype(theta.dtype)  # (places, 3)
    y = matmul(base, transpose(theta, order=(0, 2, 1)))
    return reshape(y, shape=(theta.shape[0], *sizes, len(sizes)))


def _unit(a, n, align_corners):
    """-1 to 1 -> 0 to n - 1, the middles of the first and the last pixel."""
    scale, shift = ((n - 1) / 2, (n - 1) / 2) if align_corners else (n / 2, (n - 1) / 2)
    return Add()(Mul()(a, np.asarray(scale, a.dtype)), np.asarray(shift, a.dtype))


def _inside(a, n, border, align_corners):
    """The place in the picture that stands for one outside."""
    if border == "zeros":
        return a
    if border == "reflection":
        low, high = (0, n - 1) if align_corners else (-0.5, n - 0.5)
        length = high - low
        from_low = plain(a) - low
        turns = np.floor(from_low / length) if length else np.zeros(a.shape)
        back = turns % 2 != 0
        sign = np.where(back, -1, 1).astype(
            a.dtype
        )  # a' = low + (a - low) - turns length, or from the other end
        shift = np.where(back, (turns + 1) * length + 2 * low, -turns * length).astype(a.dtype)
        a = Add()(Mul()(a, sign), shift) if length else Mul()(a, np.zeros((), a.dtype))
    within = (plain(a) >= 0) & (plain(a) <= n - 1)
    return Add()(Mul()(a, within.astype(a.dtype)), (np.clip(plain(a), 0, n - 1) * ~within).astype(a.dtype))


def _pixels(x, at):
    """x[n, :, row, column] for places (N, h, w); zeros outside."""
    N, C, H, W = x.shape
    column, row = at
    seen = (column >= 0) & (column < W) & (row >= 0) & (row < H)
    pixel = np.where(seen, row * W + column, 0)
    n, c = np.arange(N).reshape(-1, 1, 1, 1), np.arange(C).reshape(1, -1, 1, 1)
    y = take_at(x, (n * C + c) * H * W + pixel[:, None])
    return Mul()(y, seen[:, None].astype(x.dtype))


OPERATORS = (
    Operator("grid_sample", grid_sample, onnx="GridSample"),
    Operator("affine_grid", affine_grid, onnx="AffineGrid", aten="affine_grid_generator"),
)
