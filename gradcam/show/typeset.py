"""Text of known size: broken into lines before it is drawn, so that a page can leave room for it.

All lengths are in inches.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from minicnn import Tensor

INK, FAINT = "#1a1a1a", "#5a5a5a"
LEADING = 1.32 / 72  # from one line to the next, per point of type
MOST = 200  # letters that are measured where a line's beginning tells
ASCENT = 0.95 / 72  # from the top of a line to where its letters stand, per point


class Line(NamedTuple):
    text: str
    size: float  # points
    weight: str = "normal"
    colour: str = INK


def lines(text: str, width: float, size: float, weight: str = "normal", colour: str = INK) -> list[Line]:
    """A text as lines that are no wider than `width`; none for an empty text.

    A word that is wider is broken.
    """
    done, line = [], ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and wide(longer, size, weight) > width:
            done, longer = [*done, line], word
        while len(longer) > 1 and too_wide(longer, width, size, weight):
            fits = fitting(longer, width, size, weight)
            done, longer = [*done, longer[:fits]], longer[fits:]
        line = longer
    return [Line(t, size, weight, colour) for t in [*done, line] if t]


def too_wide(text: str, width: float, size: float, weight: str = "normal") -> bool:
    """Whether a line is wider than `width`: of a very long one its beginning tells, sooner."""
    begins = len(text) > 2 * MOST and wide(text[:MOST], size, weight) > width
    return begins or wide(text, size, weight) > width


def fitting(text: str, width: float, size: float, weight: str = "normal") -> int:
    """How many of the first letters of a line that is too wide fit; at least one."""
    fits, high = 1, 2
    while high < len(text) and wide(text[:high], size, weight) <= width:
        fits, high = high, 2 * high
    high = min(high, len(text))
    while high - fits > 1:
        middle = (fits + high) // 2
        fits, high = (middle, high) if wide(text[:middle], size, weight) <= width else (fits, middle)
    return fits


def wide(text: str, size: float, weight: str = "normal") -> float:
    """Width of one line: of its words, and of the spaces between them."""
    words = text.split(" ")
    return sum(_wide(word, size, weight) for word in words) + (len(words) - 1) * _space(size, weight)


@cache
def _wide(word, size, weight):
    return (
        TextToPath().get_text_width_height_descent(
            word, FontProperties(size=size, weight=weight), ismath=False
        )[0]
        / 72
    )


@cache
def _space(size, weight):
    return _wide("n n", size, weight) - 2 * _wide("n", size, weight)  # a space alone has no ink, so no width


def tall(lines: list[Line]) -> float:
    """Height of lines, one below the other."""
    return sum(line.size for line in lines) * LEADING


def write(figure: Figure, x: Tensor, y: Tensor, lines: list[Line], align: str = "left") -> float:
    """Draw lines from (x, y) downwards, measured from the figure's upper left corner -> where the next one
    would start.
    """
    width, height = figure.get_size_inches()
    for text, size, weight, colour in lines:
        style = {
            "fontsize": size,
            "fontweight": weight,
            "color": colour,
            "ha": align,
            "va": "baseline",
            "parse_math": False,
        }
        figure.text(x / width, 1 - (y + size * ASCENT) / height, text, **style)
        y += size * LEADING
    return y
