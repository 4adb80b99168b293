"""How maps change while layers become random: curves as a picture, and their figures.

Lesson 15.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from gradcam.measure.baselines import CENTRE, RANDOM
from gradcam.measure.measures.sanity_check import MEASURE, ORDERS
from gradcam.measure.statistics.intervals import bootstrap
from gradcam.measure.study.markdown import aligned

SIMILARITIES = [figure.name for figure in MEASURE.figures]
TITLES = {figure.name: figure.title for figure in MEASURE.figures}
XLABEL = {"cascading": "random from the scores down to ...", "independent": "random: this layer alone"}
NOTICING, HARDLY = ("gradient", "grad_cam"), ("guided_backprop", "guided_grad_cam")
CLAIM = """\
Adebayo et al. 2018 found that gradient and Grad-CAM notice random weights, while guided backprop and \
Guided Grad-CAM hardly do.  How like
the intact network's maps they are in numbers; that holds if both of the former keep less than either of \
the latter:
"""
COLOURS, STYLES = [f"C{n}" for n in range(10) if n != 7], ("-", "--", "-.")  # C7 is grey
BASELINES = {RANDOM: ("black", ":"), CENTRE: ("0.55", "--")}  # what never looks at the picture has no colour


def curves(rows: list[dict[str, Any]]) -> dict[str, dict[str, np.ndarray]]:
    """{method: {order: (pictures, layers, 3)}} of the rows of a sanity check."""
    methods = dict.fromkeys(m for row in rows for m in row["values"])
    return {
        m: {w: np.array([row["values"][m][w] for row in rows if m in row["values"]]) for w in ORDERS}
        for m in methods
    }


def figure(rows: list[dict[str, Any]], layers: Sequence[str], title: str) -> Figure:
    """One panel for each order and each similarity, one line for each method, with 95 % bands.

    layers: names, next to the scores first.
    """
    page = Figure(figsize=(16, 9), layout="constrained")
    page.suptitle(title)
    found = curves(rows)
    for order, axes in zip(ORDERS, page.subplots(len(ORDERS), len(SIMILARITIES), sharey=True)):
        for k, (similarity, ax) in enumerate(zip(SIMILARITIES, axes)):
            for method, style in styles(found).items():
                values = found[method][order]
                _line(ax, values[..., k], *style, f"{method} (n = {len(values)})")
            ax.set_title(TITLES[similarity], fontsize=10)
            ax.set_xlabel(XLABEL[order])
            ax.set_xticks(range(len(layers) + 1), ["none", *layers], rotation=60, fontsize=8)
            ax.axhline(0, color="0.7", linewidth=0.5, zorder=0)
        axes[0].set_ylabel("like the intact network's map")
    page.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", fontsize=9)
    return page


def styles(methods: Iterable[str]) -> dict[str, tuple[str, str, float]]:
    """{method: (colour, line, width)}, all different; what is drawn first is widest, so that it is seen
    behind a curve that is the same.
    """
    drawn = [m for m in methods if m not in BASELINES]
    widths = np.linspace(4, 1.2, len(drawn)).tolist()
    coloured = {
        m: (COLOURS[k % len(COLOURS)], STYLES[k // len(COLOURS) % 3], widths[k]) for k, m in enumerate(drawn)
    }
    return {m: (*BASELINES[m], 1.5) if m in BASELINES else coloured[m] for m in methods}


def _line(ax, values, colour, style, width, label):
    """values (pictures, layers): means, with their bootstrap intervals; 1 where nothing is random yet."""
    low, high = np.array([bootstrap(column, 500) for column in values.T]).T
    x = np.arange(1 + values.shape[1])
    ax.plot(
        x,
        [1, *values.mean(axis=0)],
        style,
        color=colour,
        linewidth=width,
        label=label,
        marker=".",
        markersize=4,
    )
    ax.fill_between(x, [1, *low], [1, *high], color=colour, alpha=0.12, linewidth=0)


def table_of_likeness(rows: list[dict[str, Any]]) -> str:
    """A Markdown table: likeness of magnitudes when the top layer, half of them, all of them are random; and
    the mean of one at a time.
    """
    head = [
        "method",
        *(f"{s}: {w}" for s in ("Spearman", "SSIM") for w in ("top layer", "half", "all", "one at a time")),
    ]
    lines = []
    for method, found in curves(rows).items():
        cascading, alone = (found[w] for w in ORDERS)
        layers = cascading.shape[1]
        cells = []
        for k in (SIMILARITIES.index("magnitude"), SIMILARITIES.index("ssim")):
            cells += [_cell(cascading[:, at, k]) for at in (0, layers // 2, layers - 1)] + [
                _cell(alone[..., k].mean(axis=1))
            ]
        lines.append(
            [method, *cells, str(len(cascading)), str(sum(row["zero"].get(method, 0) for row in rows))]
        )
    return aligned([*head, "pictures", "zero maps"], lines)


def verdict(rows: list[dict[str, Any]]) -> str:
    """Whether Adebayo et al. 2018 found the same, in numbers: what is left of four methods' maps when layers
    are random, from the top.
    """
    found = curves(rows)
    if not all(method in found for method in (*NOTICING, *HARDLY)):
        return ""
    layers = found[HARDLY[0]]["cascading"].shape[1]
    said = [CLAIM]
    for which, at in (("the upper half of the layers is", layers // 2), ("all layers are", layers - 1)):
        for k in (SIMILARITIES.index("magnitude"), SIMILARITIES.index("ssim")):
            left = {m: found[m]["cascading"][:, at, k].mean() for m in (*NOTICING, *HARDLY)}
            holds = max(left[m] for m in NOTICING) < min(left[m] for m in HARDLY)
            numbers = ", ".join(f"{m} {value:.2f}" for m, value in left.items())
            said.append(
                f"- {which} random, {TITLES[SIMILARITIES[k]]}: {numbers}; "
                f"it {'holds' if holds else 'does not hold'} here"
            )
    return "\n".join(said)


def _cell(values):
    """'0.12 (0.08 to 0.15)'"""
    return "{:.2f} ({:.2f} to {:.2f})".format(values.mean(), *bootstrap(values))
