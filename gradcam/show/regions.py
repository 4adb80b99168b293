"""Regions on their picture: boxes, what is said of them, and the map of each."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from gradcam.language.regions import Region
from gradcam.show.verdict import percent
from gradcam.show.words import Seen, words

COLOURS = ("#ffffff", "#ffd400", "#00e5ff", "#ff5edb", "#7dff5e", "#ff9a3c")


def regions_panel(
    photo: np.ndarray, regions: list[Region], said: list[str], layer: str = "relu5", method: str = "Grad-CAM"
) -> Figure:
    """photo uint8 (H, W, 3); regions: of `explain_regions`; said: their sentences, as text -> Matplotlib
    Figure

    First the picture with all boxes, then a tile for each region: the map of its sentence, and its box.
    """
    boxes = [(*region.box, COLOURS[i % len(COLOURS)]) for i, region in enumerate(regions)]
    seen = [Seen("the picture", "" if regions else "nothing was found in it", boxes=tuple(boxes))]
    for region, text, box in zip(regions, said, boxes):
        seen.append(Seen(text, f"these words: {percent(np.exp(region.log_p))}", region.map, (box,)))
    heading = (
        "One region, and what is said of it"
        if len(regions) == 1
        else f"{len(regions) or 'No'} regions, and what is said of each"
    )
    return words(photo, heading if regions else "No region", seen, layer, method=method)
