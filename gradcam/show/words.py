"""A picture, and beside it what each word, or each answer, saw.

All lengths are in inches, from the upper left corner.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from gradcam.show.colour import overlay
from gradcam.show.settings import own_settings
from gradcam.show.typeset import FAINT, lines, tall, write

TILE, GAP, MARGIN = 1.9, 0.22, 0.3
HEADING, TITLE, TEXT = 18, 14, 10.5  # points
SCALE = "{} at {}: each map is in full colour at its own maximum."


class Seen(NamedTuple):
    """title and note, drawn below the map (h, w); None: the photo as it is.  A map of zeros is said to be
    one.

    boxes: [(x0, y0, x1, y1 in pixels, colour), ...], drawn on it.
    """

    title: str
    note: str = ""
    map: np.ndarray | None = None
    boxes: tuple[Any, ...] = ()


@own_settings()
def words(
    photo: np.ndarray, heading: str, seen: list[Seen], layer: str, columns: int = 5, method: str = "Grad-CAM"
) -> Figure:
    """The photo uint8 (H, W, 3) under each map, `columns` in a row -> Matplotlib Figure.

    heading: one line; seen: [Seen, ...]
    """
    columns = min(columns, len(seen))
    width = columns * TILE + (columns - 1) * GAP
    head, foot = (
        lines(heading, width, HEADING, "bold"),
        lines(SCALE.format(method, layer), width, TEXT, colour=FAINT),
    )
    below = [lines(s.title, TILE, TITLE, "bold") + lines(_note(s), TILE, TEXT, colour=FAINT) for s in seen]
    rows = [range(i, min(i + columns, len(seen))) for i in range(0, len(seen), columns)]
    under = [0.06 + max(tall(below[i]) for i in row) + 0.2 for row in rows]
    total = MARGIN + tall(head) + 0.15 + len(rows) * TILE + sum(under) + tall(foot) + MARGIN

    figure = Figure(figsize=(width + 2 * MARGIN, total), facecolor="white")
    y = write(figure, MARGIN, MARGIN, head) + 0.15
    for row, room in zip(rows, under):
        for k, i in enumerate(row):
            x = MARGIN + k * (TILE + GAP)
            axes = figure.add_axes(
                (
                    x / figure.get_figwidth(),
                    1 - (y + TILE) / total,
                    TILE / figure.get_figwidth(),
                    TILE / total,
                )
            )
            axes.set_axis_off()
            axes.imshow(
                photo if seen[i].map is None else overlay(photo, seen[i].map),
                origin="upper",
                interpolation="nearest",
            )
            _draw(seen[i].boxes, axes)
            write(figure, x, y + TILE + 0.06, below[i])
        y += TILE + room
    write(figure, MARGIN, y, foot)
    return figure


def _draw(boxes, axes):
    axes.autoscale(False)
    for *(x0, y0, x1, y1), colour in boxes:
        for width, edge in ((3.5, "black"), (1.8, colour)):  # a pixel's centre has whole numbers here
            axes.add_patch(
                Rectangle((x0 - 0.5, y0 - 0.5), x1 - x0, y1 - y0, fill=False, edgecolor=edge, linewidth=width)
            )


def _note(s):
    zero = s.map is not None and not np.any(s.map)
    return ", ".join(filter(None, [s.note, "exactly zero everywhere" if zero else ""]))
