"""The student's own arrays as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from gradcam.show.colour import overlay, relief
from lessons.capstone.given import photo

TITLES = {
    "saliency": "saliency",
    "deconvnet": "deconvnet, from fire4 (a part)",
    "guided": "guided backprop",
    "grad_cam": "Grad-CAM",
    "guided_grad_cam": "Guided Grad-CAM",
}


def draw(maps: Mapping[str, np.ndarray], folder: Path) -> Path:
    """The photo and the five maps of milestone 5, side by side -> the file my_panel.png in `folder`."""
    picture, path = photo()["picture"], folder / "my_panel.png"
    figure, axes = plt.subplots(1, 6, figsize=(18, 3.4))
    axes[0].imshow(picture)
    axes[0].set_title("photo")
    for ax, (name, title) in zip(axes[1:], TITLES.items()):
        ax.imshow(_shown(name, maps[name][0], picture), cmap="magma")
        ax.set_title(title)
    for ax in axes:
        ax.axis("off")
    figure.savefig(path, dpi=110, bbox_inches="tight")
    plt.close(figure)
    return path


def _shown(name, map, picture):
    if name == "saliency":
        return np.minimum(map / np.percentile(map, 99), 1)
    if name == "grad_cam":
        return overlay(picture, map)
    if name == "deconvnet":
        map = _seen(map)
    return relief(map, channels="BGR")


def _seen(map):
    """The part of a map (C, H, W) that is not zero: what the unit where it started can see."""
    rows, columns = (np.flatnonzero(map.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    return map[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if rows.size else map
