"""The mistakes of the catalogue, as people make them: a few lines of faulty PyTorch each, or a library that
still makes them.
"""

import importlib.util

from tests.gradcam.verify.museum.mistakes import (
    combining,
    layers,
    libraries,
    networks,
    pairs,
    pictures,
    relatives,
    rules,
    starts,
    upsampling,
    values,
    variants,
)
from tests.gradcam.verify.museum.mistakes.making import Mistake

PARTS = (
    rules,
    starts,
    layers,
    combining,
    upsampling,
    values,
    pictures,
    networks,
    relatives,
    variants,
    libraries,
    pairs,
)
TABLE = [m for part in PARTS for m in part.TABLE if not m.needs or importlib.util.find_spec(m.needs)]
__all__ = ["TABLE", "Mistake"]
