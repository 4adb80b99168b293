"""What a forward pass remembers, run or read again with something changed.

A hypothesis about somebody else's network is a change of a few operations of ours; nothing else is computed
again, and what was remembered stays as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from minicnn import Along, Op, ReLU, Tensor, history


def again(op: Op, **changed: Any) -> Any:
    """A copy of an operation that may be applied once more; `changed` attributes replace its own."""
    fresh = copy.copy(op)
    vars(fresh).pop("inputs", None)
    vars(fresh).update(changed)
    return fresh


def rerun(
    y: Tensor, change: Callable[..., Any] = lambda t: None, after: Any = (), through: Any = None
) -> Any:
    """The same computation with other operations: change(tensor) -> the operation that makes it now, or None.

    after: tensors behind which a `Tap` is put, so that all who take them take it from there; through:
    {tensor: f(new tensor) -> what all who take it take instead}.  Only what
    depends on a change is computed again, and once.  -> {old tensor: new tensor}
    """
    new = {}
    for t in history(y):
        inputs = [new[i] if isinstance(i, Tensor) else i for i in t.op.inputs] if t.op else []
        op = change(t) if t.op else None
        if op is None and t.op and _of_another_size(t.op, inputs):
            op = AnySize(t.op)
        if op is None and all(a is b for a, b in zip(inputs, t.op.inputs if t.op else [])):
            new[t] = t
        else:
            new[t] = (op or again(t.op))(*inputs, name=t.name, layer=t.layer)
        if through and t in through:
            new[t] = through[t](new[t])
        if t in after:
            new[t] = Tap()(new[t], name=t.name, layer=t.layer)
    return new


class AnySize(Along):
    """An adaptive average whose input has become larger or smaller: the same number of parts of it."""

    def __init__(self, op):
        super().__init__(op.M, op.axis)

    def forward(self, x):
        self.M = adaptive(x.shape[self.axis], len(self.M))
        return super().forward(x)


def adaptive(n: int, N: int) -> np.ndarray:
    """(N, n): the mean of the values floor(i n / N) to ceil((i + 1) n / N), as PyTorch cuts them."""
    i, j = np.arange(N)[:, None], np.arange(n)
    M = ((j >= i * n // N) & (j < -(-(i + 1) * n // N))).astype(np.float64)
    return M / M.sum(axis=1, keepdims=True)


def _of_another_size(op, inputs):
    if not isinstance(op, Along) or inputs[0].shape[op.axis] == op.M.shape[1]:
        return False
    return np.allclose(op.M, adaptive(*op.M.shape[::-1]))


def relink(y: Tensor, change: Callable[..., Any]) -> Any:
    """The same values with other memories: change(tensor) -> {attribute: value} that the backward pass finds
    in its operation, or None.

    No value is computed again.  -> {old tensor: new tensor}
    """
    new = {}
    for t in history(y):
        changed = change(t) if t.op else None
        inputs = [new.get(i, i) if isinstance(i, Tensor) else i for i in t.op.inputs] if t.op else []
        if not changed and all(a is b for a, b in zip(inputs, t.op.inputs if t.op else [])):
            new[t] = t
            continue
        op = again(t.op, **(changed or {}))
        op.inputs = tuple(inputs)
        new[t] = Tensor(t.data, t.name, op, t.layer)
    return new


def makers(y: Tensor, kind: str = ReLU) -> Any:
    """The tensors of y's history that an operation of this kind made, in order."""
    return [t for t in history(y) if isinstance(t.op, kind)]


def consumers(y: Tensor) -> Any:
    """{tensor: [tensors that were made from it]}"""
    found = {}
    for t in history(y):
        for i in t.op.inputs if t.op else ():
            if isinstance(i, Tensor):
                found.setdefault(i, []).append(t)
    return found


class Tap(Op):
    """y = x: a place where a rule can catch the whole signal that arrives at a tensor."""

    def forward(self, x: np.ndarray) -> Any:
        return x

    def gx(self, gy: np.ndarray) -> Any:
        return gy
