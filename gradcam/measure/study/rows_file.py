"""A file of rows: JSON, one line each, behind a first line that says how they were measured.

Nothing else is ever changed.
"""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

from gradcam.measure.errors import DataError

FOREIGN = "this is no file of measured rows, and was left as it is; name another with --rows"


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file, without its first line, and without a line that is being written.

    DataError if it is no file of rows.
    """
    try:
        lines = path.read_text("utf-8").splitlines(keepends=True)[1:]
        rows = [json.loads(line) for line in lines if line.endswith("\n")]
        if all(isinstance(row, dict) and "number" in row for row in rows):
            return rows
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: {FOREIGN} ({error})") from None
    raise DataError(f"{path}: {FOREIGN}")


def opened(path: Path, settings: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """{number: row} of the file's rows; a new file gets its first line.

    A line that was being written when the run died is taken away, but only from a file that is known by its
    first line to be of these rows: no other file is changed.  DataError if it is no file of rows, or of
    others, or cannot be read or written.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe is never read to its end
            raise DataError(f"{path}: {FOREIGN}")
        if path.exists():
            return _found(path, settings)
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise DataError(f"{path}: rows cannot be kept there: {path.parent} is no folder") from None
    except OSError as error:
        raise DataError(f"{path}: rows cannot be kept there: {error.strerror or error}") from None
    append(path, settings)
    return {}


def _found(path, settings):
    written, line = path.read_bytes(), _line(settings)
    whole = written[: written.rfind(b"\n") + 1]
    if not whole and not line.startswith(written):
        raise DataError(f"{path}: {FOREIGN}")
    try:
        first, *rows = [json.loads(text) for text in (whole or line).splitlines()]
        found = {row["number"]: row for row in rows}
        whole_numbers = all(type(number) is int for number in found)
        if not whole_numbers or any(row.keys() != rows[0].keys() for row in rows):
            raise ValueError("no rows of one measurement")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DataError(f"{path}: {FOREIGN}") from None
    if first != json.loads(line):
        other = (
            [key for key in settings if first.get(key) != settings[key]]
            if isinstance(first, dict)
            else "settings"
        )
        raise DataError(
            f"{path}: these rows were measured with other {', '.join(other) or 'settings'}: "
            "name another file, or remove it"
        )
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if len(whole) < len(written):
        os.truncate(path, len(whole))
    if not whole:
        append(path, settings)
    return found


def append(path: Path, row: dict[str, Any]) -> None:
    """One line more, in one piece or not at all.  DataError if it cannot be written."""
    line = _line(row)
    try:
        with open(path, "ab", buffering=0) as file:
            end = file.tell()
            if file.write(line) < len(line):
                file.truncate(end)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        raise DataError(f"{path}: rows cannot be kept there: {error.strerror or error}") from None


def _line(row):
    return (json.dumps(row, ensure_ascii=False) + "\n").encode()
