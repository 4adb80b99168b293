"""How the lessons draw: large type, few lines, arrays with their numbers in them."""

from __future__ import annotations

import io
import sys
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from PIL import Image

INK, RED, BLUE, GREY = "#222222", "#c0392b", "#2166ac", "#9a9a9a"

STYLE = {
    "figure.dpi": 80,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.size": 13,
    "axes.titlesize": 14,
    "axes.titleweight": "bold",
    "axes.labelsize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 2.2,
    "legend.frameon": False,
}


def style() -> None:
    """Draw in the course's style from here on: changes Matplotlib's settings.

    In a notebook, figures are then stored as small_png.
    """
    plt.rcParams.update(STYLE)
    if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()):
        plt.switch_backend(plt.get_backend())  # now, not with the first figure
        shell.events.register("post_run_cell", lambda result: _by_small_png(shell))


def grid(
    ax: Axes,
    array: ArrayLike,
    title: str = "",
    below: str = "",
    top: float | None = None,
    form: str = "{:.3g}",
    frame: np.ndarray | None = None,
    cmap: str = "RdBu_r",
) -> None:
    """A matrix drawn as coloured squares with its numbers: blue negative, white 0, red
    positive.

    below: a line under it; top: the magnitude in full colour; frame: boolean matrix of
    the squares to draw a frame around.
    """
    array = np.asarray(array, float)
    top = top or np.abs(array).max() or 1
    ax.imshow(array, cmap=cmap, vmin=-top, vmax=top)
    size = 15 if max(array.shape) <= 4 else 12
    for (i, j), value in np.ndenumerate(array):
        ink = "white" if abs(value) > 0.7 * top else INK
        ax.text(
            j,
            i,
            form.format(value + 0.0).replace("-", "−"),
            ha="center",
            va="center",
            color=ink,
            fontsize=size,
        )
    for i, j in np.argwhere(frame) if frame is not None else []:
        ax.add_patch(
            plt.Rectangle(
                (j - 0.46, i - 0.46),
                0.92,
                0.92,
                fill=False,
                edgecolor=INK,
                linewidth=2.5,
            )
        )
    ax.set(title=title, xlabel=below, xticks=[], yticks=[])
    ax.set_xticks(np.arange(array.shape[1] + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(array.shape[0] + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=2)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)


def picture(
    ax: Axes, image: np.ndarray, title: str = "", below: str = "", **options: Any
) -> None:
    """An image without axes, its pixels as they are; options as in imshow."""
    ax.imshow(image, **{"interpolation": "nearest"} | options)
    ax.set(title=title, xlabel=below, xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def signed(
    ax: Axes,
    map: np.ndarray,
    title: str = "",
    below: str = "",
    top: float | None = None,
) -> None:
    """A signed map (H, W): blue negative, white 0, red positive; the largest one per
    cent of magnitudes is in full colour.
    """
    top = top or np.percentile(np.abs(map), 99) or 1
    picture(ax, map, title, below, cmap="RdBu_r", vmin=-top, vmax=top)


def small_png(figure: Figure) -> bytes:
    """The figure as PNG with 96 colours, which takes a third of the bytes: a notebook
    holds several.
    """
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", bbox_inches="tight")
    Image.open(drawn).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(
        small, "PNG", optimize=True
    )
    return small.getvalue()


def _by_small_png(shell):
    """After each cell, since the inline backend sets its own format late."""
    shell.display_formatter.formatters["image/png"].for_type(plt.Figure, small_png)
