"""The colours a shape can have, and how far apart two colours are to the eye.

Distances are Euclidean in Oklab (Ottosson 2020, "A perceptual color space for image processing"): black to
white is 1, a difference that can just be seen is about 0.02.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

COLOURS = {  # red, green, blue, 0 to 255
    "red": (205, 30, 35),
    "orange": (248, 132, 20),
    "yellow": (250, 226, 50),
    "green": (40, 150, 50),
    "cyan": (60, 210, 225),
    "blue": (40, 70, 205),
    "pink": (245, 105, 190),
    "white": (245, 245, 245),
}
JITTER = 10  # a shape's red, green and blue each move by at most this
CONTRAST = 0.15  # two colours at least this far apart are told apart at a glance
SEEN = 0.9  # the share of a shape's surroundings that must be that far from its colour

_NAMES = list(COLOURS)
_RGB = np.array(list(COLOURS.values()), float)
_LINEAR = np.where(
    (_v := np.arange(256) / 255) <= 0.04045, _v / 12.92, ((_v + 0.055) / 1.055) ** 2.4
)  # sRGB, IEC 61966-2-1
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """rgb: 0 to 255, (..., 3) -> lightness and two opponent colours, (..., 3)."""
    return np.cbrt(_LINEAR[np.asarray(rgb).astype(np.uint8)] @ _TO_CONES.T) @ _TO_LAB.T


def distance(rgb: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How different two colours look: (..., 3), (..., 3) -> (...)."""
    return np.sqrt(((oklab(rgb) - oklab(other)) ** 2).sum(-1))


def nearest_name(rgb: np.ndarray) -> str:
    """The colour name that fits one colour (3,) best."""
    return _NAMES[int(distance(np.asarray(rgb), _RGB).argmin())]


def choose(
    rng: np.random.Generator, around: np.ndarray, taken: Sequence[str] = ()
) -> tuple[str, np.ndarray] | None:
    """A colour that is seen against the pixels `around` (n, 3) and not `taken` -> (name, rgb (3,)), or None
    if there is none.
    """
    rgb = np.clip(_RGB + rng.integers(-JITTER, JITTER + 1, _RGB.shape), 0, 255)
    seen = (distance(around[:, None], rgb) >= CONTRAST).mean(axis=0) >= SEEN
    able = [i for i, name in enumerate(_NAMES) if seen[i] and name not in taken]
    if not able:
        return None
    i = able[rng.integers(len(able))]
    return _NAMES[i], rgb[i]


def any_colour(rng: np.random.Generator) -> np.ndarray:
    """A named colour moved further than a shape's ever is: for clutter, so that a vivid colour alone
    betrays nothing.
    """
    return np.clip(_RGB[rng.integers(len(_RGB))] + rng.integers(-40, 41, 3), 0, 255)
