"""The maps of an explanation as pictures of their own, one file each."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
from PIL import Image

from gradcam.files import SaveError, check_place, written
from gradcam.methods import METHODS
from gradcam.show.colour import PLAIN, Style, limit
from gradcam.show.input_picture import seen
from gradcam.show.tiles import coloured

if TYPE_CHECKING:
    from gradcam.explanation import Explanation


def save_overlays(
    e: Explanation,
    folder: str | os.PathLike[str],
    photo: np.ndarray | None = None,
    picture: int = 0,
    style: Style = PLAIN,
    inputs: Any = (),
) -> list[Path]:
    """METHOD.png for each map, or METHOD_0.png, METHOD_1.png ... for several targets -> their places.

    Each has the pixels that the network saw, photo (H, W, 3) or taken back from the input, and nothing else:
    no title, no bar.  SaveError, before anything is written, if one of them cannot be.
    """
    photo = seen(e.x[picture], e.card) if photo is None else photo
    alone = len(e.classes) == 1
    places = {
        (m, c): Path(folder) / f"{quote(m, safe='@+ ,()')}{'' if alone else f'_{k}'}.png"
        for k, c in enumerate(e.classes)
        for m in e.methods
    }
    _folder(Path(folder))
    for path in places.values():
        check_place(path, inputs)
    for (method, c), path in places.items():
        drawn, map = METHODS[method].drawn, e.maps[method, c][picture]
        top = limit(map, 100 if drawn == "overlay" else 99)
        pixels, _ = coloured(drawn, map, top, photo, e.card, style)
        file = io.BytesIO()
        Image.fromarray(np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8)).save(file, format="png")
        with written(path, inputs) as out:
            out.write(file.getvalue())
    return list(places.values())


def _folder(folder):
    """Make the folder, if it is not there.  SaveError if it cannot be made."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise SaveError(f"{folder}: this folder cannot be made: {error.strerror or error}") from None
