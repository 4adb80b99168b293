"""What a tensor holds at the moment: views and in-place changes as values.

PyTorch's tensors are windows onto shared memory, and an operator may change what lies there.  A network of
equations knows values only.  So every change is kept, in order, beside the memory that it changed; a tensor
that is read is the value that it had, with what was written over its places since.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch


@dataclass(eq=False)
class Value:
    """Something that depends on the picture.

    names: the modules that returned it; shape, dtype: as it was recorded.
    """

    names: list[str] = field(default_factory=list)
    shape: tuple[int, ...] = ()
    dtype: torch.dtype = torch.float64

    @staticmethod
    def like(t: torch.Tensor) -> Value:
        return Value([], tuple(t.shape), t.dtype)


@dataclass(eq=False)
class Constant:
    """A tensor that does not depend on the picture, as it was when an operator read it."""

    tensor: torch.Tensor


class Place(NamedTuple):
    """Where in its memory a tensor's values lie."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    dtype: torch.dtype

    @staticmethod
    def of(t: torch.Tensor) -> Place:
        strides = tuple(0 if n == 1 else stride for n, stride in zip(t.shape, t.stride()))
        return Place(tuple(t.shape), strides, t.storage_offset(), t.dtype)

    def numbers(self) -> np.ndarray:
        """The number of each value's place, in the order of the tensor."""
        found = np.asarray(self.offset)
        for n, stride in zip(self.shape, self.strides):
            found = found[..., None] + stride * np.arange(n)
        return found.reshape(-1)


class Known(NamedTuple):
    """A tensor's value, and how many changes of its memory that value has seen."""

    value: Value | Constant
    seen: int


class Memory:
    """One storage: what it held at first, and what was written since.

    replaced: f(old value, where it lies, new value, where that was written) -> the value afterwards; taken:
    f(value, where it lies, another place) -> the value there.
    """

    def __init__(self, place: Place, value: Value | Constant, replaced: Any, taken: Any) -> None:
        self.first, self.replaced, self.taken = (place, value), replaced, taken
        self.writes: list[tuple[Place, Value | Constant]] = []
        self.tensors: dict[int, Known] = {}
        self.kept: list[torch.Tensor] = []
        self.places: dict[Place, Known] = {place: Known(value, 0)}

    def read(self, t: torch.Tensor) -> Value | Constant:
        place = Place.of(t)
        value, seen = self.tensors.get(id(t)) or self.places.get(place) or Known(self._born(place), 0)
        for where, new in self.writes[seen:]:
            value = new if where == place else self.replaced(value, place, new, where)
        self.know(t, value)
        return value

    def know(self, t: torch.Tensor, value: Value | Constant) -> None:
        """From now on this tensor, and every other that is not known and lies at the same place, has this
        value.
        """
        self.places[Place.of(t)] = Known(value, len(self.writes))
        self.is_also(t, value)

    def is_also(self, t: torch.Tensor, value: Value) -> None:
        """This tensor alone has a value of its own, though it lies where another does."""
        self.tensors[id(t)] = Known(value, len(self.writes))
        self.kept.append(t)  # so that its identity stays its own

    def forget(self, t: torch.Tensor) -> None:
        """This tensor shows other places now."""
        self.tensors.pop(id(t), None)

    def write(self, t: torch.Tensor, value: Value | Constant) -> None:
        self.writes.append((Place.of(t), value))
        self.know(t, value)

    def _born(self, place: Place) -> Value | Constant:
        where, value = self.first
        return self.taken(value, where, place)


def overlap(all_: Place, written: Place) -> tuple[np.ndarray, np.ndarray]:
    """-> for the places that both have: their indices into `all_`, and into `written`."""
    mine, theirs = all_.numbers(), written.numbers()
    if not len(mine) or not len(theirs):
        return np.zeros(0, int), np.zeros(0, int)
    order = np.argsort(theirs, kind="stable")
    at = np.minimum(np.searchsorted(theirs[order], mine), len(theirs) - 1)
    same = theirs[order][at] == mine
    return np.nonzero(same)[0], order[at[same]]
