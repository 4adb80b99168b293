"""How NumPy writes its arrays, types and scalars into a pickle: the few calls that a reader must understand.

An array arrives as `_reconstruct(ndarray, (0,), b"b")` followed by its state (version, shape, dtype,
fortran order, bytes); in protocol 5 as `_frombuffer(bytes, dtype, shape, order)`.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from weights.errors import WeightsError
from weights.readers.mapped_file import check_size, dtype_named, finished
from weights.readers.pickles import Calls

NUMBER = re.compile(r"[biufc][0-9]{1,2}")


class StoredDtype:
    """A number's type, its byte order stated by a later `build`."""

    def __init__(self, code: str, *_: object) -> None:
        self.code: str = code if isinstance(code, str) else _text(code)
        self.order: str = "|"

    def build(self, state: Any) -> None:
        self.order = state[1] if isinstance(state[1], str) else _text(state[1])

    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype; WeightsError if it is none of numbers."""
        code = self.code.lstrip("<>=|")
        if not NUMBER.fullmatch(code) or self.order not in tuple("<>=|"):
            raise WeightsError(
                f"an array holds {self.code[:40]!r}; only arrays of numbers are read, never of Python objects"
            )
        try:
            dtype = np.dtype(code)
        except TypeError:
            raise WeightsError(f"an array holds {self.code[:40]!r}, which is no type of number") from None
        dtype_named(dtype.name)
        return dtype.newbyteorder(self.order)


class StoredArray:
    """An array of the pickle; `array()` makes the real one, once, as a view of the file where its bytes are
    aligned.
    """

    def __init__(self) -> None:
        self.parts: tuple[Any, ...] | None = None
        self.made: np.ndarray | None = None

    def build(self, state: Any) -> None:
        _, shape, dtype, fortran, data = state if len(state) == 5 else (0, *state)
        self.parts = shape, dtype, bool(fortran), data

    @property
    def own_bytes(self) -> int:
        """How many bytes of the pickle are its numbers."""
        return len(self.parts[3]) if self.parts and isinstance(self.parts[3], (str, bytes, memoryview)) else 0

    def array(self) -> np.ndarray:
        """The array itself."""
        if self.made is None:
            self.made = self._make()
        return self.made

    def _make(self):
        if self.parts is None:
            raise WeightsError("an array without its numbers")
        shape, stored, fortran, data = self.parts
        if not isinstance(stored, StoredDtype) or not isinstance(shape, tuple):
            raise WeightsError("an array whose type or shape is missing")
        dtype, data = stored.dtype(), _raw(data)
        check_size(len(data), shape, dtype)
        flat = np.frombuffer(data, dtype) if len(data) else np.empty(0, dtype)
        return finished(flat if flat.flags.aligned else flat.copy(), dtype).reshape(
            shape, order="F" if fortran else "C"
        )


def _reconstruct(*_):
    return StoredArray()


def _frombuffer(data, dtype, shape, order, *_):
    array = StoredArray()
    array.build((0, shape, dtype, order == "F", data))
    return array


def _scalar(dtype, data=b""):
    array = StoredArray()
    array.build((0, (), dtype, False, data))
    return array


def _encode(text, encoding="latin1", *_):
    """Python 3 writes bytes into protocols 0 to 2 as a text to be encoded: which is done when an array
    needs them.
    """
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise WeightsError("bytes in an encoding other than latin-1")
    return text


def _ordered_dict(pairs=(), *_):
    """An OrderedDict begins empty, or, from Python 2, with its (name, value) pairs."""
    if not all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs
    ):
        raise WeightsError("a dict whose items are no pairs of a name and a value")
    return dict(pairs)


def _members(values=()):
    """A set is kept as a list: nothing is hashed."""
    return list(values)


def _text(value):
    return bytes(value).decode("latin-1") if isinstance(value, (bytes, memoryview)) else str(type(value))


def _raw(data):
    if isinstance(data, str):
        try:
            return data.encode("latin-1")
        except UnicodeEncodeError:
            raise WeightsError("the bytes of an array are written as a text that is not latin-1") from None
    if not isinstance(data, (bytes, memoryview)):
        raise WeightsError(
            "an array whose numbers are not bytes: only arrays of numbers are read, never of Python objects"
        )
    return data


CALLS: Calls = {
    "numpy.dtype": StoredDtype,
    "_codecs.encode": _encode,
    "collections.OrderedDict": _ordered_dict,
    "collections.defaultdict": lambda *_: {},
    "builtins.set": _members,
    "__builtin__.set": _members,
    "builtins.bytes": lambda *_: b"",
    "__builtin__.bytes": lambda *_: b"",
}  # Python 3 writes empty bytes so
for _core in ("numpy.core", "numpy._core"):
    CALLS |= {
        f"{_core}.multiarray._reconstruct": _reconstruct,
        f"{_core}.multiarray.scalar": _scalar,
        f"{_core}.numeric._frombuffer": _frombuffer,
    }
