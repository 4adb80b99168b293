"""The names of classes, from a text file."""

from __future__ import annotations

import os
import stat

from weights.errors import WeightsError

MOST_BYTES = 16 * 2**20  # ImageNet-21k's names take half a megabyte
LONGEST = 1000  # characters; ImageNet's longest line has 121


def read_labels(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Class names, in the order of the scores: the lines of a text file in UTF-8, a byte-order mark left
    out; tabs become spaces.

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
    names = tuple(line.replace("\t", " ").strip() for line in text.split("\n"))
    for number, name in enumerate(names, 1):
        if len(name) > LONGEST or not name.isprintable():
            what = f"has {len(name):,} characters" if len(name) > LONGEST else "holds a control character"
            raise WeightsError(f"{path}: line {number} {what}: write one class name a line, as plain text")
    return names


def _text(path):
    """What a file holds, unless it is one that never ends, or never begins."""
    with open(path, "rb", opener=_without_waiting) as file:
        status = os.fstat(file.fileno())
        if stat.S_ISDIR(status.st_mode):
            raise ValueError("this is a directory")
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
