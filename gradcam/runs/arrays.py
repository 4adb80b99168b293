"""The maps of a run, an array for each method: a .npy file that grows photo by photo."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import BinaryIO

import numpy as np

from gradcam.runs.errors import RunError
from gradcam.runs.lines import put


class GrowingArray:
    """An array (photos, ...) in a .npy file, whose blocks, one for each photo, are written one by one.

    Its header says from the beginning how long it will be.  A photo without a map is a block of NaN.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype
    header: bytes
    size: int

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: str) -> None:
        self.path, self.shape, self.dtype = path, shape, np.dtype(dtype)
        self.header = header_of(shape, self.dtype)
        self.size = self.dtype.itemsize * int(np.prod(shape[1:]))
        self.file: BinaryIO = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0)
        put(self.file, self.header)

    def write(self, number: int, block: np.ndarray | None) -> None:
        """The block of one photo; None: NaN.  OSError if it cannot be written."""
        if block is None:
            block = np.full(self.shape[1:], np.nan, self.dtype)
        if block.shape != self.shape[1:]:
            raise RunError(
                f"{self.path.name}: a map of {block.shape} does not fit those before it, {self.shape[1:]}: "
                "the network's maps are of several sizes, and one array cannot hold them"
            )
        self.file.seek(len(self.header) + number * self.size)
        put(self.file, np.ascontiguousarray(block, self.dtype))

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def header_of(shape: tuple[int, ...], dtype: np.dtype) -> bytes:
    """How the .npy file of such an array begins."""
    said = io.BytesIO()
    about = {"descr": dtype.str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(said, about)
    return said.getvalue()


def described(path: Path) -> tuple[tuple[int, ...], np.dtype, int]:
    """(shape, dtype, where its blocks begin) of a .npy file, whole or not.  RunError: is none."""
    try:
        with open(path, "rb") as file:
            if np.lib.format.read_magic(file) == (1, 0):
                shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
                if not fortran and shape and dtype.kind == "f":
                    return shape, dtype, file.tell()
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: these are no maps of a run ({error})") from None
    raise RunError(f"{path}: these are no maps of a run")


def blocks(path: Path, count: int) -> np.ndarray:
    """The first `count` blocks of an array's file, read where they are needed (a memory map)."""
    shape, dtype, begin = described(path)
    return np.memmap(path, dtype, "r", begin, (min(count, shape[0]), *shape[1:]))
