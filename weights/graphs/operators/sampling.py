"""A picture seen through a grid of places: spatial transformers (Jaderberg et al. 2015, sec. 3.3)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from minicnn import Add, Mul, Reshape, Slice, Sub
from weights.errors import WeightsError
from weights.graphs.operators.operator import Operator
from weights.graphs.operators.products import matmul
from weights.graphs.operators.scattering import take_at
from weights.graphs.operators.shapes import concat, reshape, take, transpose
from weights.graphs.operators.values import Ints, Value, ints, plain
from weights.graphs.operators.windows import conv

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
    return between(x, at)


def between(x: Value, at: Sequence[Value]) -> Value:
    """x (N, C, H, W) at places (column, row) in pixels, each (N, h, w), between four; zeros outside."""
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


def roi_align(
    x: Value,
    boxes: Value,
    picture: Value,
    *,
    size: Sequence[int],
    samples: int = 0,
    scale: float = 1.0,
    middle: bool = True,
) -> Value:
    """What x shows inside boxes (He et al. 2017, sec. 3): means of samples in each of h x w parts.

    x (N, C, H, W), boxes (R, 4): x0, y0, x1, y1; picture (R,): whose -> (R, C, h, w).  samples: along each
    axis of a part, 0: as many as it has pixels; scale: pixels of x for one of a box; middle: a pixel's place
    is its middle.  One matrix for each axis, y_r = R_r x C_r^T; no signal reaches the boxes.
    """
    edges = plain(boxes).astype(np.float64) * scale - 0.5 * middle
    which, least = plain(picture).astype(int), 0.0 if middle else 1.0
    ends = [(edges[:, a], np.maximum(edges[:, a + 2] - edges[:, a], least)) for a in (1, 0)]
    rows, columns = (
        np.stack([_means(start, length, parts, samples, n) for start, length in zip(*end)])[:, None]
        for end, parts, n in zip(ends, size, x.shape[2:])
    )
    shown = take(x, which, axis=0)
    y = matmul(rows.astype(x.dtype), shown)
    return matmul(y, columns.swapaxes(-1, -2).astype(x.dtype))


def _means(start, length, parts, samples, n):
    """(parts, n): how much of each of n pixels a part shows."""
    each = samples if samples > 0 else max(1, int(np.ceil(length / parts)))
    at = start + (np.arange(parts * each) + 0.5) * length / (parts * each)
    outside = (at < -1) | (at > n)
    at = np.clip(at, 0, n - 1)
    shares = np.maximum(0, 1 - abs(at[:, None] - np.arange(n))) * ~outside[:, None]
    return shares.reshape(parts, each, n).mean(axis=1)


def deformed_conv(
    x: Value,
    W: Value,
    offset: Value,
    b: Value | None = None,
    mask: Value | None = None,
    *,
    stride: Ints,
    pad: Sequence[tuple[int, int]],
    dilation: Ints,
    groups: int = 1,
    offset_groups: int = 1,
) -> Value:
    """A convolution whose taps are moved, each at each place (Dai et al. 2017, eq. 2), and weighed by a mask
    (Zhu et al. 2019, eq. 1).

    x (N, C, H, W), W (F, C / groups, kh, kw), offset (N, 2 offset_groups kh kw, h, w): rows and columns by
    turns, mask (N, offset_groups kh kw, h, w) -> (N, F, h, w)
    """
    (kh, kw), (h, w), each = W.shape[2:], offset.shape[2:], x.shape[1] // offset_groups
    seen = []
    for g in range(offset_groups):
        part = Slice(slice(None), slice(g * each, (g + 1) * each))(x)
        for k, (i, j) in enumerate(np.ndindex(kh, kw)):
            tap = g * kh * kw + k
            row = np.arange(h)[:, None] * stride[0] - pad[0][0] + i * dilation[0]
            column = np.arange(w) * stride[1] - pad[1][0] + j * dilation[1]
            at = [
                Add()(
                    Slice(slice(None), 2 * tap + axis)(offset), np.broadcast_to(base, (h, w)).astype(x.dtype)
                )
                for axis, base in ((1, column), (0, row))
            ]
            value = between(part, at)
            if mask is not None:
                value = Mul()(value, Slice(slice(None), slice(tap, tap + 1))(mask))
            seen.append(Reshape((*value.shape[:2], 1, h, w))(value))
    taps = [concat(*seen[g * kh * kw : (g + 1) * kh * kw], axis=2) for g in range(offset_groups)]
    columns = Reshape((x.shape[0], x.shape[1] * kh * kw, h, w))(concat(*taps, axis=1))
    return conv(columns, Reshape((W.shape[0], -1, 1, 1))(W), b, groups=groups)


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
    Operator("roi_align", roi_align, onnx="RoiAlign"),
    Operator("deformed_conv", deformed_conv, onnx="DeformConv"),
    Operator("grid_sample", grid_sample, onnx="GridSample"),
    Operator("affine_grid", affine_grid, onnx="AffineGrid", aten="affine_grid_generator"),
)
