"""Which units of an operation's input and output lead to one another: by taps, by switches, one by one."""

from __future__ import annotations

import numpy as np

from gradcam.explore.errors import ExploreError
from gradcam.explore.model import shape_of
from minicnn import Op, Tensor
from minicnn.ops import Flatten, Linear, MaxPool

Unit = tuple[int, int, int]  # (k, i, j): of map k, in row i and column j; of a row of numbers (k, 0, 0)


def as_maps(values):
    return values[0] if values.ndim == 4 else values[0, :, None, None] if values.ndim == 2 else values


def value_at(values, unit):
    return float(as_maps(values)[unit])


def is_plain(op: Op) -> bool:
    return isinstance(op, Linear) or (op.W.ndim == 4 and op.geometry.groups == 1)


def weights_of(op):
    W, *b = [None if v is None else v.data if isinstance(v, Tensor) else v for v in op.inputs[1:]]
    return (W if W.ndim == 4 else W[:, :, None, None]), (b[0] if b else None)


def _geometry(op):
    if isinstance(op, Linear):
        return (1, 1), (0, 0), (1, 1)
    g = op.geometry
    return g.stride, [p for p, _ in g.pad], g.dilation


def seen(op, W, x, i, j):
    """Taps (a, b), and the row and column of x that each sees from place (i, j) of y."""
    s, p, d = _geometry(op)
    for a in range(W.shape[2]):
        for b in range(W.shape[3]):
            r, q = i * s[0] + a * d[0] - p[0], j * s[1] + b * d[1] - p[1]
            if 0 <= r < x.shape[1] and 0 <= q < x.shape[2]:
                yield a, b, r, q


def seeing(op, W, y, i, j):
    """Taps (a, b), and the row and column of y from which each sees place (i, j) of x."""
    s, p, d = _geometry(op)
    for a in range(W.shape[2]):
        for b in range(W.shape[3]):
            (r, over), (q, beside) = divmod(i + p[0] - a * d[0], s[0]), divmod(j + p[1] - b * d[1], s[1])
            if not over and not beside and 0 <= r < y.shape[1] and 0 <= q < y.shape[2]:
                yield a, b, r, q


def switch(op, unit):
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


def source(op, sources, x, unit):
    k, i, j = unit
    if isinstance(op, Flatten):
        _, H, W = x.shape
        return sources[0], (k // (H * W), k // W % H, k % W)
    for source in sources:
        C = shape_of(source)[0]
        if k < C:
            return source, (k, i, j)
        k -= C
    return sources[0], unit
