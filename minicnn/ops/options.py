"""What an operation was asked for, in the type in which it computes."""

from typing import Any

from minicnn.errors import GraphError


def number(value: Any) -> float:
    """A number as a Python float, which leaves float32 arrays float32."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise GraphError(f"a number is needed, not {value!r}") from None


def several(value: Any) -> tuple[Any, ...]:
    """A sequence, of axes or sizes, as a tuple."""
    try:
        return tuple(value)
    except TypeError:
        raise GraphError(f"several numbers are needed, as (1, 2), not {value!r}") from None
