"""The pictures of a panel, each with all that is written around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcam.explanation.answer import called
from gradcam.methods import METHODS
from gradcam.show.colour import HEAT, PLAIN, SIGNED, Style, grey, heat, limit, overlay, relief
from gradcam.show.verdict import percent

if TYPE_CHECKING:
    from gradcam.explanation import Explanation

ROUNDOFF = 1e-6  # of a map's largest value: what the fast convolutions leave where the exact map is zero
SMALL = 0.25  # of the picture's side: what is smaller is shown enlarged as well


@dataclass
class Tile:
    """picture: RGB (H, W, 3), uint8 or 0 to 1; title, source: above its column; strong, note: below it; zero:
    why there is nothing;
    bar: (name of the colours, lowest value, highest value), its scale; inset: whether a part of it is
    enlarged inside it; undefined: why there is no map."""

    picture: np.ndarray
    title: str
    source: str
    bar: tuple[str, float, float] | None = None
    strong: str = ""
    note: str = ""
    zero: str = ""
    inset: bool = False
    undefined: str = ""


def row(e: Explanation, c: Any, photo: np.ndarray, card: Any, n: int = 0, style: Style = PLAIN) -> list[Tile]:
    """The tiles of class c of an explanation e, picture n: what the network saw, then one for each method."""
    target, note = e.target(c), ""
    index = target.class_of(n)
    score = None if index is None or e.ends is None else float(e.scores[n, index])
    if score is not None:
        p = e.probabilities
        figures = (
            f"{'score' if e.ends == 'place' else 'value'} {score:.4g}"
            if p is None
            else f"score {score:.4g}, probability {percent(float(p[n, index]))}"
        )
        note = figures.replace("-", "−")
    strong = called(e, c, card, n)
    seen = f"what the network saw, {photo.shape[1]} × {photo.shape[0]}"
    tiles = [Tile(photo, "Photo", seen, strong=strong, note=note)]
    tops = {}
    for method in e.methods:
        family, whole = _family(method), METHODS[method].drawn == "overlay"
        top = limit(e.maps[method, c][n], 100 if whole else 99)
        tops[family] = max(tops.get(family, 0), top)
    asked = e.asked or e.methods
    for method in [*asked, *(m for m in e.undefined if m not in asked)]:
        said = METHODS[method]
        title, drawn, family = said.title, said.drawn, _family(method)
        at = said.layer or e.layer
        source = said.paper.replace(" et al.", "") + (f", at {at}" if said.at_layer else "")
        if method in e.undefined:
            tiles.append(Tile(0.8 + 0.2 * grey(photo), title, source, undefined=e.undefined[method]))
            continue
        map, note = e.maps[method, c][n], e.notes.get((method, c), "")
        if np.any(map):
            picture, bar = coloured(drawn, map, tops[family], photo, card, style)
            whole = enlarged(picture, map, photo) if drawn == "relief" else picture
            tiles.append(Tile(whole, title, source, bar, note=note, inset=whole is not picture))
        else:
            note = note.removeprefix("exactly zero").lstrip("; ")
            tiles.append(
                Tile(0.8 + 0.2 * grey(photo), title, source, note=note, zero=why_zero(method, score, at))
            )
    return tiles


def _family(method):
    """The methods that share a scale: those of one name, at one layer."""
    scaled, layer = METHODS[method].scaled_with, METHODS[method].layer
    return f"{scaled}@{layer}" if scaled and layer else scaled or method


def coloured(
    drawn: str, map: np.ndarray, top: float, photo: np.ndarray, card: Any, style: Style = PLAIN
) -> tuple[np.ndarray, tuple[str, float, float]]:
    """-> the picture of a map, RGB (H, W, 3), and the bar of its scale; `top` is in full colour."""
    if drawn == "relief":
        channels = getattr(getattr(card, "preprocessing", None), "channels", "RGB")
        return relief(map, top, channels), ("gray", -top, top)
    if drawn == "heat":
        return heat(map, top, style.colormap), (style.colormap or HEAT, 0, top)
    two_sided = map.min() < 0
    bar = (style.colormap or (SIGNED if two_sided else HEAT), -top if two_sided else 0, top)
    return overlay(photo, map, top, style=style), bar


def enlarged(picture: int, map: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """Where a map (C, H, W) says something on a small patch only:
    the picture with that patch, and the photo's, enlarged beside it.
    """
    said = abs(map) > ROUNDOFF * abs(map).max()
    rows, columns = (np.flatnonzero(np.any(said, axis=axes)) for axes in ((0, 2), (0, 1)))
    (H, W), side = picture.shape[:2], max(np.ptp(rows), np.ptp(columns)) + 1
    top, left = (
        int(np.clip(at.min() - (side - np.ptp(at) - 1) // 2, 0, size - side))
        for at, size in ((rows, H), (columns, W))
    )
    above, frame, margin = top > H - top - side, 2, H // 32 + 1  # the inset goes where there is more room
    room = min(top if above else H - top - side, W // 2, int(0.45 * H)) - 2 * (frame + margin)
    if side > SMALL * min(H, W) or room < 2 * side:
        return picture
    times, patch = room // side, np.s_[top : top + side, left : left + side]
    larger = [p[patch].repeat(times, 0).repeat(times, 1) for p in (photo / 255, picture)]
    pair = [np.pad(p, ((frame,) * 2, (frame,) * 2, (0, 0)), constant_values=1) for p in larger]
    inset, out = np.concatenate(pair, axis=1), picture.copy()
    (h, w) = inset.shape[:2]
    y, x = margin if above else H - margin - h, (W - w) // 2
    out[y : y + h, x : x + w] = inset
    return out


def why_zero(method: str, score: float | None, layer: str | None) -> str:
    """Why a map is exactly zero, in one sentence; score: of its class."""
    said = METHODS[method]
    if score == 0 and said.of_score:
        return "The score itself is 0, as behind a closed ReLU: no signal passes back."
    return said.zero.format(layer=layer)
