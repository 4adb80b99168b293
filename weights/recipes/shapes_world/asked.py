"""What was asked for: checked, and said in the user's terms where it cannot be.

And the random numbers that belong to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np

from .kinds import KINDS

SPLITS = ("train", "validation", "test")
MOST = 3  # shapes in a scene
SIZES = (16, 60)  # pixels across, the widest range


def stream(number: int, split: str, seed: int) -> np.random.Generator:
    """The random numbers of one scene, and of no other.

    Philox (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") maps 256-bit counters one to
    one onto 256 random bits. Number and split are written into the upper words of the counter and the draws
    count in its lowest, so two scenes of a world never use the same counter: no stream overlaps another,
    and none depends on which scenes were drawn before.
    """
    for name, value in (("number", number), ("seed", seed)):
        if not isinstance(value, Integral) or isinstance(value, bool) or not 0 <= value < 2**63:
            raise ValueError(f"The scene's {name} must be a whole number from 0 to 2^63 - 1, not {value!r}.")
    if split not in SPLITS:
        raise ValueError(f"There is no split {split!r}: the splits are {', '.join(SPLITS)}.")
    return np.random.Generator(
        np.random.Philox(key=[int(seed), 0], counter=[0, int(number), SPLITS.index(split), 0])
    )


def asked_kinds(kinds: str | Sequence[str] | None) -> list[str] | None:
    """The kinds as a list; None if none were asked for."""
    if kinds is None:
        return None
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ValueError(f"There is no kind {unknown[0]!r}: the kinds are {', '.join(KINDS)}.")
    if not 1 <= len(kinds) <= MOST:
        raise ValueError(f"A scene has 1 to {MOST} shapes, but {len(kinds)} kinds were asked for.")
    return kinds


def asked_count(count: int | tuple[int, int] | None, kinds: list[str] | None) -> tuple[int, int]:
    """The least and the most number of shapes."""
    if count is not None and kinds is not None:
        raise ValueError("Give kinds or count, not both: the kinds already say how many shapes there are.")
    least, most = _range((1, MOST) if count is None else count, "count")
    if not (isinstance(least, Integral) and isinstance(most, Integral) and 1 <= least <= most <= MOST):
        raise ValueError(
            f"count must be 1 to {MOST} shapes, or a range (least, most) of that, not {count!r}."
        )
    return least, most


def asked_size(size: float | tuple[float, float]) -> tuple[float, float]:
    """The smallest and the largest size."""
    smallest, largest = _range(size, "size")
    if not SIZES[0] <= smallest <= largest <= SIZES[1]:
        raise ValueError(
            f"size must be {SIZES[0]} to {SIZES[1]} pixels, or a range (smallest, largest) of that, "
            f"not {size!r}."
        )
    return smallest, largest


def _range(value, name):
    ends = (
        (value, value)
        if isinstance(value, Real)
        else tuple(value)
        if isinstance(value, (tuple, list))
        else ()
    )
    if len(ends) != 2 or not all(isinstance(end, Real) for end in ends) or ends[0] > ends[1]:
        raise ValueError(f"{name} must be one number or a range (least, most), not {value!r}.")
    return ends
