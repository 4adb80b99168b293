"""Rows of many pictures -> figures with confidence intervals, and tables of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcam.measure.baselines import CENTRE, RANDOM
from gradcam.measure.measures import FIGURES
from gradcam.measure.statistics.intervals import interval
from gradcam.measure.study.markdown import aligned
from gradcam.methods import METHODS

SMALL = (
    1 / 3
)  # of the picture: on objects that are larger, a point in the middle is right too often to mean anything


def small(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of objects that take up less than a third of their picture."""
    return [row for row in rows if row["area"] < SMALL]


def summary(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """{method: {"n", "zero", "failed": counts; figure: (mean, low, high)}}, the baselines first.

    n: pictures with a map, zero: how many of those maps are zero everywhere (each counts as a miss), failed:
    pictures without a map.
    """
    found = {}
    for method in methods_of(rows):
        values = [row["values"][method] for row in rows if method in row["values"]]
        counts = {
            "n": len(values),
            **{key: sum(method in row[key] for row in rows) for key in ("zero", "failed")},
        }
        found[method] = counts | {f: interval([v[f] for v in values]) for f in (values[0] if values else ())}
    return found


def methods_of(rows: list[dict[str, Any]]) -> list[str]:
    """Every method of these rows: the baselines, then in the order of `gradcam.explain`."""
    seen = dict.fromkeys(m for row in rows for m in [RANDOM, CENTRE, *row["values"], *row["failed"]])
    order = {name: n for n, name in enumerate([RANDOM, CENTRE, *METHODS])}  # variants come last
    return sorted(seen, key=lambda method: order.get(method.partition("@")[0], len(order)))


def reasons(rows: list[dict[str, Any]]) -> dict[str, str]:
    """{method: why there was no map}, one reason each."""
    return {method: why for row in reversed(rows) for method, why in row["failed"].items()}


def table_of_figures(found: dict[str, dict[str, Any]], figures: Sequence[str]) -> str:
    """A Markdown table: one line for each method, one column for each figure, with its 95 % interval."""
    head = [
        "method",
        *(f"{FIGURES[f].title} {'↑' if FIGURES[f].better > 0 else '↓'}" for f in figures),
        "n",
        "zero maps",
        "failed",
    ]
    lines = [
        [m, *(cell(of.get(f), f) for f in figures), *(str(of[key]) for key in ("n", "zero", "failed"))]
        for m, of in found.items()
    ]
    return aligned(head, lines)


def cell(value: tuple[float, float, float] | None, figure: str) -> str:
    """(mean, low, high) -> '88.4 (85.3 to 90.9)', in percent where the figure is a share"""
    if value is None:
        return "–"
    if FIGURES[figure].percent:
        return "{:.1f} % ({:.1f} to {:.1f})".format(*(100 * v for v in value))
    return "{:.3f} ({:.3f} to {:.3f})".format(*value)
