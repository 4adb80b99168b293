"""Files of JSON lines that grow: a line is there when it is whole."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from gradcam.runs.errors import RunError


def put(file: BinaryIO, data: Any) -> None:
    """Write all of `data` to an unbuffered file, or raise the OSError that says why not."""
    rest = memoryview(data).cast("B")
    while rest:
        written = file.write(rest)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest = rest[written:]


def line_of(row: dict[str, Any]) -> bytes:
    """One line of JSON, the same bytes for the same row."""
    return json.dumps(row, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def whole(path: Path) -> Iterator[bytes]:
    """The whole lines of a file, one after the other; none if there is no file."""
    if path.exists():
        with open(path, "rb") as file:
            yield from (line for line in file if line.endswith(b"\n"))


def rows_in(path: Path) -> Iterator[dict[str, Any]]:
    """The rows in a file's whole lines.  RunError: a line is none, or it cannot be read."""
    try:
        for line in whole(path):
            row = json.loads(line)
            if not (isinstance(row, dict) and isinstance(row.get("photo"), str) and "error" in row):
                raise ValueError("a line is no row")
            yield row
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path}: these are no rows of a run ({str(error)[:100]})") from None


def grown(path: Path, most: int) -> BinaryIO:
    """A file to append to, unbuffered, cut behind its first `most` lines."""
    end = sum(len(line) for _, line in zip(range(most), whole(path)))
    file = open(path, "r+b" if path.exists() else "x+b", buffering=0)  # noqa: SIM115
    file.truncate(end)
    file.seek(end)
    return file
