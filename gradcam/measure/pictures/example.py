"""A picture and its truth, as every source of pictures gives it.

A source, `Pictures`, has `numbers`, of its pictures; `source[number]`, an Example; `preprocessing`, what
makes the network's input of a picture; `says`, what it is, for people; `digest`, which tells it from every
other
source: rows that were measured on one are no rows of another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from weights import Preprocessing


@dataclass
class Example:
    """A picture on the network's own grid.

    picture: uint8 (H, W, 3); c: a class that it shows; truth (H, W) bool: where; boxes (B, 4): x0, y0, x1, y1
    in pixels, around it
    """

    picture: np.ndarray
    c: int
    truth: np.ndarray
    boxes: np.ndarray


class Pictures(Protocol):
    """Where pictures come from."""

    numbers: list[int]
    preprocessing: Preprocessing
    says: str
    digest: str

    def __getitem__(self, number: int, /) -> Example:
        """One picture, on the network's own grid."""
        ...


def squash(preprocessing: Preprocessing) -> Preprocessing:
    """The same preparation of a whole picture: nothing is cut off, and one that has the right size already
    stays as it is.
    """
    return replace(preprocessing, resize="squash", size=min(preprocessing.sides))
