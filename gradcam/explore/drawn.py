"""What is drawn of a tensor: which of its maps, and in which colours."""

from __future__ import annotations

import numpy as np

STEPS = 127  # from 0 to the largest colour
TOP, LARGE, OF_LARGE = 16, 32 * 32, 9  # maps of a tensor that are drawn, and how many if they are large


def as_maps(values: np.ndarray) -> np.ndarray:
    """(1, C, H, W) or (1, C) -> (C, H, W)"""
    return values[0] if values.ndim == 4 else values[0, :, None, None]


def top_maps(maps: np.ndarray) -> list[int]:
    """Of maps (C, H, W), which have the largest sums: those are drawn."""
    most = OF_LARGE if maps[0].size > LARGE else TOP
    return np.argsort(-maps.sum(axis=(1, 2)), kind="stable")[:most].tolist()


def codes(maps: np.ndarray, top: float, signed: bool) -> np.ndarray:
    """A colour for each number, int8: of an activation 127 v / top, of a signal, which is `signed`,
    127 sqrt(v / top) with its sign.
    """
    shares = maps / np.float32(top or 1)
    if not signed:
        return (STEPS * shares.clip(0, 1) + 0.5).astype(np.int8)
    return np.copysign(STEPS * np.sqrt(np.minimum(np.abs(shares), 1)) + 0.5, shares).astype(np.int8)


def percentile(values: np.ndarray) -> float:
    """Of what is not 0, the size that 99 in 100 do not exceed; 0 if there is nothing."""
    sizes = np.abs(values[values != 0])
    at = int(0.99 * (len(sizes) - 1))
    return float(np.partition(sizes, at)[at]) if len(sizes) else 0.0
