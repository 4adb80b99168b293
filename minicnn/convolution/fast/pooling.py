"""Max-pooling, the fast way; ops/maxpool.py says what it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from minicnn.convolution.fast.memory import empty_like
from minicnn.convolution.fast.threads import in_shares
from minicnn.device import block_size
from minicnn.windows import cut_padding

BLOCK = 1 << 16  # numbers that are compared at a time: of all taps, they stay in cache


def argmax_and_max(seen: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Which of some arrays (..., h, w) holds the largest value, at every place, and that value; the first in
    a tie.

    -> (np.argmax(np.stack(seen), axis=0), np.max(np.stack(seen), axis=0)), the former as small integers, and
    both on threads.
    """
    first, *others = seen
    number = np.uint8 if len(others) < 256 else np.int32
    y = np.empty_like(first)
    switches = np.zeros_like(y, dtype=number)

    def compute(part):
        for rows in _few(part, y):
            highest, switch = np.copy(first[..., rows, :]), switches[..., rows, :]
            for tap, other in enumerate(others, start=1):
                here = np.copy(other[..., rows, :])  # comparing strided views takes several times as long
                np.maximum(switch, number(tap) * (here > highest), out=switch)  # a later tap's is larger
                np.maximum(highest, here, out=highest)
            y[..., rows, :] = highest

    in_shares(compute, y, steps=len(others))
    return switches, y


def _few(part, y):
    """Slices of the rows of `part`, so many at a time as stay in cache."""
    many = max(1, block_size(BLOCK, y) * y.shape[-2] // max(1, y.size))
    return [slice(i, min(i + many, part.stop)) for i in range(part.start, part.stop, many)]


def faster(quick: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: the method below is the equation, and quick(op, gy) gives the same bits of NumPy arrays
    sooner, over rows and columns.

    The equation itself serves on a GPU and over other axes, and is what the tests compare with:
    MaxPool.gx.__wrapped__.
    """

    def decorate(equation):
        @wraps(equation)
        def either(op, gy):
            pictures = isinstance(gy, np.ndarray) and len(op.kernel) == 2 and op.switches.ndim == 4
            return quick(op, gy) if pictures else equation(op, gy)

        return either

    return decorate


def unpool(op: Any, gy: np.ndarray) -> np.ndarray:
    """The signal before a MaxPool: every signal is added to the place that its switch names, wherever that is
    in memory.

    gy (..., N, C, h, w) -> (..., N, C, H, W).  Signals that meet are added in the order of memory.
    """
    (N, C, h, w), (H, W) = op.switches.shape, op.reach()
    channels_last = gy.strides[-3] == gy.itemsize
    order, steps = ((1, 2, 0), (1, W * C, C)) if channels_last else ((0, 1, 2), (H * W, W, 1))
    along = [step * np.arange(0, s * n, s) for step, n, s in zip(steps, (C, h, w), (1, *op.stride))]
    first, second, third = (along[axis] for axis in order)
    corners = first[:, None, None] + second[:, None] + third
    (kh, kw), (dh, dw) = op.kernel, op.dilation
    taps = (steps[1] * dh * np.arange(kh)[:, None] + steps[2] * dw * np.arange(kw)).ravel()
    rows = gy.reshape(-1, N, C, h, w)
    g = empty_like(gy, shape=(len(rows), N, C * H * W), order="C")
    g[...] = 0
    for n in range(N):
        places = (taps[op.switches[n].transpose(order)] + corners).ravel()
        for row, to in zip(rows, g):
            np.add.at(to[n], places, row[n].transpose(order).ravel())
    if channels_last:
        g = np.moveaxis(g.reshape(len(rows), N, H, W, C), -1, 2)
    return cut_padding(g.reshape(*gy.shape[:-2], H, W), op.size, op.pad)
