"""Feature maps that are not (N, K, h, w): how they are read, and the tape that reads them so."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gradcam.verify.reference.tape import rerun
from minicnn import Concat, Conv, Reshape, Slice, Tensor, Transpose, find

SKEW = 0.35  # proportions that differ by more are not those of the picture


@dataclass(frozen=True)
class Layout:
    """One way to read a tensor as feature maps.

    says: in words; grid: (h, w); to: the tensor -> (N, K, h, w); back: that, and the tensor -> the tensor
    """

    says: str
    grid: tuple[int, int]
    to: Callable[[Tensor], Tensor]
    back: Callable[[Tensor, Tensor], Tensor]


def layouts(t: Tensor, sides: tuple[int, int]) -> Iterator[Layout]:
    """The ways to read (N, T, K) or (N, K, length), the likeliest first; sides: (H, W) of the picture."""
    if t.ndim == 3:
        yield from [signal(t)] * (sides[0] == 1)
        yield from grids(t, sides)


def channels_last(t: Tensor) -> Layout:
    return Layout(
        "read as (N, h, w, K)",
        t.shape[1:3],
        lambda t: Transpose((0, 3, 1, 2))(t),
        lambda A, t: Transpose((0, 2, 3, 1))(A),
    )


def signal(t: Tensor) -> Layout:
    K, n = t.shape[1:]
    return Layout(
        "read as (N, K, 1, length)",
        (1, n),
        lambda t: Reshape((-1, K, 1, n))(t),
        lambda A, t: Reshape((-1, K, n))(A),
    )


def grids(t: Tensor, sides: tuple[int, int]) -> Iterator[Layout]:
    """Tokens (N, T, K) of a picture's patches, row by row, perhaps behind a few that stand for no patch."""
    for skip in (0, 1, 2, 5):
        n = t.shape[1] - skip
        shapes = [(h, n // h) for h in range(1, n + 1) if n % h == 0]
        like = [g for g in shapes if g[0] * sides[1] == g[1] * sides[0]]
        for grid in dict.fromkeys([*like, *shapes]):
            yield tokens(t, skip, grid)


def tokens(t: Tensor, skip: int, grid: tuple[int, int]) -> Layout:
    K, (h, w) = t.shape[2], grid
    without = f", the first {skip} left out" if skip else ""

    def to(t):
        patches = Slice(slice(None), slice(skip, None))(t) if skip else t
        return Transpose((0, 3, 1, 2))(Reshape((-1, h, w, K))(patches))

    def back(A, t):
        patches = Reshape((-1, h * w, K))(Transpose((0, 2, 3, 1))(A))
        return Concat(1)(Slice(slice(None), slice(0, skip))(t), patches) if skip else patches

    return Layout(f"tokens as {h} x {w} patches{without}", grid, to, back)


def chosen(t: Tensor, sides: tuple[int, int], theirs: tuple[int, ...] = ()) -> Layout | None:
    """How the layer is read: as their map's size says, or their picture's sides; None: as it is.

    LookupError: in no way.
    """
    size = tuple(theirs[-2:]) if tuple(theirs[-2:]) != sides else ()
    if t.ndim == 4 and moved_last(t):
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


def moved_last(t: Tensor) -> bool:
    """Whether the network itself has moved the channels to the end, (N, K, h, w) -> (N, h, w, K), and what
    follows has left the other axes where they are."""
    while t.op is not None and not isinstance(t.op, Conv):
        if isinstance(t.op, Transpose) and len(t.op.order) == 4:
            return tuple(t.op.order) == (0, 2, 3, 1)
        before = next((v for v in t.op.inputs if isinstance(v, Tensor) and v.ndim == 4), None)
        if before is None or before.shape[:3] != t.shape[:3]:
            return False
        t = before
    return False


def skew(grid: tuple[int, int], sides: tuple[int, int]) -> float:
    """How far a grid's proportions are from the picture's, as a logarithm."""
    return abs(math.log(grid[0] * sides[1] / (grid[1] * sides[0])))


def reading(y: Tensor, layer: str, layout: Layout) -> Tensor:
    """The same scores by a tape on which the layer stands as feature maps, named `named(layer, layout)`."""
    old = find(y, layer)

    def through(t):
        A = layout.to(t)
        A.name = named(layer, layout)
        return layout.back(A, t)

    return rerun(y, through={old: through})[y]


def named(layer: str, layout: Layout) -> str:
    """What the layer is called, so read."""
    return f"{layer}, {layout.says}"
