"""What goes between the grader and a student's kernel: JSON, numbers and their names.

Nothing that arrives is unpickled, imported or evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from minicnn import Error

LARGEST = 50_000_000  # bytes of a message
KINDS = "biufc"  # of numbers, NumPy's letters


class WireError(Error):
    """A message that is none."""


def send(channel: Connection, **message: Any) -> None:
    channel.send_bytes(json.dumps(message).encode())


def receive(channel: Connection) -> dict[str, Any]:
    """WireError for what is no message; EOFError where the other side has ended."""
    try:
        message = json.loads(channel.recv_bytes(LARGEST))
    except (ValueError, OSError, RecursionError) as error:
        raise WireError(str(error)) from None
    if not isinstance(message, dict):
        raise WireError("not a message")
    return message


def packed(value: Any, function: Callable[[Callable], int] | None = None) -> Any:
    """A value as JSON.  function: gives a number to a function among the values; by
    default functions are named by their type, as everything is that is no number.
    """
    if value is None or isinstance(value, (bool, str)):
        return {"plain": value}
    if value is ...:
        return {"plain": None}
    if isinstance(value, (tuple, list)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [packed(each, function) for each in value]}
    if isinstance(value, dict):
        pairs = [[packed(k), packed(v, function)] for k, v in value.items()]
        return {"dict": pairs}
    if isinstance(value, (int, float, complex, np.ndarray, np.generic)):
        array = np.asarray(value)
        if array.dtype.kind in KINDS and array.dtype.itemsize <= 16:
            as_python = isinstance(value, (int, float, complex))
            return {
                "array": array.tobytes().hex(),
                "dtype": array.dtype.str,
                "shape": list(array.shape),
                "python": as_python,
            }
    if function is not None and callable(value):
        return {"function": function(value)}
    return {"other": type(value).__name__[:40]}


def unpacked(message: Any, function: Callable[[int], Callable] | None = None) -> Any:
    """The value that `packed` was given.  function: of a function's number; by default
    there are none.  What was no number is an `Other`.
    """
    try:
        ((kind, held),) = [
            pair
            for pair in message.items()
            if pair[0] not in ("dtype", "shape", "python")
        ]
        if kind == "plain" and (held is None or isinstance(held, (bool, str))):
            return held
        if kind in ("tuple", "list"):
            return {"tuple": tuple, "list": list}[kind](
                unpacked(each, function) for each in held
            )
        if kind == "dict":
            return {unpacked(k): unpacked(v, function) for k, v in held}
        if kind == "array":
            dtype = np.dtype(message["dtype"])
            if dtype.kind not in KINDS:
                raise WireError(f"{dtype} is no number")
            array = np.frombuffer(bytes.fromhex(held), dtype)
            array = array.reshape([int(n) for n in message["shape"]]).copy()
            return array.item() if message["python"] else array[()]
        if kind == "function" and function is not None:
            return function(int(held))
        if kind == "other":
            return Other(str(held))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise WireError(str(error)) from None
    raise WireError(f"a value cannot be {str(kind)[:40]}")


class Other:
    """Something that a student's function returned, and that is no number."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
