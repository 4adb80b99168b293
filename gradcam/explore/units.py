"""Which units of an operation's input and output lead to one another: by taps, by switches, one by one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcam.explore.drawn import as_maps
from gradcam.explore.errors import ExploreError
from gradcam.explore.model import shape_of
from minicnn import Op, Tensor
from minicnn.ops import Concat, Flatten, Linear, MaxPool

Unit = tuple[int, int, int]  # (k, i, j): of map k, in row i and column j; of a row of numbers (k, 0, 0)


def value_at(values: np.ndarray, unit: Unit) -> float:
    """The number at a unit of values (1, C, H, W) or (1, C)."""
    return float(as_maps(values)[unit])


def is_plain(op: Op) -> bool:
    """Whether a unit of its output sees every map: of a Linear; of a Conv of one group, in 2-D."""
    return isinstance(op, Linear) or (op.W.ndim == 4 and op.geometry.groups == 1)


def weights_of(op: Op) -> tuple[np.ndarray, np.ndarray | None]:
    """-> (W (F, C, kh, kw), b (F,) or None)"""
    W, *b = [None if v is None else v.data if isinstance(v, Tensor) else v for v in op.inputs[1:]]
    return (W if W.ndim == 4 else W[:, :, None, None]), (b[0] if b else None)


def _geometry(op):
    if isinstance(op, Linear):
        return (1, 1), (0, 0), (1, 1)
    g = op.geometry
    return g.stride, [p for p, _ in g.pad], g.dilation


def seen(op: Op, W: np.ndarray, x: np.ndarray, i: int, j: int) -> Iterator[tuple[int, int, int, int]]:
    """Taps (a, b), and the row and column of x that each sees from place (i, j) of y."""
    s, p, d = _geometry(op)
    for a in range(W.shape[2]):
        for b in range(W.shape[3]):
            r, q = i * s[0] + a * d[0] - p[0], j * s[1] + b * d[1] - p[1]
            if 0 <= r < x.shape[1] and 0 <= q < x.shape[2]:
                yield a, b, r, q


def seeing(op: Op, W: np.ndarray, y: np.ndarray, i: int, j: int) -> Iterator[tuple[int, int, int, int]]:
    """Taps (a, b), and the row and column of y from which each sees place (i, j) of x."""
    s, p, d = _geometry(op)
    for a in range(W.shape[2]):
        for b in range(W.shape[3]):
            (r, over), (q, beside) = divmod(i + p[0] - a * d[0], s[0]), divmod(j + p[1] - b * d[1], s[1])
            if not over and not beside and 0 <= r < y.shape[1] and 0 <= q < y.shape[2]:
                yield a, b, r, q


def switch(op: MaxPool, unit: Unit) -> tuple[int, int]:
    """Where a window found its maximum: (row, column) of x."""
    (k, i, j), kw = unit, op.kernel[1]
    a, b = divmod(int(op.switches[0, k, i, j]), kw)
    (si, sj), (di, dj), pad = op.stride, op.dilation, [p for p, _ in op.pad]
    return i * si + a * di - pad[0], j * sj + b * dj - pad[1]


def switched(tensors: dict[str, Tensor], name: str, k: int) -> tuple[str, np.ndarray]:
    """-> (the tensor below max-pool `name`, how often each place of its map k was the largest of a window,
    int8 (H, W))
    """
    tensor = tensors.get(name) if isinstance(name, str) else None
    if not isinstance(getattr(tensor, "op", None), MaxPool) or len(tensor.op.kernel) != 2:
        raise ExploreError(f"'{str(name)[:40]}' is no max-pool")
    below = next(n for n, t in tensors.items() if t is tensor.op.inputs[0])
    times = np.zeros(tensors[below].shape[2:], np.int8)
    if not 0 <= k < tensor.shape[1]:
        raise ExploreError(f"'{name}' has no map {k}")
    for i, j in np.ndindex(*tensor.shape[2:]):
        times[switch(tensor.op, (k, i, j))] += 1
    return below, times


def origin(op: Op, sources: list[Tensor], x: np.ndarray, unit: Unit) -> tuple[Tensor, Unit]:
    """Which unit of which input a unit of a Flatten or Concat is a copy of.  x: the first input (C, H, W)."""
    k, i, j = unit
    if isinstance(op, Flatten):
        _, H, W = x.shape
        return sources[0], (k // (H * W), k // W % H, k % W)
    for source in sources:
        C = shape_of(source)[0]
        if k < C:
            break
        k -= C
    return source, (k, i, j)


def joins_maps(op: Op) -> bool:
    """Whether an operation sets whole maps, or rows of numbers, beside each other."""
    return isinstance(op, Concat) and op.from_right == 1 - op.inputs[0].ndim
