"""One shape in a picture: where it is, how it looks, and the pixels it covers."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin

import numpy as np

from .kinds import KINDS

SIDE = 96  # a picture is SIDE x SIDE pixels
NEAR = 3  # pixels at most this far outside a shape are "next to it"


@dataclass(frozen=True, eq=False)
class Shape:
    """A shape of a scene. In pixels, x to the right, y down; the centre of the first pixel is (0.5, 0.5).

    kind, colour     names, of KINDS and COLOURS
    centre, size     (x, y) of the circle around the shape, and its diameter
    angle            clockwise turn in radians, 0 to 2 pi
    rgb              the colour as painted, (3,), 0 to 255
    where, distance  the slices (rows, columns) that hold it, and there the signed distance to its outline
    visible          (SIDE, SIDE) bool: the pixels that show it. Those of two shapes never meet
    """

    kind: str
    centre: tuple[float, float]
    size: float
    angle: float
    where: tuple[slice, slice]
    distance: np.ndarray
    visible: np.ndarray | None = None
    colour: str = ""
    rgb: np.ndarray | None = None

    @property
    def coverage(self) -> np.ndarray:
        """How much of each pixel in `where` the shape covers, 0 to 1: a straight edge of one pixel's width
        makes the outline smooth.
        """
        return np.clip(0.5 - self.distance, 0, 1)

    @property
    def full(self) -> np.ndarray:
        """(SIDE, SIDE) bool: the pixels whose centre lies in the shape, seen or not; there it covers half
        the pixel or more.
        """
        mask = np.zeros((SIDE, SIDE), bool)
        mask[self.where] = self.distance <= 0
        return mask

    @property
    def around(self) -> np.ndarray:
        """The pixels in `where` that lie next to the shape, bool."""
        return (self.distance > 0) & (self.distance <= NEAR)


def shape(kind: str, centre: tuple[float, float], size: float, angle: float) -> Shape:
    """A shape of one kind, turned and placed, without a colour yet: the kind's equation in coordinates that
    turn with it.
    """
    (cx, cy), r = centre, size / 2
    cols, rows = (slice(max(int(v - r - NEAR), 0), min(int(v + r + NEAR) + 1, SIDE)) for v in centre)
    x = (np.arange(cols.start, cols.stop) + 0.5 - cx) / r
    y = (np.arange(rows.start, rows.stop)[:, None] + 0.5 - cy) / r
    distance = r * KINDS[kind](cos(angle) * x + sin(angle) * y, cos(angle) * y - sin(angle) * x)
    return Shape(kind, centre, size, angle, (rows, cols), distance)
