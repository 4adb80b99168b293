"""The picture that a network was given, taken back from its input."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.image import restore
from minicnn.notebook.display import scaled


def seen(x: np.ndarray, card: Any = None) -> np.ndarray:
    """The picture in a network's input (C, H, W) -> uint8 (H, W, 3)"""
    return restore(x, card.preprocessing) if card else scaled(x[:3] if len(x) >= 3 else x[:1])
