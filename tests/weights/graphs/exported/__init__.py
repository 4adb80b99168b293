"""Small graphs, a kind each of what exporters write and people ship: see kinds.py."""

from tests.weights.graphs.exported import ends, fewer_bits, idioms, inputs
from tests.weights.graphs.exported.kinds import KINDS, Kind

__all__ = ["KINDS", "Kind", "ends", "fewer_bits", "idioms", "inputs"]
