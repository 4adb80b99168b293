"""Weights that are NaN or infinite, as training that diverged leaves them: which arrays, how many numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

NAMED = 3  # arrays that a sentence names


def not_finite(arrays: Mapping[str, np.ndarray]) -> str:
    """Which of these hold NaN or infinite numbers, and how many, as a part of a sentence; "" if none does."""
    floats = {name: a for name, a in arrays.items() if a.dtype.kind in "fc"}
    wrong = {name: a.size - np.count_nonzero(np.isfinite(a)) for name, a in floats.items()}
    found = [f"{name} ({n:,} of {floats[name].size:,})" for name, n in wrong.items() if n]
    left = len(found) - NAMED
    more = f" and {left} array{'s' * (left > 1)} more" if left > 0 else ""
    return f"NaN or infinite numbers in {', '.join(found[:NAMED])}{more}" if found else ""
