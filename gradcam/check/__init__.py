"""Is a network's file what it should be?  A table, row by row."""

from gradcam.check.checking import check
from gradcam.check.rows import Row

__all__ = ["Row", "check"]
