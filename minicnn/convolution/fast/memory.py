"""Memory that is used again.

A fresh large array costs a page fault for every page when it is first written, as much as arithmetic.
"""

from __future__ import annotations

import ctypes
import math
import threading
from typing import Any

import numpy as np

_own = threading.local()


def workspace(name: str, shape: Any, like: Any) -> np.ndarray:
    """An array of like's dtype, where `like` is, with undefined contents: the same memory at every call with
    this name from this thread."""
    mine = vars(_own).setdefault("workspaces", {})
    key, numbers = (name, type(like), like.dtype), math.prod(shape)
    if key not in mine or mine[key].size < numbers:
        mine[key] = np.empty_like(like, shape=numbers)
    return mine[key][:numbers].reshape(shape)


# bytes of an array whose memory the C library may give back to the system, and ask for again, at every turn
FRESH = 4 << 20
# bytes of such arrays that wait for the next ones, or as much as two of them, if they are so large
IDLE = 128 << 20

_idle: dict[int, np.ndarray] = {}  # {id: memory}


class _Lease:
    """The memory of a large array; when the last array that lies in it is gone, it waits for another."""

    def __init__(self, memory) -> None:
        self.memory = memory

    @property
    def __array_interface__(self):
        return self.memory.__array_interface__

    def __del__(self, idle=_idle, most=IDLE):  # as defaults, they are still there when Python ends
        if _bytes(idle) + self.memory.nbytes <= max(most, 2 * self.memory.nbytes):
            idle[id(self.memory)] = self.memory


def _bytes(idle):
    return sum(memory.nbytes for memory in tuple(idle.values()))


def empty_like(x: np.ndarray, **how: Any) -> np.ndarray:
    """np.empty_like(x, **how), but a large array in main memory lies where another lay that is gone.

    -> undefined contents
    """
    y = np.empty_like(x, **how)  # not touched yet
    if not isinstance(y, np.ndarray) or y.nbytes < FRESH:
        return y
    return np.ndarray(y.shape, y.dtype, buffer=np.asarray(_Lease(_memory(y.nbytes))), strides=y.strides)


def _memory(nbytes):
    """As much memory, or up to twice as much, from an array that is gone, or else fresh: then what is beyond
    IDLE is given back."""
    for memory in sorted(tuple(_idle.values()), key=lambda memory: memory.nbytes):
        if (
            nbytes <= memory.nbytes <= 2 * nbytes and _idle.pop(id(memory), None) is not None
        ):  # else another thread was quicker
            return memory
    while _bytes(_idle) > IDLE:
        _idle.pop(next(iter(tuple(_idle)), None), None)
    return np.empty(nbytes, np.uint8)


def keep_memory() -> bool:
    """Ask the C library to reuse large freed arrays instead of returning them to the system (glibc; elsewhere
    nothing happens).

    For processes that compute for long, as a training run: memory stays at its high-water mark.  -> whether
    it was possible
    """
    M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8  # malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return all([mallopt(M_ARENA_MAX, 1), mallopt(M_MMAP_MAX, 0), mallopt(M_TRIM_THRESHOLD, 2**31 - 1)])
