"""Feature maps that are not (N, K, h, w): how somebody may have read them, and the tape that reads them so.

Where places lie in a network of one's own, `minicnn.places` tells by its operations; what somebody else's
program took them for is told by the size of its map.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from gradcam.as_maps import as_it_was, as_maps
from gradcam.verify.reference.tape import rerun
from minicnn import Tensor, find
from minicnn.places import Maps

SKEW = 0.35  # proportions that differ by more are not those of the picture
UNTOLD = (None, None)  # what each place sees, which nobody asks here


@dataclass(frozen=True)
class Layout:
    """One way to read a tensor as feature maps: in words, and where its places lie."""

    says: str
    maps: Maps

    @property
    def grid(self) -> tuple[int, ...]:
        """(h, w)"""
        return self.maps.sizes


def layouts(t: Tensor, sides: tuple[int, int]) -> Iterator[Layout]:
    """The ways to read (N, T, K) or (N, K, length), the likeliest first; sides: (H, W) of the picture."""
    if t.ndim == 3:
        yield from [signal(t)] * (sides[0] == 1)
        yield from grids(t, sides)


def channels_last(t: Tensor) -> Layout:
    return Layout("read as (N, h, w, K)", Maps(3, (1, 2), tuple(t.shape[1:3]), UNTOLD))


def signal(t: Tensor) -> Layout:
    return Layout("read as (N, K, 1, length)", Maps(1, (2,), (1, t.shape[2]), UNTOLD))


def grids(t: Tensor, sides: tuple[int, int]) -> Iterator[Layout]:
    """Tokens (N, T, K) of a picture's patches, row by row, perhaps behind a few that stand for no patch."""
    for skip in (0, 1, 2, 5):
        n = t.shape[1] - skip
        shapes = [(h, n // h) for h in range(1, n + 1) if n % h == 0]
        like = [g for g in shapes if g[0] * sides[1] == g[1] * sides[0]]
        for grid in dict.fromkeys([*like, *shapes]):
            yield tokens(Maps(2, (1,), grid, UNTOLD, before=skip))


def tokens(maps: Maps) -> Layout:
    ends = [("first", maps.before), ("last", maps.behind)]
    without = "".join(f", the {end} {n} left out" for end, n in ends if n)
    return Layout("tokens as {} x {} patches".format(*maps.sizes) + without, maps)


def chosen(
    t: Tensor, sides: tuple[int, int], theirs: tuple[int, ...] = (), maps: Maps | None = None
) -> Layout | None:
    """How the layer is read: tokens as the network lays them, where its operations tell (maps); else as their
    map's size says, or their picture's sides; None: as it is.  LookupError: in no way.
    """
    if t.ndim == 3 and maps is not None and maps.tokens and maps.whole and len(maps.sizes) == 2:
        return tokens(maps)
    size = tuple(theirs[-2:]) if tuple(theirs[-2:]) != sides else ()
    if t.ndim == 4 and maps is not None and (maps.channel, maps.space) == (3, (1, 2)):
        return channels_last(t)
    if t.ndim == 4:
        last, as_it_is = channels_last(t), tuple(t.shape[2:])
        likely = skew(as_it_is, sides) <= SKEW
        if size == as_it_is or (likely and size == as_it_is[::-1]) or skew(last.grid, sides) > SKEW:
            return None
        return None if likely and size != tuple(last.grid) else last
    ways = list(layouts(t, sides))
    for fits in (
        lambda grid: grid == size,
        lambda grid: grid[0] * sides[1] == grid[1] * sides[0],
        lambda grid: sides[0] == grid[0] == 1,
    ):
        found = [way for way in ways if fits(tuple(way.grid))]
        if found:
            return found[0]
    raise LookupError


def skew(grid: tuple[int, int], sides: tuple[int, int]) -> float:
    """How far a grid's proportions are from the picture's, as a logarithm."""
    return abs(math.log(grid[0] * sides[1] / (grid[1] * sides[0])))


def reading(y: Tensor, layer: str, layout: Layout) -> Tensor:
    """The same scores by a tape on which the layer stands as feature maps, named `named(layer, layout)`."""
    old = find(y, layer)

    def through(t):
        A = as_maps(t, layout.maps)
        A.name = named(layer, layout)
        return as_it_was(A, t, layout.maps)

    return rerun(y, through={old: through})[y]


def named(layer: str, layout: Layout) -> str:
    """What the layer is called, so read."""
    return f"{layer}, {layout.says}"
