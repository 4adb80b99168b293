"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def aligned(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table with columns of one width each, the first to the left, figures to the right.

    head: names; lines: their cells, all strings
    """
    widths = [max(3, *map(len, column)) for column in zip(head, *lines)]
    rule = ["-" * widths[0], *("-" * (w - 1) + ":" for w in widths[1:])]
    padded = (
        [name.ljust(widths[0]), *(text.rjust(w) for text, w in zip(cells, widths[1:]))]
        for name, *cells in [head, rule, *lines]
    )
    return plain(padded)


def plain(lines: Iterable[Iterable[object]]) -> str:
    """Lines of cells, the rule among them, as they are."""
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
