"""A row of a check's table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What was looked at, found and expected.  holds: whether it is so; None where that cannot be judged."""

    what: str
    found: str
    expected: str = ""
    holds: bool | None = None
