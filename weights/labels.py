"""The names of classes, from a text file: lines, or a list or dict as JSON or as a Python literal."""

from __future__ import annotations

import ast
import json
import os
import stat
from typing import Any

from weights.errors import WeightsError

MOST_BYTES = 16 * 2**20  # ImageNet-21k's names take half a megabyte
LONGEST = 1000  # characters; ImageNet's longest line has 121


def read_labels(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Class names, in the order of the scores: the lines of a text file in UTF-8, a byte-order mark left
    out; tabs become spaces.  Or a list, or a dict from or to the numbers of the classes, as JSON.

    WeightsError: it is no ordinary file, no such text, or longer than any list of names.
    """
    try:
        text = _text(path).removeprefix("\ufeff").rstrip()
    except UnicodeDecodeError:
        raise WeightsError(f"{path}: the class names cannot be read: this is no UTF-8 text") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise WeightsError(f"{path}: the class names cannot be read: {why}") from None
    if not text:
        raise WeightsError(f"{path}: the class names cannot be read: the file is empty")
    if text[0] in "[{" and text[-1] in "]}" and (names := names_of(literal(text))):
        return names
    names = tuple(line.replace("\t", " ").strip() for line in text.split("\n"))
    for number, name in enumerate(names, 1):
        if len(name) > LONGEST or not name.isprintable():
            what = f"has {len(name):,} characters" if len(name) > LONGEST else "holds a control character"
            raise WeightsError(f"{path}: line {number} {what}: write one class name a line, as plain text")
    return names


def literal(text: str) -> Any:
    """What a text says as JSON or as a Python literal (nothing is run), or its lines; else None."""
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return [line.strip() for line in text.strip().splitlines()] if "\n" in text.strip() else None


def names_of(found: Any) -> tuple[str, ...] | None:
    """The names in a list, or in a dict from numbers or to numbers, in order; None if they are none."""
    if isinstance(found, dict) and found:
        if all(type(value) is int for value in found.values()):
            found = {number: name for name, number in found.items()}
        try:
            found = {int(key): value for key, value in found.items()}
        except (ValueError, TypeError):
            return None
        if sorted(found) != list(range(len(found))):
            return None
        found = [found[number] for number in range(len(found))]
    if not isinstance(found, (list, tuple)) or not found:
        return None
    if not all(isinstance(name, (str, int, float)) for name in found):
        return None
    names = tuple(str(name).replace("\t", " ").strip() for name in found)
    return names if all(name.isprintable() and len(name) <= LONGEST for name in names) else None


def _text(path):
    """What a file holds, unless it is one that never ends, or never begins."""
    with open(path, "rb", opener=_without_waiting) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("this is not an ordinary file")
        if status.st_size > MOST_BYTES:
            raise ValueError(
                f"it has {status.st_size:,} bytes, and no list of names has more than {MOST_BYTES:,}"
            )
        return file.read(MOST_BYTES).decode("utf-8")


def _without_waiting(path, flags):
    """A FIFO is opened at once, not when somebody writes to it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
