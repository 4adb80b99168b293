"""A residual block, and the signal on its two paths."""

from __future__ import annotations

from matplotlib.axes import Axes

from lessons.plots import BLUE, INK, RED

BOX = {
    "boxstyle": "round,pad=0.5",
    "facecolor": "white",
    "edgecolor": INK,
    "linewidth": 2,
}


def residual_block(ax: Axes) -> None:
    """Forward to the right, black; signals to the left, red."""
    places = {
        "x": (0, 0),
        "F": (2.1, 1),
        "+": (4.2, 0),
        "ReLU": (6.4, 0),
        "y": (8.6, 0),
    }
    for name, (i, j) in places.items():
        ax.text(
            i,
            j,
            name,
            ha="center",
            va="center",
            fontsize=16,
            color=BLUE if name == "F" else INK,
            bbox=BOX,
            zorder=3,
        )
    ways = [("x", "+"), ("x", "F"), ("F", "+"), ("+", "ReLU"), ("ReLU", "y")]
    for a, b in ways:
        room = {
            "shrinkA": 32 if a == "ReLU" else 22,
            "shrinkB": 36 if b == "ReLU" else 24,
        }
        arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.8, **room}
        ax.annotate("", places[b], places[a], arrowprops=arrow)
    for i, j, text in [
        (7.6, -0.34, "$g_y$"),
        (5.2, -0.34, "$g_z$"),
        (2.1, -0.34, "$g_z$: no weight on this path"),
        (3.95, 0.86, "$g_z$"),
        (0.3, 0.86, r"$F'^\top g_z$"),
    ]:
        ax.text(i, j, text, ha="center", va="center", fontsize=15, color=RED)
    ax.text(
        0,
        -0.75,
        "$g_x$ = the sum of both",
        ha="left",
        va="center",
        fontsize=15,
        color=RED,
    )
    ax.set(
        xlim=(-0.6, 9),
        ylim=(-1.1, 1.6),
        title="a residual block: forward black, back red",
    )
    ax.set_axis_off()
