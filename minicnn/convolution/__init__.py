"""How a convolution is computed; ops/conv.py says what.

Every way has the same three functions: forward, gx, gW.
"""

from minicnn.convolution.fast.choice import choose, computing
from minicnn.convolution.fast.weight_cache import Kept
from minicnn.convolution.taps import Geometry

__all__ = ["Geometry", "Kept", "choose", "computing"]
