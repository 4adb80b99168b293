"""A file mapped into memory: arrays are views of it, and every claim about it is checked against its size
first.
"""

from __future__ import annotations

import math
import mmap
import os
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from weights.errors import WeightsError

DType = np.dtype[Any] | str  # str: "bfloat16", which NumPy does not have

MOST_DIMENSIONS = 32
SMALL = 1 << 20  # bytes: of many files together one so short is read, for a map keeps its file open
DTYPES = {
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
    "bfloat16",
}


class MappedFile:
    """The bytes of one file, read-only, for the time of a `with` block; arrays taken from it live on
    afterwards.

    among: whether it is one of many: it is read, and closed at once, if it is short.
    """

    map: mmap.mmap | bytes

    def __init__(self, path: str | os.PathLike[str], among: bool = False) -> None:
        self.path: str | os.PathLike[str] = path
        self.handle: BinaryIO = open(path, "rb")  # noqa: SIM115 - closed by __exit__
        if among and 0 < os.fstat(self.handle.fileno()).st_size <= SMALL:
            with self.handle:
                self.map = self.handle.read()
        else:
            try:
                self.map = mmap.mmap(self.handle.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError:
                self.handle.close()
                raise WeightsError(f"{path}: the file is empty") from None
        self.size: int = len(self.map)
        self.neighbours: dict[str, MappedFile] = {}
        self.claimed: int = 0  # bytes of it that were asked for from outside
        self.members: dict[str, Any] | None = None  # of a zip, once they were looked up

    def __enter__(self) -> MappedFile:
        return self

    def __exit__(self, *exception: object) -> None:
        for neighbour in self.neighbours.values():
            neighbour.handle.close()
        self.handle.close()  # the map itself is released with the last array that looks into it

    def beside(self, path: str) -> MappedFile:
        """Another file that belongs to this one, mapped once and closed together with it."""
        if path not in self.neighbours:
            self.neighbours[path] = MappedFile(path, among=True)
        return self.neighbours[path]

    def check(self, start: int, stop: int, what: str = "a record") -> None:
        """Refuse [start, stop) unless it lies inside the file."""
        if not 0 <= start <= stop <= self.size:
            raise WeightsError(
                f"{what} is said to lie at bytes {start} to {stop}, but the file has {self.size} bytes: "
                "it is damaged or was cut short"
            )

    def bytes(self, start: int, stop: int, what: str = "a record") -> memoryview:
        """A memoryview of [start, stop): nothing is copied."""
        self.check(start, stop, what)
        return memoryview(self.map)[start:stop]

    def array(self, start: int, dtype: DType, shape: Sequence[int], what: str = "an array") -> np.ndarray:
        """The numbers from byte `start` on, as a read-only array: a view of the map, or, where that would
        be unaligned, one aligned copy.

        dtype: a NumPy dtype (byte order included) or "bfloat16".  float16 and bfloat16 are returned as
        float32.
        """
        count = elements(shape, what)
        stored = np.dtype("<u2") if dtype == "bfloat16" else np.dtype(dtype)
        self.check(start, start + count * stored.itemsize, what)
        if start % stored.itemsize == 0:
            flat = np.frombuffer(self.map, stored, count, start) if count else np.empty(0, stored)
        elif isinstance(self.map, bytes):
            flat = np.frombuffer(self.map[start : start + count * stored.itemsize], stored)
        else:  # a matrix product on an unaligned array is many times slower; read() spares the map's pages
            flat = np.empty(count, stored)
            self.handle.seek(start)
            if self.handle.readinto(memoryview(flat).cast("B")) != flat.nbytes:
                raise WeightsError(f"{what}: the file ended while it was being read")
        return finished(flat, dtype).reshape(tuple(shape))


def elements(shape: Sequence[int], what: str = "an array") -> int:
    """How many numbers a shape holds, computed without overflow; a shape no array can have is refused."""
    if len(shape) > MOST_DIMENSIONS:
        raise WeightsError(
            f"{what} is said to have {len(shape)} dimensions; at most {MOST_DIMENSIONS} make sense"
        )
    for n in shape:
        if type(n) is not int or n < 0:
            raise WeightsError(f"{what} has a dimension that is not a size: {str(n)[:40]}")
    if math.prod(max(n, 1) for n in shape) >= 2**58:
        raise WeightsError(f"{what} is said to have shape {tuple(shape)}: no file holds that many numbers")
    return math.prod(shape)


def check_size(held: int, shape: Sequence[int], dtype: DType, what: str = "an array") -> int:
    """Refuse an array whose shape and dtype do not need exactly the `held` bytes that are there for it;
    returns how many numbers it has.
    """
    count = elements(shape, what)
    needed = count * (2 if dtype == "bfloat16" else dtype.itemsize)
    if needed != held:
        raise WeightsError(
            f"{what} of shape {tuple(shape)} and type {dtype} needs {needed} bytes; {held} are there: "
            "damaged or cut short"
        )
    return count


def dtype_named(name: str, what: str = "an array") -> DType:
    """The little-endian dtype called `name` (NumPy's words, and "bfloat16"); anything else is refused."""
    if name not in DTYPES:
        raise WeightsError(f"{what} holds {name!r}; these readers know {', '.join(sorted(DTYPES))}")
    return name if name == "bfloat16" else np.dtype(name).newbyteorder("<")


def finished(flat: np.ndarray, dtype: DType) -> np.ndarray:
    """Stored numbers as numbers to compute with: native byte order, halves widened to float32, booleans 0
    or 1; read-only.
    """
    if dtype == "bfloat16":  # the upper half of a float32
        wide = np.zeros(flat.shape, np.uint32)
        wide[...] = flat
        wide <<= np.uint32(16)
        flat = wide.view(np.float32)
    elif flat.dtype == np.float16 or flat.dtype == np.dtype(">f2"):
        flat = flat.astype(np.float32)
    elif flat.dtype == np.bool_:
        flat = flat.view(np.uint8) != 0
    elif not flat.dtype.isnative:
        flat = flat.astype(flat.dtype.newbyteorder("="))
    flat.flags.writeable = False
    return flat
