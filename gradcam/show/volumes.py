"""Maps of a volume (N, 1, D, H, W), as three planes through the map's peak; of a video (N, 3, T, H, W), as
frames.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from gradcam.asking import AskError
from gradcam.explanation.answer import phrase
from gradcam.interpolation import upsample
from gradcam.methods import METHODS
from gradcam.show.colour import limit, overlay
from gradcam.show.settings import own_settings
from gradcam.show.tiles import why_zero
from gradcam.show.typeset import FAINT, Line, lines, tall, write
from gradcam.show.verdict import answers, facts

if TYPE_CHECKING:
    from gradcam.explanation import Explanation

PLANES = (("depth", (1, 2)), ("row", (0, 2)), ("column", (0, 1)))  # what is fixed, and the axes that are seen
FRAMES = 6
SIDE, GAP, MARGIN = 2.9, 0.15, 0.25  # inches


@own_settings()
def volume_panel(e: Explanation, card: Any = None, picture: int = 0) -> Figure:
    """All maps of an explanation of volumes -> Matplotlib Figure: for each, the three planes through the
    place where it is largest, which thin lines mark; of three channels, frames over time.

    picture: which one of the batch.
    """
    card, x = card or e.card, e.x[picture]
    blocks = [(c, method) for c in e.classes for method in [*e.methods, *e.undefined]]
    video = len(x) == 3
    columns, side = (FRAMES, 0.7 * SIDE) if video else (3, SIDE)
    width = MARGIN + columns * (side + GAP)
    seen = ",  ".join(f"{name} {figure_of}" for name, figure_of in answers(e, picture, card))
    room = width - 2 * MARGIN
    heading = lines(f"{getattr(card, 'title', 'The network')}:  {seen}", room, 14, "bold")
    footnote = lines(" ".join(facts(e, card)), room, 9, colour=FAINT)
    titles = [lines(_title(e, c, method), room, 11) for c, method in blocks]
    planes = [_planes(e, c, method, x, picture, video) for c, method in blocks]
    sides = [side * max([p.shape[0] / max(p.shape[:2]) for p, *_ in drawn], default=0.25) for drawn in planes]
    total = (
        2 * MARGIN + tall(heading) + tall(footnote) + sum(map(tall, titles)) + sum(sides) + 0.5 * len(blocks)
    )
    figure = Figure(figsize=(width, total), facecolor="white")
    y = write(figure, MARGIN, MARGIN, heading) + 0.1
    for (c, method), title, drawn, high in zip(blocks, titles, planes, sides):
        y = write(figure, MARGIN, y, title) + 0.05
        if not drawn:
            write(figure, MARGIN, y, lines(_why(e, c, method, picture), room, 10))
        for k, (pixels_of, said, cross) in enumerate(drawn):
            left = MARGIN + k * (side + GAP)
            ax = figure.add_axes(
                (left / width, 1 - (y + high) / total, side / width, high / total), anchor="NW"
            )
            ax.imshow(pixels_of, interpolation="nearest")
            ax.set_axis_off()
            if cross:
                ax.axhline(cross[0], color="white", linewidth=0.6, alpha=0.6)
                ax.axvline(cross[1], color="white", linewidth=0.6, alpha=0.6)
            write(figure, left, y + high + 0.04, [Line(said, 9, colour=FAINT)])
        y += high + 0.35
    write(figure, MARGIN, y, footnote)
    return figure


def places_of(map: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """A map of a volume at the size of its input: (d, h, w), or (C, D, H, W), of which the strongest channel
    counts -> (D, H, W)
    """
    map = np.asarray(map, np.float64)
    if map.ndim == 4:
        map = np.take_along_axis(map, abs(map).argmax(axis=0)[None], 0)[0]
    return map if map.shape == size else upsample(map, size)


def pixels(x: np.ndarray) -> np.ndarray:
    """A volume or video (C, D, H, W) as colours, uint8 (D, H, W, 3), from its smallest value to its
    largest.
    """
    low, high = float(x.min()), float(x.max())
    grey = np.rint(255 * (x - low) / (high - low if high > low else 1)).astype(np.uint8)
    return np.moveaxis(grey if len(x) == 3 else np.repeat(grey[:1], 3, 0), 0, -1)


def _title(e, c, method):
    at = f", at {e.layer}" if METHODS[method].at_layer else ""
    return f"{METHODS[method].title}{at}:  {phrase(e, c)}"


def _planes(e, c, method, x, n, video):
    """[(picture, what it is, where the peak is in it)]; none for a map that there is not, or of zeros."""
    found, seen = e.maps.get((method, c)), pixels(x)
    if found is None or not np.any(found[n]):
        return []
    map = places_of(found[n], x.shape[1:])
    top, peak = limit(map, 100), [int(i) for i in np.unravel_index(abs(map).argmax(), map.shape)]
    if video:
        marks = {peak[0]: ", the peak"}
        frames = _frames(len(map), peak[0], FRAMES)
        return [(overlay(seen[t], map[t], top), f"frame {t}{marks.get(t, '')}", None) for t in frames]
    return [
        (plane(seen, map, k, peak[k], top), f"{fixed} {peak[k]} of {map.shape[k]}", [peak[a] for a in axes])
        for k, (fixed, axes) in enumerate(PLANES)
    ]


def _why(e, c, method, n):
    """Why there is no map."""
    if method in e.undefined:
        return f"No map. {e.undefined[method]}"
    index = e.target(c).class_of(n) if e.ends else None
    return f"Exactly zero. {why_zero(method, None if index is None else float(e.scores[n, index]), e.layer)}"


def plane(seen: np.ndarray, map: np.ndarray, axis: int, at: int, top: float | None = None) -> np.ndarray:
    """One plane of a volume, its map laid over it: seen uint8 (D, H, W, 3), map (D, H, W)
    -> RGB, (rows, columns, 3)
    """
    return overlay(np.take(seen, at, axis), np.take(map, at, axis), top or limit(map, 100))


def _frames(count, peak, most):
    """Frames evenly over time, one of them the peak's."""
    even = np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(int))
    even[abs(even - peak).argmin()] = peak
    return even.tolist()


def volume_widget(e: Explanation, method: str = "grad_cam", picture: int = 0) -> Any:
    """A volume in a notebook: a slider through its planes, the map laid over each.

    -> ipywidgets.VBox.  AskError without ipywidgets, or where the input is no volume.
    """
    try:
        import ipywidgets
    except ModuleNotFoundError:
        raise AskError("the slider needs ipywidgets: pip install 'minicnn-gradcam[lessons]'") from None
    if e.x.ndim != 5:
        raise AskError(f"the slider is for volumes (N, C, D, H, W), not for an input {e.x.shape}")
    map = places_of(e[method][picture], e.x.shape[2:])
    seen, top = pixels(e.x[picture]), limit(map, 100)
    peak = np.unravel_index(abs(map).argmax(), map.shape)
    names = [name for name, _ in PLANES]
    which = ipywidgets.Dropdown(options=names, value="depth", description="through")
    at = ipywidgets.IntSlider(int(peak[0]), min=0, max=map.shape[0] - 1, description="at")
    shown = ipywidgets.Image(format="png")

    def draw(_=None):
        figure = Figure(figsize=(4.5, 4.5), layout="constrained")
        ax = figure.subplots()
        ax.imshow(plane(seen, map, names.index(which.value), at.value, top))
        ax.set_axis_off()
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=90)
        shown.value = file.getvalue()

    def turned(_):
        axis = names.index(which.value)
        at.max = max(map.shape)  # so that no value is out of bounds in between
        at.value, at.max = int(peak[axis]), map.shape[axis] - 1
        draw()

    which.observe(turned, "value")
    at.observe(draw, "value")
    draw()
    return ipywidgets.VBox([ipywidgets.HBox([which, at]), shown])
