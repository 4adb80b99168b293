"""How an array was kept, apart from how it was computed: bytes, half precision, a few digits."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

STEPS = {  # how far keeping moves a value, relative to the largest one
    "the colours of a colour map": 2.5 / 256,  # of which a few neighbours are one
    "8 bits, then float16": 2.0**-11,
    "float16": 2.0**-11,
    "bfloat16": 2.0**-8,
    **{f"{n} digits": 0.5 * 10.0 ** (1 - n) for n in (3, 4, 5, 6)},
}
DECIMALS = {f"{n} decimals": n for n in (2, 3, 4, 5, 6)}  # behind the point: their step is 10^-n
ENOUGH = 4  # values that are not zero: fewer may be round numbers by chance
SHORT = 4  # digits, or bits: longer numbers are none by chance
TOO_LONG = 2e6  # steps: float32 has not enough digits for more
MANY = 8  # different values: fewer may lie near 255ths by chance


def storage(array: np.ndarray, ours: np.ndarray, given: str = "float64", enough: int = ENOUGH) -> str:
    """How their array was kept, "" if nothing coarser than float32 is seen.

    ours: the reference's; where it looks as if it had been kept so, too (small dyadic numbers do), that
    theirs does tells nothing.  given: the type of the array that was handed over.
    """
    if given == "float16" and like_bytes_in_float16(array) and not like_bytes_in_float16(ours):
        return "8 bits, then float16"
    if given in ("uint8", "colours", "float16", "bfloat16"):
        return {"uint8": "8 bits", "colours": "the colours of a colour map"}.get(given, given)
    few = np.unique(array[array != 0]).size < enough
    if few and (like_digits(array, SHORT) or like_bits(array, SHORT)):
        return ""
    kinds = (kind for kind, looks in LOOKS.items() if looks(array) and not looks_itself(kind, ours))
    found = [kind for kind in kinds if not few or kind != "8 bits"]
    if found and found[0] in DECIMALS:  # few decimals are few digits, too: the finer of both
        both = found[0], *(kind for kind in found if kind not in DECIMALS)
        return min(both[:2], key=lambda kind: step(kind, array))
    return found[0] if found else ""


def step(kind: str, array: np.ndarray) -> float:
    """How far it moves a value to keep an array so, relative to the largest one; 0 for ""."""
    largest, own = np.abs(array).max(), STEPS.get(kind, 0.0)
    if kind in DECIMALS:
        return 0.5 * 10.0 ** -DECIMALS[kind] / largest
    if kind.startswith("8 bits") and largest:  # cut off or rounded; the largest value may be less than 255
        return (1.0 if largest > 1 else 1 / 255) / largest + own
    return own


def like_bytes(a: Any) -> Any:
    """Whole numbers from 0 to 255, or 255ths of them; or a signed map in steps of that size."""

    def whole(v):
        return np.abs(v - np.rint(v)).max() < 1e-4 and np.abs(np.rint(v)).max() >= 1

    if a.min() < 0:
        return 100 <= np.abs(a).max() <= 2550 and whole(a)
    return (a.max() <= 255 and whole(a)) or (a.max() <= 1 and whole(255 * a))


def like_bytes_in_float16(a: Any) -> Any:
    """255ths from 0 to 1, each moved by float16's rounding."""
    if not like_float16(a):
        return False
    steps = 255 * np.unique(a[a != 0])
    if steps.size < MANY or a.min() < 0 or a.max() > 1:
        return False
    return bool(np.all(np.abs(steps - np.rint(steps)) <= 2.0**-11 * steps + 1e-4))


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


def like_digits(a: Any, most: int = 6, slack: float = 2.0**-24) -> Any:
    """Six digits, or so many, of every value; slack: what another precision has left of them."""
    size = np.abs(a[a != 0])
    digits = size / 10.0 ** (np.floor(np.log10(size)) - (most - 1))
    return bool(np.all(np.abs(digits - np.rint(digits)) <= slack * digits))


def like_decimals(a: Any, n: int, slack: float = 2.0**-24) -> Any:
    """So many digits behind the point; slack: what another precision has left of them."""
    steps = np.abs(a) * 10.0**n
    return steps.max() < TOO_LONG and bool(np.all(np.abs(steps - np.rint(steps)) <= slack * steps))


def looks_itself(kind: str, ours: Any) -> Any:
    """Whether the reference, in float64, has such values before anybody has kept them so."""
    exact = {"slack": 1e-12} if "digits" in kind or kind in DECIMALS else {}
    return LOOKS[kind](ours, **exact)


LOOKS = {  # the coarsest first: what fits bfloat16 fits float16, too
    "8 bits": like_bytes,
    "bfloat16": like_bfloat16,
    "8 bits, then float16": like_bytes_in_float16,
    "float16": like_float16,
    **{kind: partial(like_decimals, n=n) for kind, n in DECIMALS.items()},
    **{f"{n} digits": partial(like_digits, most=n) for n in (3, 4, 5, 6)},
}
