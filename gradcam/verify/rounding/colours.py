"""A map that came as a picture: grey, or in the colours of a colour map, which can be read back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

KNOWN = ("jet", "viridis", "inferno", "magma", "plasma", "hot", "turbo", "rainbow", "bone", "gray")
NEAR = 2.5 / 255  # another library's table of the same name is so near
STEPS = 256  # colours of a table


def read_back(picture: np.ndarray) -> tuple[np.ndarray, str] | None:
    """(map (..., h, w) from 0 to 1 in 256 steps, the name of its colours) of a picture (..., h, w, 3 or 4) or
    (..., 3, h, w); None if its colours are those of no colour map, as where it lies over its photo.
    """
    if picture.ndim < 3:
        return None
    if picture.shape[-1] not in (3, 4):
        if picture.shape[-3] != 3:
            return None
        picture = np.moveaxis(picture, -3, -1)
    rgb = picture[..., :3] / (255 if picture.max() > 1 else 1)
    if rgb.min() < 0 or rgb.max() > 1:
        return None
    if np.ptp(rgb, axis=-1).max() == 0:
        return rgb[..., 0], "grey"
    colours, where = np.unique(rgb.reshape(-1, 3), axis=0, return_inverse=True)
    if len(colours) > STEPS:
        return None
    every = list(tables())
    every += [(f"{name}, blue and red exchanged", known[:, ::-1]) for name, known in every]
    for name, known in every:
        apart = abs(colours[:, None] - known).max(axis=-1)
        if apart.min(axis=1).max() <= NEAR:
            first, last = apart.argmin(axis=1), STEPS - 1 - apart[:, ::-1].argmin(axis=1)
            values = ((first + last) / 2 + 0.5) / STEPS  # a few neighbours in a table have one colour
            return values[where.reshape(-1)].reshape(rgb.shape[:-1]), name
    return None


def tables() -> Iterator[tuple[str, np.ndarray]]:
    """(name, colours (256, 3)): Matplotlib's, and OpenCV's jet, which is another."""
    import matplotlib

    for name in KNOWN:
        yield name, matplotlib.colormaps[name](np.arange(STEPS))[:, :3]
        if name == "jet":
            yield "jet", jet()


def jet() -> np.ndarray:
    """OpenCV's: red, green and blue are one trapezoid, a quarter of the table apart."""
    i = np.arange(STEPS)
    return np.stack([np.clip(1.5 - abs(4 * i / (STEPS - 1) - centre), 0, 1) for centre in (3, 2, 1)], axis=1)
