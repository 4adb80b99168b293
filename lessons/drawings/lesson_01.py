"""A neuron with the numbers that pass through it, forward and back."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from lessons.plots import BLUE, GREY, INK, RED


def neuron(
    ax: Axes, x: np.ndarray, w: np.ndarray, z: float, y: float, gx: np.ndarray
) -> None:
    """x, w, gx (D,), z, y numbers."""
    for d in range(len(x)):
        ax.plot([1, 3], [2 - d, 1], color=GREY, zorder=0)
        ax.text(
            0.9, 2.08 - d, f"$x_{d + 1}$ = {x[d]:g}", ha="right", va="center", color=INK
        )
        ax.text(0.9, 1.8 - d, f"signal {gx[d]:g}", ha="right", va="center", color=RED)
        ax.text(
            1.7,
            2 - d - 0.35 * (1 - d),
            f"$w_{d + 1}$ = {w[d]:g}",
            ha="center",
            va="center",
            color=BLUE,
            backgroundcolor="white",
        )
    ax.plot([3, 4.5], [1, 1], color=GREY, zorder=0)
    ax.scatter([3], [1], s=6500, color="white", edgecolor=INK, linewidth=2)
    ax.text(
        3,
        1,
        f"z = {z:g}\ngate {'open' if z > 0 else 'closed'}",
        ha="center",
        va="center",
    )
    ax.text(4.6, 1.08, f"y = {y:g}", va="center", color=INK)
    ax.text(4.6, 0.8, "signal 1", va="center", color=RED)
    ax.set(xlim=(-0.4, 5.6), ylim=(-0.5, 2.4), title="forward black, back red")
    ax.set_axis_off()
