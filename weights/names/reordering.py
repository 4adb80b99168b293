"""Axes in another order: a view where that will do, in place where the memory is ours, else one copy.

Lesson 16.
"""

from __future__ import annotations

import mmap

import numpy as np

BLOCK = 1 << 24  # bytes: how much of the file is held in memory before it is let go


def reorder(
    array: np.ndarray, stored: str, wanted: str, flattened: tuple[int, int, int] | None = None
) -> np.ndarray:
    """array with its axes, named in `stored`, in the order `wanted`: reorder(W, "kh kw C F", "F C kh kw").

    The array is given away: its memory may be reused.  A matrix stays a view.  flattened: (H, W, C): the D
    of a matrix "D F" counts in that order and shall count in the order (C, H, W).
    """
    stored, wanted = stored.split(), wanted.split()
    if flattened:
        H, W, C = flattened
        private = _private(array)
        if private is not None:
            return _permuted(private, np.arange(H * W * C).reshape(H, W, C).transpose(2, 0, 1).reshape(-1)).T
        rows = _copied(array.reshape(H, W, C, array.shape[1]), (2, 0, 1, 3))
        return rows.reshape(array.shape).T
    order = [stored.index(axis) for axis in wanted]
    if order == sorted(order) or array.ndim == 2:
        return array.transpose(order)
    return _copied(array, order)


def _copied(array, order):
    """array.transpose(order) as an array of its own, written block by block; pages of a mapped file are let
    go as they are read.
    """
    out = np.empty([array.shape[i] for i in order], array.dtype)
    filled, read = out.transpose(np.argsort(order)), 0
    for at in np.ndindex(array.shape[:2]):
        filled[at] = array[at]
        read += array[at].nbytes
        if read >= BLOCK:
            _let_go(array)
            read = 0
    _let_go(array)
    return out


def _private(array):
    """The array, writable, if its memory is a copy that the reader made for it alone; else None."""
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    if (
        owner.base is not None
        or not owner.flags.owndata
        or owner.nbytes != array.nbytes
        or not array.flags.c_contiguous
    ):
        return None
    owner.flags.writeable = True
    return owner.reshape(array.shape)


def _permuted(rows, order):
    """rows[order], in place: each cycle of the permutation is walked with one row put aside."""
    done = np.zeros(len(order), bool)
    for start in range(len(order)):
        if done[start]:
            continue
        aside, i = rows[start].copy(), start
        while (source := order[i]) != start:
            rows[i], done[i] = rows[source], True
            i = source
        rows[i], done[i] = aside, True
    return rows


def _let_go(array):
    """Tell the system that the pages of a mapped file under this array need not stay in memory; elsewhere
    nothing.
    """
    source = array
    while isinstance(source, (np.ndarray, memoryview)):
        source = source.base if isinstance(source, np.ndarray) else source.obj
    if isinstance(source, mmap.mmap) and hasattr(source, "madvise"):
        start = (
            array.__array_interface__["data"][0]
            - np.frombuffer(source, np.uint8).__array_interface__["data"][0]
        )
        first = start // mmap.PAGESIZE * mmap.PAGESIZE
        source.madvise(mmap.MADV_DONTNEED, first, start - first + array.nbytes)
