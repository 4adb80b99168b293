"""A method, asked once more: for its signed map, or for maps of other inputs and of other classes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from gradcam.interpolation import upsample
from gradcam.measure.errors import MeasureError
from gradcam.measure.statistics.intensity import intensity

Again = Callable[[np.ndarray, int | None], np.ndarray]


class NotAsked(MeasureError):
    """A map that was made elsewhere: there is no method here to ask for another."""


class Asked:
    """A method and its map of a picture: `asked(x)` -> its maps of pictures x (n, C, H, W), (n, ...).

    raw    its map of this picture as it gave it, (h, w) or (C, H, W)
    size   (H, W), of the picture
    again  f(x, c) -> maps; c: a class, None for the picture's own.  None: it cannot be asked
    """

    raw: np.ndarray
    size: tuple[int, int]
    again: Again | None

    def __init__(self, raw: np.ndarray, size: tuple[int, int], again: Again | None) -> None:
        self.raw, self.size, self.again = raw, size, again

    @cached_property
    def on_pixels(self) -> np.ndarray:
        """The map with its signs, on the picture's pixels: (C, H, W), or (1, H, W) of one without colours."""
        return self.raw if self.raw.ndim == 3 else upsample(self.raw, self.size)[None]

    def __call__(self, x: np.ndarray, c: int | None = None) -> np.ndarray:
        """Maps of pictures x (n, C, H, W), as the method gives them.  NotAsked: it cannot be asked."""
        if self.again is None:
            raise NotAsked("these maps were made elsewhere, and no method can be asked here for others")
        return self.again(x, c)

    def drawn(self, x: np.ndarray, c: int | None = None) -> np.ndarray:
        """The map (H, W) >= 0 of one picture (1, C, H, W)."""
        return intensity(self(x, c)[0], self.size)


def constant(map: np.ndarray) -> Asked:
    """A baseline: whatever it is asked, it answers with the same map (H, W)."""
    return Asked(map, map.shape, lambda x, c=None: np.repeat(map[None], len(x), axis=0))
