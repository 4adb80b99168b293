"""What a command prints: at once, on any stream, whatever the names that it found in a file are made of."""

import contextlib
import json
import os
import re
import sys

from minicnn import Error
from minicnn.errors import plain

COLOUR = re.compile("(\x1b\\[[0-9;]*m)")  # of a terminal


class OutputError(Error, OSError):
    """Standard output takes no more: a disk is full, or nobody is there."""


def prepare() -> None:
    """Make standard output and standard error take every character: what their encoding lacks is escaped.

    OutputError if there is no standard output: said before any work is done for it.
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (progress bars need a stream)
    if sys.stdout is None:
        raise OutputError("standard output is closed; if nobody wants to read it, send it to /dev/null")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def say(*texts: object, coloured: bool = False) -> None:
    """Print lines, or texts of several lines.  coloured: colours of a terminal may stand in them."""
    lines = [line for text in texts for line in str(text).split("\n")]
    _write("\n".join(map(_plain_but_for_colours if coloured else plain, lines)))


def say_json(found: object) -> None:
    """Print one JSON object in ASCII, which every stream and every reader takes."""
    _write(json.dumps(found, indent=2, allow_nan=False).replace("\x7f", "\\u007f"))


def say_table(rows: list[tuple[str, ...]], right: tuple[int, ...] = ()) -> None:
    """Print rows of cells, as wide as need be; a row may end early.  right: columns of numbers."""
    rows = [tuple(map(plain, row)) for row in rows]
    widths = [max(len(row[k]) for row in rows if k < len(row)) for k in range(max(map(len, rows)))]
    for row in rows:
        cells = [f"{cell:{'>' if k in right else '<'}{widths[k]}}" for k, cell in enumerate(row)]
        say("  ".join(cells).rstrip())


def short(name: str, longest: int) -> str:
    """A name of at most so many letters: what is too long loses its middle, and keeps its end."""
    return name if len(name) <= longest else f"{name[: longest // 4]}...{name[3 + longest // 4 - longest :]}"


def complain(text: object) -> None:
    """One line on standard error."""
    with contextlib.suppress(OSError):
        print(f"gradcam: {plain(text)}", file=sys.stderr, flush=True)


def silence() -> None:
    """Forget what waits to be written: the interpreter would complain of it at its end."""
    with contextlib.suppress(AttributeError, OSError, ValueError):  # closed, full, or no file at all
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _plain_but_for_colours(line):
    return "".join(part if COLOUR.fullmatch(part) else plain(part) for part in COLOUR.split(line))


def _write(text, end="\n"):
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"standard output cannot be written: {error.strerror or error}") from None
