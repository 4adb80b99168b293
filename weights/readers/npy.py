"""NumPy's .npy: a magic, a header that is a small Python dict, the numbers (numpy.lib.format, versions 1 to
3).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from weights.errors import WeightsError
from weights.readers.format import Format
from weights.readers.mapped_file import MappedFile, check_size, dtype_named, finished

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 10_000
# The header is never evaluated. These three patterns accept what NumPy writes for arrays of numbers, and
# nothing else.
DESCR = re.compile(r"'descr': *'([<>=|]?)([biufc])(\d{1,2})'")
FORTRAN = re.compile(r"'fortran_order': *(True|False)")
SHAPE = re.compile(r"'shape': *\(([0-9L, ]*)\)")  # one repetition: nested ones can take for ever


def fits(file: MappedFile) -> bool:
    """Whether a mapped file begins as .npy files do."""
    return bytes(file.map[:6]) == MAGIC


def read(file: MappedFile) -> dict[str, np.ndarray]:
    """{"array": array}, a view of the map where its header leaves it aligned."""
    dtype, fortran, shape, start = header(file.bytes(0, min(file.size, LONGEST_HEADER + 12)))
    count = check_size(file.size - start, shape, dtype)
    return {"array": shaped(file.array(start, dtype, (count,)), fortran, shape)}


def header(head: bytes | memoryview) -> tuple[np.dtype[Any], bool, tuple[int, ...], int]:
    """(dtype, fortran order?, shape, where the numbers begin) of the first bytes of a .npy file."""
    head = bytes(head[: LONGEST_HEADER + 12])
    if len(head) < 12 or head[:6] != MAGIC or head[6] not in (1, 2, 3):
        raise WeightsError("it does not begin as NumPy's .npy files of version 1 to 3 do")
    length, start = (
        (*struct.unpack_from("<H", head, 8), 10) if head[6] == 1 else (*struct.unpack_from("<I", head, 8), 12)
    )
    if length > LONGEST_HEADER or start + length > len(head):
        raise WeightsError(f"its header should have {length} bytes: too long, or cut short")
    text = head[start : start + length].decode("latin-1")
    descr, fortran, shape = DESCR.search(text), FORTRAN.search(text), SHAPE.search(text)
    if not (descr and fortran and shape):
        raise WeightsError(
            "its header describes no plain array of numbers (arrays of Python objects are never "
            f"read): {text[:80].strip()}"
        )
    try:
        dtype = np.dtype("".join(descr.groups()))
    except TypeError:
        raise WeightsError(
            f"its header names the type {''.join(descr.groups())}, which NumPy does not have"
        ) from None
    dtype_named(dtype.name)
    sizes = [n.strip().removesuffix("L") for n in shape[1].split(",") if n.strip()]
    if not all(n.isdecimal() and len(n) < 20 for n in sizes):
        raise WeightsError(f"its header has a shape that is none: ({shape[1][:80].strip()})")
    return dtype, fortran[1] == "True", tuple(map(int, sizes)), start + length


def shaped(flat: np.ndarray, fortran: bool, shape: Sequence[int]) -> np.ndarray:
    """Numbers in the order of the file, with their shape."""
    return flat.reshape(shape, order="F" if fortran else "C")


def from_bytes(data: bytes | memoryview) -> np.ndarray:
    """The array in the bytes of a .npy file that is not mapped (it was compressed)."""
    dtype, fortran, shape, start = header(data)
    count = check_size(len(data) - start, shape, dtype)
    flat = np.frombuffer(data, dtype, count, start) if count else np.empty(0, dtype)
    return shaped(finished(flat if flat.flags.aligned else flat.copy(), dtype), fortran, shape)


FORMAT = Format("NumPy .npy", fits, read)
