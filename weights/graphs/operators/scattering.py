"""Values at places counted out: taken from there, written there, added there.  The places are numbers.

Written: y = where(a place was written, the last value written there, x), so each value's signal is the one at
its place, and what was written over gets none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from minicnn import Add, Reshape, Take, Where
from weights.errors import WeightsError
from weights.graphs.operators.operator import Operator
from weights.graphs.operators.values import Value, alike, is_signal, number

ROUNDS = 64  # how many values may be added at one place


def take_at(x: Value, places: np.ndarray) -> Value:
    """y_i = x at place i, counted through x row by row.  places: whole numbers of any shape, which is y's."""
    return Take(places)(Reshape((-1,))(x)) if is_signal(x) else x.reshape(-1)[places]


def write_at(x: Value, v: Value, places: np.ndarray, add: bool = False) -> Value:
    """y = x, but v_i at place i, counted row by row; of several at one place the last.  add: x + all."""
    x, v = alike(x, v)
    if not is_signal(x, v):
        return _written(np.array(x).reshape(-1), v.reshape(-1), places.reshape(-1), add).reshape(x.shape)
    rounds = list(_rounds(places.reshape(-1)))
    if len(rounds) > ROUNDS and add:
        raise WeightsError(
            f"{len(rounds)} values are added at one place: more than {ROUNDS} are not supported"
        )
    for at, source in rounds if add else _last(rounds):
        written, order = np.zeros(x.shape, bool), np.zeros(x.shape, np.int64)
        written.reshape(-1)[at], order.reshape(-1)[at] = True, source
        new = take_at(v, order)
        x = Add()(x, Where()(written, new, np.zeros((), x.dtype))) if add else Where()(written, new, x)
    return x


def _written(y, v, places, add):
    if add:
        np.add.at(y, places, v)
    else:
        y[places] = v
    return y


def _rounds(places: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(places, which values) of the first value at each place, of the second ..."""
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    first = np.append(True, ordered[1:] != ordered[:-1])[: len(order)]
    starts = np.flatnonzero(first)
    time = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    for t in range(int(time.max(initial=-1)) + 1):
        yield ordered[time == t], order[time == t]


def _last(rounds):
    """One round: whatever came later at a place counts."""
    if rounds:
        places, values = (np.concatenate(part) for part in zip(*rounds))
        kept, source = np.unique(places[::-1], return_index=True)
        yield kept, values[::-1][source]


def along_axis(index: Value, shape: Sequence[int], axis: int) -> np.ndarray:
    """The places (index[i, j], j) of an array of this shape; negative ones count from the end."""
    index = number(index, "where the values belong")
    at = list(np.indices(index.shape))
    at[axis % len(shape)] = np.where(index < 0, index + shape[axis], index)
    return np.ravel_multi_index(tuple(at), shape)


def of_blocks(index: Value, shape: Sequence[int]) -> np.ndarray:
    """The places of the blocks x[index[i]], the last axis of index holding coordinates of x's first axes."""
    index = number(index, "where the values belong")
    every = np.arange(int(np.prod(shape, dtype=int))).reshape(shape)
    return every[tuple(np.moveaxis(index, -1, 0))]


def write_elements(x: Value, index: Value, v: Value, *, axis: int = 0, reduction: str = "none") -> Value:
    """y[index[i, j], j] = v[i, j], along any axis; reduction "add": added there."""
    return write_at(x, v, along_axis(index, x.shape, axis), _adds(reduction))


def write_blocks(x: Value, index: Value, v: Value, *, reduction: str = "none") -> Value:
    """y[index[i]] = v[i]; reduction "add": added there."""
    return write_at(x, v, of_blocks(index, x.shape), _adds(reduction))


def _adds(reduction):
    if reduction not in ("none", "add"):
        raise WeightsError(f"values are written or added to places, not by '{reduction}'")
    return reduction == "add"


OPERATORS = (
    Operator("write_at", write_at, onnx="MaxUnpool"),
    Operator("write_elements", write_elements, onnx=("ScatterElements", "Scatter")),
    Operator("write_blocks", write_blocks, onnx="ScatterND"),
)
