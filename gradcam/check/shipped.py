"""The networks that ship: are they as good as their cards say?"""

import re
from importlib.resources import files
from pathlib import Path

from gradcam.check.rows import Row

SCENES, PICTURES = 500, 400
DATA = "data/imagenette_96_jpeg.npz"  # below MINICNN_DATA
ERRORS = 3  # standard errors that a sample may be off by


def stated(name):
    """{"accuracy": 0.973, ...}: a model card's figures, from lines such as `| accuracy | 97.30 % |`."""
    return {
        key: float(value) / 100
        for key, value in re.findall(r"^\| (accuracy|macro_f1) \| ([\d.]+) %", _card(name), re.MULTILINE)
    }


def stated_sum(name):
    """The sha256 of the shipped file, from the line `| sha256 | 2cf1df... |` of its card, if there."""
    found = re.search(r"^\| sha256 \| ([0-9a-f]{64}) \|$", _card(name), re.MULTILINE)
    return found and found[1]


def _card(name):
    return files("weights").joinpath("shipped", f"{name}.md").read_text("utf-8")


def accuracy(net, data):
    """Rows of a shipped network's accuracy on a sample of what its card was measured on.

    data: the folder of MINICNN_DATA, or None.
    """
    from weights.recipes import check

    said = stated(net.card.name)
    if net.card.name == "shapes":
        figures, n, on = check.measure_shapes(net, SCENES), SCENES, "unseen scenes"
    elif data and (Path(data) / DATA).exists():
        figures, n, on = check.measure_photos(net, Path(data) / DATA, PICTURES), PICTURES, "pictures of val"
    else:
        yield Row(
            "accuracy",
            f"no {DATA}: name its folder in MINICNN_DATA",
            f"{100 * said['accuracy']:.2f} % (its card)",
        )
        return
    for figure, found in figures.items():
        least = said[figure] - ERRORS * (said[figure] * (1 - said[figure]) / n) ** 0.5
        yield Row(
            figure,
            f"{100 * found:.2f} % of {n} {on}",
            f"{100 * said[figure]:.2f} % (its card)",
            found >= least,
        )
