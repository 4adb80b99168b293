"""A coarse map brought to the size of the picture: one interpolation matrix per axis,  up = R_rows map
R_columns^T.

Libraries disagree here, and the picture shows it: half_pixel is what OpenCV, PyTorch (align_corners=False)
and Grad-CAM's authors use; corner_aligned puts the first and last values at the very edges (SciPy's zoom,
align_corners=True); nearest repeats.

Lesson 13.
"""

from __future__ import annotations

import numpy as np

from minicnn import GraphError
from minicnn.convolution.fast.threads import one_thread_each
from minicnn.device import moved

WAYS = ("half_pixel", "corner_aligned", "nearest")


@one_thread_each
def upsample(map: np.ndarray, size: tuple[int, ...], how: str = "half_pixel") -> np.ndarray:
    """map (..., h, w), size (H, W) -> (..., H, W), in map's dtype; whole numbers give floats.

    Just so along one axis, (..., l) and (L,), or three.
    """
    if how not in WAYS:
        raise GraphError(f"upsampling is one of {', '.join(WAYS)}, not '{how}'")
    if map.dtype.kind in "biu":  # shares of a pixel are no whole numbers
        map = map.astype(np.result_type(map.dtype, np.float32))
    *more, columns = (
        moved(interpolation(n, N, how).astype(map.dtype), map) for n, N in zip(map.shape[-len(size) :], size)
    )
    if not more:
        return map @ columns.T
    map = more[-1] @ map @ columns.T
    for axis, matrix in enumerate(more[:-1], -len(size)):
        map = np.moveaxis(np.moveaxis(map, axis, -1) @ matrix.T, -1, axis)
    return map


def interpolation(n: int, N: int, how: str) -> np.ndarray:
    """R (N, n): row i holds the shares of the n old values in new value i."""
    i = np.arange(N)
    if how == "nearest":
        at = (i * n // N).astype(float)
    elif how == "corner_aligned":
        at = i * (n - 1) / max(N - 1, 1)
    else:
        at = np.clip((i + 0.5) * n / N - 0.5, 0, n - 1)
    left = at.astype(int)
    share = at - left
    R = np.zeros((N, n))
    R[i, left] = 1 - share
    R[i, np.minimum(left + 1, n - 1)] += share
    return R
