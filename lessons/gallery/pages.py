"""A page of an example: pictures side by side, a line of text above each."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from gradcam.interpolation import upsample
from gradcam.show.colour import overlay
from gradcam.show.settings import own_settings
from gradcam.show.typeset import FAINT, Line, lines, tall, write

TILE, GAP, MARGIN = 2.6, 0.18, 0.22  # inches
FINE = 4  # pixels for each of the scene's, so that maps look as smooth as they are


@own_settings()
def page(title, tiles):
    """Pictures [(caption, RGB)] in a row -> Matplotlib Figure."""
    width = 2 * MARGIN + len(tiles) * TILE + (len(tiles) - 1) * GAP
    heading = [Line(title, 13, "bold")]
    captions = [lines(text, TILE, 9.5, colour=FAINT) for text, _ in tiles]
    above = max(map(tall, captions))
    total = MARGIN + tall(heading) + 0.08 + above + 0.05 + TILE + MARGIN
    figure = Figure(figsize=(width, total), facecolor="white")
    y = write(figure, MARGIN, MARGIN, heading) + 0.08
    for k, ((_, pixels), caption) in enumerate(zip(tiles, captions)):
        left = MARGIN + k * (TILE + GAP)
        write(figure, left, y + above - tall(caption), caption)
        place = (left / width, MARGIN / total, TILE / width, TILE / total)
        ax = figure.add_axes(place)
        ax.imshow(pixels, interpolation="nearest")
        ax.set_axis_off()
    return figure


def larger(photo):
    """Each pixel of a scene as a square of them."""
    return np.asarray(photo).repeat(FINE, 0).repeat(FINE, 1)


def heat_tile(photo, map, mask=None):
    """A map over its scene; mask: outlined."""
    drawn = overlay(larger(photo), np.maximum(map, 0))
    return drawn if mask is None else _outline(drawn, mask)


def signed_tile(photo, map):
    """A map of both signs over its scene."""
    return overlay(larger(photo), upsample(map, photo.shape[:2]))


def outlined(photo, mask):
    """A scene with a mask's edge in white."""
    return _outline(larger(photo) / 255, mask)


def boxed(photo, boxes):
    """A scene with boxes [((u, v, w, h) in shares, colour)]."""
    photo = np.asarray(photo)
    drawn = larger(photo) / 255 if photo.dtype == np.uint8 else photo.copy()
    side = len(drawn)
    for (u, v, w, h), colour in boxes:
        rgb = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        edges = [u - w / 2, v - h / 2, u + w / 2, v + h / 2]
        a, b, c, d = (int(np.clip(edge * side, 1, side - 3)) for edge in edges)
        drawn[b : b + 2, a:c] = drawn[d : d + 2, a : c + 2] = rgb
        drawn[b:d, a : a + 2] = drawn[b:d, c : c + 2] = rgb
    return drawn


def _outline(drawn, mask):
    mask = larger(mask)
    inside = mask.copy()
    for axis in (0, 1):
        for step in (-2, 2):
            inside &= np.roll(mask, step, axis)
    drawn = np.array(drawn, float)
    drawn[mask & ~inside] = 1
    return drawn
