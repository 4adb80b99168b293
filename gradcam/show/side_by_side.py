"""The panel: every method side by side, one row per class.

All lengths are in inches, from the upper left corner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from gradcam.methods import METHODS
from gradcam.show.colour import PLAIN, Style
from gradcam.show.input_picture import seen
from gradcam.show.settings import own_settings
from gradcam.show.signals import signal_panel
from gradcam.show.tiles import row
from gradcam.show.typeset import FAINT, INK, Line, lines, tall, write
from gradcam.show.verdict import answers, doubts, facts
from gradcam.show.volumes import volume_panel

if TYPE_CHECKING:
    from gradcam.explanation import Explanation

TILE, GAP, MARGIN, BAR = 2.75, 0.24, 0.32, 0.36
HEADING, TITLE, STRONG, TEXT = 20, 15.5, 14, 11  # points
SCALES = {  # how to read what is drawn
    "relief": "Reliefs: grey is zero, brighter is positive, darker negative, each colour on its own. "
    "They reach full colour, as saliency does, where 99 % of the values other than zero lie below.",
    "inset": "An inset enlarges a small patch, beside the photo there.",
    "heat": "Saliency is in full colour where 99 % of the values other than zero lie below.",
    "overlay": "A map on the photo is in full colour at its maximum.",
    "shared": "A counterfactual has the scale of its Grad-CAM.",
}


@own_settings()
def panel(
    explanation: Explanation,
    photo: np.ndarray | None = None,
    card: Any = None,
    picture: int = 0,
    style: Style = PLAIN,
) -> Figure:
    """All maps of an explanation -> Matplotlib Figure; `save` writes it to a file.

    One row per class: what the network saw, then a map per method, each with the bar of its scale.  Maps with
    a sign have a symmetric scale; Grad-CAM and its counterfactual share theirs.  A map that is exactly zero
    is labelled so, with the reason.

    photo: the pixels that the network saw, uint8 (H, W, 3) (`gradcam.image.crop_shown`; default: taken back
    from the input); card: the network's description (default: the explanation's); picture: which one of the
    batch; style: the colours of heat maps and overlays.  Drawn with Matplotlib's default settings,
    whatever the user's, which are as before afterwards; in several threads, too.  Signals are drawn as
    curves, volumes as three planes, videos as frames.
    """
    card = card or explanation.card
    if explanation.x.ndim == 3:
        return signal_panel(explanation, card, picture)
    if explanation.x.ndim == 5:
        return volume_panel(explanation, card, picture)
    if photo is None:
        photo = seen(explanation.x[picture], card)
    rows = [row(explanation, c, photo, card, picture, style) for c in explanation.classes]
    columns = max(len(tiles) for tiles in rows)
    width = columns * TILE + (columns - 1) * GAP
    heading = _heading(explanation, picture, card, width)
    footnote = _scales(explanation.methods, any(tile.inset for tiles in rows for tile in tiles))
    return _page(rows, heading, lines(footnote, width, TEXT, colour=FAINT), width)


def _heading(e, n, card, width):
    """Which network, what it sees, whether it is sure, and whether it knows such pictures at all."""
    seen = ",  ".join(f"{name} {figure}" for name, figure in answers(e, n, card))
    heading = lines(getattr(card, "title", "The network"), width, HEADING, "bold") + lines(
        seen, width, STRONG
    )
    heading += lines(" ".join(facts(e, card)), width, TEXT, colour=FAINT)
    return heading + lines(" ".join(doubts(e, n, card)), width, STRONG, "bold")


def _scales(methods, inset):
    """How to read the colours of these methods, and the insets, if there are any."""
    drawn = {METHODS[m].drawn for m in methods} | (
        {"shared"} if {"grad_cam", "counterfactual"} <= set(methods) else set()
    )
    drawn |= {"inset"} if inset else set()
    return " ".join(SCALES[d] for d in SCALES if d in drawn and not (d == "heat" and "relief" in drawn))


def _page(rows, heading, footnote, width):
    """Finds a place for everything, then draws it: no text can run into a picture."""
    height, across = rows[0][0].picture.shape[:2]
    side = TILE * min(height / across, 2)
    titles = [
        lines(t.title, TILE, TITLE, "bold") + lines(t.source, TILE, TEXT, colour=FAINT) for t in rows[0]
    ]
    head = max(map(tall, titles)) + 0.08
    below = [max(map(_below, tiles)) + 0.22 for tiles in rows]
    total = (
        MARGIN + tall(heading) + 0.2 + head + len(rows) * side + sum(below) + 0.05 + tall(footnote) + MARGIN
    )

    figure = Figure(figsize=(width + 2 * MARGIN, total), facecolor="white")
    figure.add_axes(
        (0, 0, 1, 1), xlim=(0, width + 2 * MARGIN), ylim=(total, 0), autoscale_on=False
    ).set_axis_off()
    y = write(figure, MARGIN, MARGIN, heading) + 0.2 + head
    for k, title in enumerate(titles):
        write(figure, _left(k), y - 0.08 - tall(title), title)
    for tiles, under in zip(rows, below):
        for k, tile in enumerate(tiles):
            _draw(figure, tile, _left(k), y, side)
        y += side + under
    write(figure, MARGIN, y + 0.05, footnote)
    return figure


def _left(k):
    """Left edge of column k."""
    return MARGIN + k * (TILE + GAP)


def _captions(tile):
    return lines(tile.strong, TILE, STRONG, "bold") + lines(tile.note, TILE, TEXT, colour=FAINT)


def _below(tile):
    """Height of all that stands below a tile."""
    return 0.08 + (BAR if tile.bar else 0) + tall(_captions(tile))


def _draw(figure, tile, x, y, side):
    """A tile with its upper left corner at (x, y): the picture, the bar of its scale, its captions."""
    _picture(figure, tile.picture, x, y, TILE, side)
    if tile.zero or tile.undefined:
        said = "exactly zero" if tile.zero else "no map"
        words = [Line(said, TITLE, "bold", INK), *lines(tile.zero or tile.undefined, TILE - 0.4, TEXT)]
        write(figure, x + 0.2, y + (side - tall(words)) / 2, words)
    y += side + 0.08
    if tile.bar:
        colours, low, high = tile.bar
        _picture(figure, np.linspace(0, 1, 256)[None], x, y, TILE, 0.1, cmap=matplotlib.colormaps[colours])
        for at, value, align in [(0, low, "left"), (0.5, 0, "center"), (1, high, "right")]:
            if value or at == 0 or low < 0:
                write(figure, x + at * TILE, y + 0.12, [Line(_number(value), TEXT, colour=FAINT)], align)
        y += BAR
    write(figure, x, y, _captions(tile))


def _picture(figure, pixels, x, y, width, height, **colours):
    """A picture with its upper left corner at (x, y), on the one pair of axes of the page:
    making axes takes longer than drawing them.
    """
    figure.axes[0].imshow(
        pixels,
        extent=(x, x + width, y + height, y),
        origin="upper",
        aspect="auto",
        interpolation="antialiased",
        **colours,
    )


def _number(value):
    """Two digits, and a real minus sign."""
    text = f"{value:.0f}" if value == 0 or 100 <= abs(value) < 1e6 else f"{value:#.2g}".removesuffix(".")
    return text.replace("-", "−")
