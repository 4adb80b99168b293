"""A figure to a file, by the rule of `gradcam.files`:
whole or not at all, and over nothing that was not meant.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from matplotlib.figure import Figure

from gradcam.files import SaveError, check_place, written
from gradcam.show.settings import own_settings

FORMATS = ("png", "svg", "pdf", "jpg", "jpeg")
# the same figure gives the same file tomorrow: no dates.  A png packed less is written in half the time
OPTIONS = {
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
    "png": {"pil_kwargs": {"compress_level": 3}},
}


def check(path: str | os.PathLike[str], inputs: Iterable[object] = ()) -> Path:
    """Whether a picture can be written to `path`, before any work is done for it.  SaveError says why not.
    -> Path

    inputs: the files that it is made from, which it must not overwrite.
    """
    path = Path(path)
    if path.suffix[1:].lower() not in FORMATS:
        known = ", ".join(f".{f}" for f in FORMATS)
        instead = f", not in {path.suffix}" if path.suffix else ""
        raise SaveError(f"{path}: a picture's name ends in one of {known}{instead}")
    return check_place(path, inputs)


def save(figure: Figure, path: str | os.PathLike[str], dpi: float = 120) -> Path:
    """Write a Matplotlib figure; the suffix says the format: png, svg, pdf, jpg.  -> Path

    Written as `gradcam.files.written` does, and with Matplotlib's default settings, whatever the user's.
    SaveError if it cannot be.
    """
    path = check(path)
    form = path.suffix[1:].lower()
    with written(path) as file, own_settings():
        figure.savefig(file, format=form, dpi=dpi, **OPTIONS.get(form, {}))
    return path
