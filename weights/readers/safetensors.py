"""safetensors: an 8-byte length, a JSON header, and the numbers, without holes or overlaps.

The header is {name: {dtype, shape, data_offsets}}.
"""

from __future__ import annotations

import json
import struct

import numpy as np

from weights.errors import WeightsError
from weights.readers.format import Format
from weights.readers.mapped_file import MappedFile, check_size, dtype_named

LONGEST_HEADER = 25_000_000  # bytes: names and shapes of 100,000 tensors (the format itself allows 100 MB)
DTYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "I16": "int16",
    "U16": "uint16",
    "I32": "int32",
    "U32": "uint32",
    "I64": "int64",
    "U64": "uint64",
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
    "C64": "complex64",
}


def fits(file: MappedFile) -> bool:
    """Whether a mapped file begins with a credible length and the brace that opens the header."""
    head = bytes(file.map[:9])
    return len(head) == 9 and head[8:] == b"{" and struct.unpack("<Q", head[:8])[0] < 2**32


def read(file: MappedFile) -> dict[str, np.ndarray]:
    """{name: array} of a mapped file, in the order of its header; the header's __metadata__ is left out."""
    (length,) = struct.unpack("<Q", file.bytes(0, 8, "the length of the header"))
    if length > LONGEST_HEADER:
        raise WeightsError(f"its header should have {length} bytes; at most {LONGEST_HEADER} are allowed")
    header = _parsed(bytes(file.bytes(8, 8 + length, "the header")))
    entries = {name: _checked(name, entry) for name, entry in header.items() if name != "__metadata__"}
    _check_no_overlap(entries, file.size - 8 - length)
    return {
        name: file.array(8 + length + start, dtype, shape)
        for name, (dtype, shape, start, _) in entries.items()
    }


def _parsed(text):
    try:
        header = json.loads(text, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"its header is no JSON: {str(error)[:100]}") from None
    if not isinstance(header, dict):
        raise WeightsError("its header is no JSON object")
    return header


def _without_doubles(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise WeightsError("its header has the same name twice")
    return found


def _checked(name, entry):
    """(dtype, shape, start, stop) of one entry of the header."""
    what = f"tensor {name[:80]!r}"
    if (
        not isinstance(entry, dict)
        or not isinstance(entry.get("shape"), list)
        or not isinstance(entry.get("data_offsets"), list)
    ):
        raise WeightsError(f"{what} has no shape or no data_offsets")
    kind, shape, offsets = entry.get("dtype"), tuple(entry["shape"]), entry["data_offsets"]
    if not isinstance(kind, str) or kind not in DTYPES:
        raise WeightsError(f"{what} holds {str(kind)[:40]!r}; these readers know {', '.join(DTYPES)}")
    if len(offsets) != 2 or any(type(n) is not int for n in offsets) or not 0 <= offsets[0] <= offsets[1]:
        raise WeightsError(f"{what} has data_offsets that are no range")
    dtype = dtype_named(DTYPES[kind])
    check_size(offsets[1] - offsets[0], shape, dtype, what)
    return dtype, shape, *offsets


def _check_no_overlap(entries, size):
    end = 0
    for name, (_, _, start, stop) in sorted(entries.items(), key=lambda item: item[1][2:]):
        if start != end:
            raise WeightsError(
                f"tensor {name[:80]!r} begins at byte {start}, where {end} was expected: a hole or an overlap"
            )
        end = stop
    if end != size:
        raise WeightsError(
            f"its tensors need {end} bytes, but {size} follow the header: it is damaged or was cut short"
        )


FORMAT = Format("safetensors", fits, read)
