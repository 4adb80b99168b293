"""Numbers to colours: heat maps, signed maps, and a map laid over its photo.

Every function returns RGB, float, 0 to 1, (H, W, 3).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import matplotlib
import numpy as np

from gradcam.asking import AskError
from gradcam.interpolation import upsample

HEAT, SIGNED = "inferno", "RdBu_r"  # dark to bright; blue below zero, red above
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601: how bright red, green and blue look


@dataclass(frozen=True)
class Style:
    """How a map is drawn.

    colormap    one of Matplotlib's; None: inferno, or blue and red around zero
    alpha       how much a map covers its photo, 0 to 1; None: the more it says, the more it covers
    threshold   a share of the largest magnitude, 0 to 1, below which nothing is drawn
    """

    colormap: str | None = None
    alpha: float | None = None
    threshold: float = 0.0

    def __post_init__(self) -> None:
        if self.colormap is not None:
            known_colours(self.colormap)
        for what, share in (("alpha", self.alpha), ("threshold", self.threshold)):
            if share is not None and not 0 <= share <= 1:
                raise AskError(f"{what} is a share from 0 to 1, not {share:g}")


PLAIN = Style()


def known_colours(name: str) -> str:
    """The name of one of Matplotlib's colour maps.  AskError names the nearest."""
    if name not in matplotlib.colormaps:
        near = difflib.get_close_matches(name, list(matplotlib.colormaps), n=3) or [
            "inferno",
            "viridis",
            "jet",
        ]
        raise AskError(f"Matplotlib has no colour map '{name}'; there is {', '.join(near)}")
    return name


def limit(map: np.ndarray, percent: float = 99) -> float:
    """The magnitude that is drawn in full colour: `percent` of the values that are not zero lie below it.  0
    for a map of zeros.

    The largest few pixels of a gradient are ten times the rest; a scale that ended at them would leave
    everything else in the dark.
    """
    values = np.abs(map)[map != 0]
    return float(np.percentile(values, percent)) if values.size else 0.0


def heat(map: np.ndarray, top: float | None = None, colours: str | None = None) -> np.ndarray:
    """A map (H, W) >= 0, from dark (0) to bright (`top` and above; default: `limit`)."""
    return matplotlib.colormaps[colours or HEAT](_share(_of_one(map), top))[..., :3]


def signed(map: np.ndarray, top: float | None = None, colours: str | None = None) -> np.ndarray:
    """A map (H, W) of either sign, from blue (-top and below) by white (0) to red."""
    return matplotlib.colormaps[colours or SIGNED](0.5 + _share(_of_one(map), top) / 2)[..., :3]


def relief(map: np.ndarray, top: float | None = None, channels: str = "RGB") -> np.ndarray:
    """A signed map (3, H, W), or (1, H, W) without colours:
    grey is 0, brighter positive, darker negative, each channel on its own.
    """
    map = _of_one(map, 3)
    map = map[::-1] if channels == "BGR" else map
    return np.moveaxis(0.5 + _share(np.broadcast_to(map, (3, *map.shape[1:])), top) / 2, 0, -1)


def overlay(
    photo: np.ndarray,
    map: np.ndarray,
    top: float | None = None,
    upsampling: str = "half_pixel",
    style: Style = PLAIN,
) -> np.ndarray:
    """A map (h, w), coarse or not, laid over its photo uint8 (H, W, 3), which turns grey; the more it says,
    the more it covers.  -> (H, W, 3), for `Axes.imshow`

    A photo may be PIL's, and a map (1, h, w), as an explanation of one picture has it.

    A map that is nowhere negative is drawn as heat, another one in two colours on a symmetric scale.  top:
    default its largest magnitude.
    """
    map, photo = _of_one(map), np.asarray(photo)
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8:
        raise AskError(f"a photo is uint8 (H, W, 3), from 0 to 255, not {photo.dtype} {photo.shape}")
    top = np.abs(map).max() if top is None else top
    share = _share(upsample(np.asarray(map, np.float64), photo.shape[:2], upsampling), top)
    two_sided = map.min() < 0
    colours = signed(share, 1, style.colormap) if two_sided else heat(share, 1, style.colormap)
    opacity = 0.8 * np.abs(share) if two_sided else 0.35 + 0.5 * share
    if style.alpha is not None:
        opacity = np.full_like(share, style.alpha)
    opacity = np.where(np.abs(share) < style.threshold, 0, opacity)[..., None]
    return (1 - opacity) * grey(photo) + opacity * colours


def grey(photo: np.ndarray) -> np.ndarray:
    """A photo uint8 (H, W, 3) without its colours."""
    return (photo @ LUMA / 255)[..., None].repeat(3, axis=-1)


def _of_one(map, ndim=2):
    """The map of one picture, in a batch of one or alone."""
    map = np.asarray(map)
    while map.ndim > ndim and len(map) == 1:
        map = map[0]
    if map.ndim != ndim:
        wanted = "(h, w)" if ndim == 2 else "(C, H, W)"
        raise AskError(f"a map is {wanted}, not {map.shape}: one picture at a time, e['grad_cam'][0]")
    return map


def _share(map, top):
    """map / top, no further from zero than 1; 0 where everything is."""
    top = limit(map) if top is None else top
    return np.clip(np.asarray(map, np.float64) / top, -1, 1) if top else np.zeros(np.shape(map))
