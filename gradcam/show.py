"""The panel: every method side by side, one row per class.  All sizes are in inches, from the upper left corner."""

from functools import cache

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from gradcam.colour import overlay
from gradcam.image import restore
from gradcam.save import SaveError, save
from gradcam.tiles import row
from gradcam.verdict import doubt, first, name_of, percent

__all__ = ["SaveError", "overlay", "panel", "save"]

TILE, GAP, MARGIN = 2.75, 0.24, 0.32
INK, FAINT = "#1a1a1a", "#555555"
HEADING, TITLE, STRONG, TEXT = 20, 15.5, 14, 11  # points
LINE = 1.3 / 72  # inches of line height per point


def panel(explanation, photo=None, card=None, picture=0):
    """All maps of an explanation -> Matplotlib Figure; `save` writes it to a file.

    One row per class: what the network saw, then a map per method, each with the bar of its scale.  Maps with a sign have a symmetric
    scale; Grad-CAM and its counterfactual share theirs.  A map that is exactly zero is labelled so, with the reason.
    photo: the pixels that the network saw, uint8 (H, W, 3) (`gradcam.image.crop_shown`; default: taken back from the input);
    card: the network's description (default: the explanation's); picture: which one of the batch.
    Nothing global in Matplotlib is touched: panels may be drawn in several threads.
    """
    card = card or explanation.card
    if photo is None:
        photo = restore(explanation.x[picture], card.preprocessing)
    rows = [row(explanation, c, photo, card, picture) for c in explanation.classes]
    p = explanation.probabilities[picture]
    verdict = "   ".join(f"{name_of(c, card)} {percent(p[c])}" for c in first(p))
    lines = [(getattr(card, "title", "The network"), HEADING, "bold"), (f"sees   {verdict}", STRONG, "normal")]
    if doubt(p, card):
        lines.append((doubt(p, card), STRONG, "normal"))
    return _Page(rows, lines).draw()


class _Page:
    """Places for a grid of tiles, found before anything is drawn, so that no text can run into a picture."""

    def __init__(self, rows, lines):
        self.rows, columns = rows, max(len(r) for r in rows)
        height, width = rows[0][0].picture.shape[:2]
        self.tile = TILE, TILE * min(height / width, 2)
        self.width = 2 * MARGIN + columns * TILE + (columns - 1) * GAP
        self.lines = [(wrap(t, self.width - 2 * MARGIN, s, w), s, w) for t, s, w in lines]
        self.footnote = wrap(FOOTNOTE, self.width - 2 * MARGIN, TEXT)
        self.top = MARGIN + sum(tall(t, s) for t, s, _ in self.lines) + 0.2
        self.head = max(tall(wrap(t.title, TILE, TITLE, "bold"), TITLE) + tall(wrap(t.source, TILE, TEXT), TEXT) for t in rows[0]) + 0.08
        self.below = [max(self.under(t) for t in r) + 0.2 for r in rows]
        self.height = self.top + self.head + sum(self.tile[1] + b for b in self.below) + tall(self.footnote, TEXT) + MARGIN

    def under(self, tile):
        """Height of what stands below a tile."""
        bar = 0.42 if tile.bar else 0.06
        return bar + tall(wrap(tile.strong, TILE, STRONG, "bold"), STRONG) + tall(wrap(tile.note, TILE, TEXT), TEXT)

    def draw(self):
        self.figure = Figure(figsize=(self.width, self.height), facecolor="white")
        y = MARGIN
        for text, size, weight in self.lines:
            y = self.text(MARGIN, y, text, size, weight)
        y = self.top
        for r, tiles in enumerate(self.rows):
            for k, tile in enumerate(tiles):
                x = MARGIN + k * (TILE + GAP)
                if r == 0:
                    low = y + self.head - 0.08 - tall(wrap(tile.source, TILE, TEXT), TEXT)
                    title = wrap(tile.title, TILE, TITLE, "bold")
                    self.text(x, low - tall(title, TITLE), title, TITLE, "bold")
                    self.text(x, low, wrap(tile.source, TILE, TEXT), TEXT, colour=FAINT)
                self.draw_tile(x, y + self.head * (r == 0), tile)
            y += self.head * (r == 0) + self.tile[1] + self.below[r]
        self.text(MARGIN, self.height - MARGIN - tall(self.footnote, TEXT) + 0.1, self.footnote, TEXT, colour=FAINT)
        return self.figure

    def draw_tile(self, x, y, tile):
        width, height = self.tile
        axes = self.axes(x, y, width, height)
        axes.imshow(tile.picture, aspect="auto", interpolation="antialiased")
        if tile.across:
            label, _, reason = tile.across.partition(": ")
            self.text(x + 0.15, y + 0.3 * height, label, TITLE, "bold")
            self.text(x + 0.15, y + 0.3 * height + tall(label, TITLE) + 0.05, wrap(reason, width - 0.3, TEXT), TEXT)
        y += height + 0.06
        if tile.bar:
            self.bar(x, y, *tile.bar)
            y += 0.36
        strong = wrap(tile.strong, width, STRONG, "bold")
        y = self.text(x, y, strong, STRONG, "bold")
        self.text(x, y, wrap(tile.note, width, TEXT), TEXT, colour=FAINT)

    def bar(self, x, y, colours, low, high):
        """A bar of a scale, with its ends and its middle."""
        axes = self.axes(x, y + 0.03, TILE, 0.1)
        axes.imshow(np.linspace(0, 1, 256)[None], cmap=matplotlib.colormaps[colours], aspect="auto")
        for at, value, align in ((0, low, "left"), (0.5, (low + high) / 2, "center"), (1, high, "right")):
            self.text(x + at * TILE, y + 0.15, number(value), TEXT, colour=FAINT, align=align)

    def axes(self, x, y, width, height):
        axes = self.figure.add_axes((x / self.width, 1 - (y + height) / self.height, width / self.width, height / self.height))
        axes.set_axis_off()
        return axes

    def text(self, x, y, text, size, weight="normal", colour=INK, align="left"):
        """-> where the next line starts.  Dollar signs are dollar signs."""
        if text:
            options = {"fontsize": size, "fontweight": weight, "color": colour, "ha": align, "va": "top", "linespacing": 1.15}
            self.figure.text(x / self.width, 1 - y / self.height, text, parse_math=False, **options)
        return y + tall(text, size)


FOOTNOTE = (
    "Reliefs: grey is zero, brighter is positive, darker negative, in each colour on its own. Reliefs and saliency are drawn in full colour from "
    "the value that 99 % of the values other than zero stay below. Maps laid over the photo end at their maximum."
)


def number(value):
    """Two digits, and a real minus sign."""
    return f"{value:.2g}".replace("-", "−")


def tall(text, size):
    """Height of a text in inches."""
    return (text.count("\n") + 1) * size * LINE if text else 0.0


def wrap(text, width, size, weight="normal"):
    """Text in lines that are no wider than `width` inches."""
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and _wide(longer, size, weight) > width:
            lines, longer = [*lines, line], word
        line = longer
    return "\n".join([*lines, line])


@cache
def _wide(text, size, weight):
    """Width of a text in inches."""
    return TextToPath().get_text_width_height_descent(text, FontProperties(size=size, weight=weight), ismath=False)[0] / 72
