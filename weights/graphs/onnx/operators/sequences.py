"""Sequences of tensors, as torch.chunk and torch.split are exported: lists."""

from __future__ import annotations

from typing import Any

import numpy as np

from weights.graphs.onnx.operators.values import Value
from weights.graphs.operators import shapes as build
from weights.graphs.operators.values import ints


def split_to_sequence(x: Value, *, split: Any = None, axis: int = 0, keepdims: int = 1) -> list[Value]:
    """Parts of one size, the last perhaps smaller, or of the sizes given; by default single ones."""
    n, single = x.shape[axis], split is None
    if single or np.ndim(split) == 0:
        each = 1 if single else ints(split)[0]
        sizes = [min(each, n - start) for start in range(0, n, each)]
    else:
        sizes = ints(split)
    parts = build.split(x, sizes=sizes, axis=axis)
    return [build.squeeze(p, axes=[axis]) for p in parts] if single and not keepdims else [*parts]


def sequence_of(*xs: Value) -> list[Value]:
    return [*xs]


def sequence_at(sequence: list[Value], *, position: Any) -> Value:
    return sequence[ints(position)[0]]


def joined(sequence: list[Value], *, axis: int, new_axis: int = 0) -> Value:
    parts = [build.unsqueeze(p, axes=[axis]) for p in sequence] if new_axis else sequence
    return build.concat(*parts, axis=axis)


def inserted(sequence: list[Value], x: Value, *, position: Any = None) -> list[Value]:
    at = len(sequence) if position is None else ints(position)[0]
    return [*sequence[:at], x, *sequence[at:]]


def erased(sequence: list[Value], *, position: Any = -1) -> list[Value]:
    at = ints(position)[0] % len(sequence)
    return [*sequence[:at], *sequence[at + 1 :]]


def empty(*, dtype: int = 1) -> list[Value]:
    return []


def length(sequence: list[Value]) -> np.ndarray:
    return np.asarray(len(sequence), np.int64)


OPERATORS = {
    "SplitToSequence": split_to_sequence, "SequenceConstruct": sequence_of, "SequenceAt": sequence_at,
    "ConcatFromSequence": joined, "SequenceInsert": inserted, "SequenceErase": erased, "SequenceEmpty": empty,
    "SequenceLength": length,
}  # fmt: skip
