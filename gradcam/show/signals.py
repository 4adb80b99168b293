"""Maps of a signal (N, C, L), as colour behind its curves: a block for each method, a line for each lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from gradcam.explanation.answer import phrase
from gradcam.interpolation import upsample
from gradcam.methods import METHODS
from gradcam.show.colour import SIGNED
from gradcam.show.settings import own_settings
from gradcam.show.tiles import why_zero
from gradcam.show.typeset import FAINT, INK
from gradcam.show.verdict import answers, facts

if TYPE_CHECKING:
    from gradcam.explanation import Explanation

WARM = LinearSegmentedColormap.from_list(
    "warm", ["white", "#ffdf9e", "#fd8d3c", "#d7301f"]
)  # a curve shows on it
WIDTH, LEAD, EXTRA = 10.0, 0.85, 0.75  # inches: of a page, of a lead, of what stands around a block


@own_settings()
def signal_panel(e: Explanation, card: Any = None, picture: int = 0, names: Any = None) -> Figure:
    """All maps of an explanation of signals -> Matplotlib Figure.

    A map of the places (l,) is the colour behind all leads, one of every value (C, L) behind each lead its
    own; white is zero, full colour the map's largest magnitude.  names: of the leads; picture: which one of
    the batch.
    """
    card, x = card or e.card, e.x[picture]
    names = names or [f"lead {k}" if len(x) > 1 else "" for k in range(len(x))]
    blocks = [(c, method) for c in e.classes for method in [*e.methods, *e.undefined]]
    tall = LEAD * len(x) * (1 if len(x) > 1 else 1.6)
    figure = Figure(
        figsize=(WIDTH, 0.55 + len(blocks) * (tall + EXTRA)), layout="constrained", facecolor="white"
    )
    seen = ",  ".join(f"{name} {figure_of}" for name, figure_of in answers(e, picture, card))
    title = f"{getattr(card, 'title', 'The network')}:  {seen}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold", color=INK, wrap=True)
    for ax, (c, method) in zip(np.ravel(figure.subplots(len(blocks), 1)), blocks):
        _block(figure, ax, e, c, method, x, names, picture)
    figure.supxlabel("sample" + "".join(f".  {said}" for said in facts(e, card)), fontsize=9, color=FAINT)
    return figure


def _block(figure, ax, e, c, method, x, names, n):
    """The curves, one above the other, on the colours of one map."""
    at = f", at {e.layer}" if METHODS[method].at_layer else ""
    ax.set_title(f"{METHODS[method].title}{at}:  {phrase(e, c)}", loc="left", fontsize=11, color=INK)
    C, L = x.shape
    for k, curve in enumerate(x):
        low, high = float(curve.min()), float(curve.max())
        scaled = (curve - low) / (high - low if high > low else 1)
        ax.plot(np.arange(L), C - 1 - k + 0.1 + 0.8 * scaled, color=INK, linewidth=1.0)
    ax.set(xlim=(-0.5, L - 0.5), ylim=(0, C), yticks=np.arange(C) + 0.5, yticklabels=names[::-1])
    ax.tick_params(length=0, labelsize=9, colors=FAINT)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    map = e.maps.get((method, c))
    if map is None or not np.any(map[n]):
        index = e.target(c).class_of(n) if e.ends else None
        score = None if index is None else float(e.scores[n, index])
        why = e.undefined.get(method) or f"Exactly zero. {why_zero(method, score, e.layer)}"
        ax.text(0.5, 0.5, why, transform=ax.transAxes, ha="center", va="center", wrap=True, fontsize=10,
                color=INK, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85})  # fmt: skip
        return
    rows = np.atleast_2d(np.asarray(map[n], np.float64))
    rows = rows if rows.shape[-1] == L else upsample(rows, (L,))
    top = abs(rows).max()
    colours, low = (SIGNED, -top) if rows.min() < 0 else (WARM, 0)
    drawn = ax.imshow(rows, extent=(-0.5, L - 0.5, 0, C), aspect="auto", cmap=colours, vmin=low, vmax=top,
                      interpolation="nearest", origin="upper", zorder=0)  # fmt: skip
    bar = figure.colorbar(drawn, ax=ax, pad=0.01, fraction=0.03, ticks=[low, top] if low else [0, top])
    bar.ax.set_yticklabels([f"{v:.2g}".replace("-", "−") for v in ([low, top] if low else [0, top])])
    bar.ax.tick_params(labelsize=8, length=0, colors=FAINT)
    bar.outline.set_visible(False)
