"""A map on axes of the user's, as Matplotlib's own functions draw."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.asking import AskError
from gradcam.interpolation import upsample
from gradcam.show.colour import HEAT, SIGNED, known_colours, relief


def plot(
    map: np.ndarray,
    photo: Any = None,
    ax: Any = None,
    cmap: Any = None,
    alpha: float = 0.5,
    threshold: float = 0.0,
    **options: Any,
) -> Any:
    """Draw a map over its photo -> Matplotlib's AxesImage, of which `plt.colorbar` makes a bar.

        plot(e["grad_cam"], photo, ax=axes[0], cmap="viridis")

    map: (h, w), or (1, h, w) of one picture; a map at the pixels with channels, (3, H, W), is drawn as a
    relief.  photo: anything that imshow takes, under the map.  ax: default the current axes.  cmap: default
    inferno, or blue and red around zero where the map has negative values.  alpha: how much the map covers
    the photo.  threshold: a share of the map's largest magnitude, below which nothing is drawn.  options: of
    `Axes.imshow`.  The user's settings of Matplotlib stand.
    """
    map = np.asarray(getattr(map, "data", map) if not isinstance(map, np.ndarray) else map)
    while map.ndim > 2 and map.shape[0] == 1:
        map = map[0]
    if map.ndim not in (2, 3) or (map.ndim == 3 and map.shape[0] != 3) or map.dtype.kind not in "fiub":
        raise AskError(
            f"a map is (h, w), or (3, H, W), not {map.shape}: one picture at a time, e['grad_cam'][0]"
        )
    if not (0 <= alpha <= 1 and 0 <= threshold <= 1):
        raise AskError(f"alpha and threshold are shares from 0 to 1, not {alpha} and {threshold}")
    if ax is None:
        from matplotlib import pyplot

        ax = pyplot.gca()
    options = {"origin": "upper"} | options
    if photo is not None:
        shown = np.asarray(photo)
        ax.imshow(shown, cmap="gray", origin="upper")
        map = upsample(map, shown.shape[:2])
    ax.set_axis_off()
    covers = {"alpha": alpha} if photo is not None else {}
    if map.ndim == 3:
        return ax.imshow(relief(map), **covers, **options)
    top = abs(map).max() or 1.0
    drawn = np.ma.masked_where(abs(map) < threshold * top, map)
    low = -top if map.min() < 0 else 0
    colours = known_colours(cmap) if isinstance(cmap, str) else cmap
    default = SIGNED if low else HEAT
    return ax.imshow(drawn, **{"cmap": colours or default, "vmin": low, "vmax": top} | covers | options)
