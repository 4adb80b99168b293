"""The table of a check: what was looked at, what was found, what was expected, and whether that holds."""

from dataclasses import dataclass

WIDTHS = (24, 60, 36)


@dataclass(frozen=True)
class Row:
    """holds: True, False, or None where nothing could be judged."""

    what: str
    found: str
    expected: str = ""
    holds: bool | None = None


def head():
    """Print the titles of the columns."""
    _line("checked", "found", "expected", "")


def show(row):
    """Print a row.  -> row"""
    _line(row.what, row.found, row.expected, {True: "holds", False: "FAILS", None: "-"}[row.holds])
    return row


def _line(*cells):
    print(
        "".join(f"{cell:<{max(width, len(cell) + 1)}}" for cell, width in zip(cells, WIDTHS)) + cells[-1],
        flush=True,
    )
