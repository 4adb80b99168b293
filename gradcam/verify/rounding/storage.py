"""How an array was kept, apart from how it was computed: bytes, half precision, a few digits."""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS = {  # how far keeping moves a value, relative to the largest one
    "the colours of a colour map": 2.5 / 256,  # of which a few neighbours are one
    "8 bits": 1 / 255,  # cut off or rounded
    "float16": 2.0**-11,
    "bfloat16": 2.0**-8,
    "6 digits": 5e-6,
}
ENOUGH = 4  # values that are not zero: fewer may be round numbers by chance
SHORT = 4  # digits, or bits: longer numbers are none by chance


def storage(array: np.ndarray, ours: np.ndarray, given: str = "float64", enough: int = ENOUGH) -> str:
    """How their array was kept, "" if nothing coarser than float32 is seen.

    ours: the reference's; where it looks as if it had been kept so, too (small dyadic numbers do), that
    theirs does tells
    nothing.  given: the type of the array that was handed over.
    """
    if given in ("uint8", "colours", "float16", "bfloat16"):
        return {"uint8": "8 bits", "colours": "the colours of a colour map"}.get(given, given)
    few = np.unique(array[array != 0]).size < enough
    if few and (like_digits(array, SHORT) or like_bits(array, SHORT)):
        return ""
    kinds = (kind for kind, looks in LOOKS.items() if looks(array) and not looks(ours))
    return next((kind for kind in kinds if not few or kind != "8 bits"), "")


def like_bytes(a: Any) -> Any:
    """Whole numbers from 0 to 255, or 255ths of them; or a signed map in steps of that size."""

    def whole(v):
        return np.abs(v - np.rint(v)).max() < 1e-4 and np.abs(np.rint(v)).max() >= 1

    if a.min() < 0:
        return 100 <= np.abs(a).max() <= 2550 and whole(a)
    return (a.max() <= 255 and whole(a)) or (a.max() <= 1 and whole(255 * a))


def like_float16(a: Any) -> Any:
    with np.errstate(over="ignore", under="ignore"):
        return np.array_equal(a.astype(np.float16).astype(np.float64), a)


def like_bfloat16(a: Any) -> Any:
    """float32 without its last 16 bits."""
    with np.errstate(over="ignore", under="ignore"):
        single = np.ascontiguousarray(a, np.float32)
    return np.array_equal(single, a) and not np.any(single.view(np.uint32) & 0xFFFF)


def like_bits(a: Any, most: int) -> Any:
    """Binary numbers of so many digits."""
    size = 2.0**most * np.frexp(a)[0]
    return bool(np.all(size == np.rint(size)))


def like_digits(a: Any, most: int = 6) -> Any:
    """Six digits, or so many, of every value."""
    size = np.abs(a[a != 0])
    digits = size / 10.0 ** (np.floor(np.log10(size)) - (most - 1))
    return bool(np.all(np.abs(digits - np.rint(digits)) <= 2.0**-24 * digits))


LOOKS = {  # the coarsest first: what fits bfloat16 fits float16, too
    "8 bits": like_bytes,
    "bfloat16": like_bfloat16,
    "float16": like_float16,
    "6 digits": like_digits,
}
