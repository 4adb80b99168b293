"""What a measure is given, looked at once: a map that is no map has no score."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gradcam.measure.errors import MeasureError


def checked_map(map: ArrayLike, positive: bool = False) -> np.ndarray:
    """A map as an array (H, W) of finite floats; positive: none of them below zero.

    MeasureError otherwise.
    """
    map = np.asarray(map)
    if map.ndim != 2 or map.size == 0 or map.dtype.kind not in "biuf":
        raise MeasureError(f"a map is an array (H, W) of numbers; this one is {_said(map)}")
    if not np.isfinite(map).all():
        raise MeasureError("the map holds values that are not finite (NaN or infinite): it has no score")
    if positive and map.min() < 0:
        raise MeasureError(
            f"the map goes down to {map.min():.3g}; shares are taken of a map >= 0: "
            "np.maximum(map, 0), or its magnitude"
        )
    return map if map.dtype.kind == "f" else map.astype(float)


def checked_mask(truth: ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
    """The object's pixels as (H, W) bool, of a mask of booleans or of numbers 0 and 1, as large as its map.

    MeasureError otherwise.
    """
    truth = np.asarray(truth)
    if truth.shape != tuple(shape):
        raise MeasureError(f"the mask is {_said(truth)}, but the map is {tuple(shape)}: give them one size")
    if truth.dtype != bool and not (truth.dtype.kind in "iuf" and np.isin(truth, (0, 1)).all()):
        raise MeasureError("a mask holds True where the object is and False elsewhere (or 1 and 0)")
    return truth.astype(bool, copy=False)


def checked_boxes(boxes: ArrayLike) -> np.ndarray:
    """Boxes as floats (B, 4), each x0, y0, x1, y1 with x0 < x1 and y0 < y1.  MeasureError otherwise."""
    boxes = np.asarray(boxes)
    if boxes.ndim != 2 or boxes.shape[1:] != (4,) or len(boxes) == 0 or boxes.dtype.kind not in "iuf":
        raise MeasureError(
            f"boxes are an array (B, 4) of x0, y0, x1, y1, one box or more; these are {_said(boxes)}"
        )
    boxes = boxes.astype(float)
    wrong = ~(np.isfinite(boxes).all(axis=1) & (boxes[:, :2] < boxes[:, 2:]).all(axis=1))
    if wrong.any():
        raise MeasureError(
            "a box is x0, y0, x1, y1 with x0 < x1 and y0 < y1; "
            f"number {wrong.argmax()} is {boxes[wrong][0].tolist()}"
        )
    return boxes


def _said(array):
    return f"{array.shape}, {array.dtype}"
