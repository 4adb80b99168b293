"""A scene: a background, the shapes on it in their order, and what can be seen of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import pi

import numpy as np

from .asked import asked_count, asked_kinds, asked_size, stream
from .clutter import scatter
from .colours import choose
from .kinds import KINDS
from .shape import SIDE, Shape, shape
from .textures import background

SIZE = (20, 44)  # pixels across
MIN_VISIBLE = 0.8  # the share of a shape's pixels that can be seen, at least
MIN_PIXELS = 64  # and their number, at least
GRAIN = 6  # every value of the picture moves by at most this
TRIES = 1000  # layouts tried before a request is called impossible


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture and the whole truth about it.

    picture     (SIDE, SIDE, 3) uint8
    shapes      lowest first: later ones cover earlier ones
    texture     the family of the background, a name of TEXTURES
    background  (SIDE, SIDE, 3) float32, 0 to 255: texture and clutter, before shapes and grain
    grain       (SIDE, SIDE, 3) int8: added at the very end
    """

    picture: np.ndarray
    shapes: tuple[Shape, ...]
    texture: str
    background: np.ndarray
    grain: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """(K,) float32: 1 for every kind that is present, in the order of KINDS."""
        present = {s.kind for s in self.shapes}
        return np.array([kind in present for kind in KINDS], np.float32)

    @property
    def masks(self) -> np.ndarray:
        """(K, SIDE, SIDE) bool: the pixels that show each kind, in the order of KINDS; empty for an absent
        kind.
        """
        masks = np.zeros((len(KINDS), SIDE, SIDE), bool)
        for s in self.shapes:
            masks[list(KINDS).index(s.kind)] |= s.visible
        return masks

    def without(self, i: int) -> np.ndarray:
        """The same picture as if shape i had never been there, (SIDE, SIDE, 3) uint8."""
        return paint(self.background, [s for j, s in enumerate(self.shapes) if j != i], self.grain)


def scene(
    number: int,
    split: str = "train",
    seed: int = 0,
    *,
    kinds: str | Sequence[str] | None = None,
    count: int | tuple[int, int] | None = None,
    size: float | tuple[float, float] = SIZE,
) -> Scene:
    """Scene `number` of a split: always the same bits for the same arguments, and never those of another
    number or split.

    number  a whole number from 0
    split   "train", "validation" or "test"
    seed    another seed is another world with the same rules
    kinds   one to three names of KINDS, lowest first; default: random, no kind twice
    count   how many shapes, or (least, most); default: 1 to 3, equally likely
    size    pixels across, or (smallest, largest), within 16 to 60

    Raises ValueError for a request that cannot be met, naming what can.
    """
    rng = stream(number, split, seed)
    count, size = asked_count(count, kinds), asked_size(size)
    kinds = asked_kinds(kinds) or [
        list(KINDS)[i] for i in rng.permutation(len(KINDS))[: rng.integers(count[0], count[1] + 1)]
    ]
    for _ in range(TRIES):
        shapes = occlude([place(rng, kind, size) for kind in kinds])
        if not all(is_enough(s) for s in shapes):
            continue
        ground, texture = background(rng, SIDE)
        scatter(rng, ground)
        shapes = colour(rng, ground, shapes)
        if shapes:
            grain = rng.integers(-GRAIN, GRAIN + 1, ground.shape, dtype=np.int8)
            return Scene(paint(ground, shapes, grain), shapes, texture, ground, grain)
    raise ValueError(
        f"No room for {len(kinds)} shapes of {size[0]:g} to {size[1]:g} pixels so that {MIN_VISIBLE:.0%} and "
        f"{MIN_PIXELS} pixels of each are seen: ask for fewer shapes or another size."
    )


def place(rng: np.random.Generator, kind: str, size: tuple[float, float]) -> Shape:
    """A shape of random size, place and turn, wholly inside the picture."""
    across = rng.uniform(*size)
    centre = tuple(rng.uniform(across / 2, SIDE - across / 2, 2).tolist())
    return shape(kind, centre, across, rng.uniform(0, 2 * pi))


def occlude(shapes: Sequence[Shape]) -> list[Shape]:
    """Gives each shape its visible mask: its pixels without those of all later shapes."""
    covered, seen = np.zeros((SIDE, SIDE), bool), []
    for s in reversed(shapes):
        full = s.full
        seen.append(replace(s, visible=full & ~covered))
        covered |= full
    return seen[::-1]


def is_enough(s: Shape) -> bool:
    """Whether enough of a shape can be seen."""
    visible = np.count_nonzero(s.visible)
    return visible >= MIN_PIXELS and visible >= MIN_VISIBLE * np.count_nonzero(s.distance <= 0)


def colour(rng: np.random.Generator, ground: np.ndarray, shapes: Sequence[Shape]) -> tuple[Shape, ...] | None:
    """Gives each shape a colour of its own that is seen against what lies around and below it; None if
    there is no such colour.
    """
    canvas, done = ground.copy(), []
    for s in shapes:
        chosen = choose(rng, canvas[s.where][s.around], taken=[t.colour for t in done])
        if chosen is None:
            return None
        done.append(replace(s, colour=chosen[0], rgb=chosen[1]))
        lay(canvas, done[-1])
    return tuple(done)


def lay(canvas: np.ndarray, s: Shape) -> None:
    """Lays one shape onto a canvas (SIDE, SIDE, 3), in place."""
    part = canvas[s.where]
    part += s.coverage[..., None].astype(np.float32) * (s.rgb.astype(np.float32) - part)


def paint(ground: np.ndarray, shapes: Sequence[Shape], grain: np.ndarray) -> np.ndarray:
    """Background, then the shapes in their order, then the grain -> (SIDE, SIDE, 3) uint8."""
    canvas = ground.copy()
    for s in shapes:
        lay(canvas, s)
    return np.clip(np.rint(canvas + grain), 0, 255).astype(np.uint8)
