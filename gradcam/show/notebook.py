"""What an explanation shows in a notebook: its panel."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from gradcam.image import restore
from gradcam.show.settings import own_settings
from gradcam.show.side_by_side import panel
from minicnn.notebook.display import scaled

if TYPE_CHECKING:
    from gradcam.explanation import Explanation


def panel_png(explanation: Explanation, picture: int = 0) -> bytes | None:
    """The panel of one picture of the batch -> the bytes of a PNG file, or None if there is no map.

    Without a description of the network (`net.card`), the photo is drawn from the input's smallest value to
    its largest.
    """
    if not explanation.maps:
        return None
    return png(panel(explanation, seen(explanation.x[picture], explanation.card), picture=picture))


def seen(x: np.ndarray, card: Any = None) -> np.ndarray:
    """The picture in a network's input (C, H, W) -> uint8 (H, W, 3)"""
    return restore(x, card.preprocessing) if card else scaled(x[:3] if len(x) >= 3 else x[:1])


@own_settings()
def png(figure: Figure, dpi: float = 90) -> bytes:
    """A Matplotlib figure -> the bytes of a PNG file"""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi)
    return file.getvalue()
