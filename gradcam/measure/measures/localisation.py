"""Weakly supervised localisation (Selvaraju et al. 2017, sec. 4.1).

The map is cut at 15 % of its maximum; the box around the largest segment is compared with the object's.
A box is (x0, y0, x1, y1) in pixels, x to the right, y down; x1 and y1 are no longer inside.

Lesson 12.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.measure.checked import checked_boxes, checked_map
from gradcam.measure.measure import Figure, Measure
from gradcam.measure.statistics.segments import largest_segment

CUT, ENOUGH = 0.15, 0.5  # share of the maximum; intersection over union that counts as found


def localisation(map: np.ndarray, boxes: np.ndarray) -> float:
    """How well the map's box agrees with the nearest of the object's boxes: intersection over union, 0 to 1.

    map (H, W) >= 0; boxes (B, 4), pixels.  A map of zeros has no box: 0.
    MeasureError for a map that is not finite, and for a box without area.
    """
    map, boxes = checked_map(map), checked_boxes(boxes)
    return max(iou(box(map), known) for known in boxes) if np.any(map > 0) else 0.0


def box(map: np.ndarray, cut: float = CUT) -> np.ndarray:
    """The box around the largest segment of what is at least `cut` of the maximum -> (4,).

    map (H, W), somewhere positive
    """
    return box_around(largest_segment(map >= cut * map.max()))


def box_around(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool, somewhere True -> (4,)"""
    (y0, *_, y1), (x0, *_, x1) = (np.flatnonzero(mask.any(axis=axis)).take([0, -1]) for axis in (1, 0))
    return np.array([x0, y0, x1 + 1, y1 + 1], float)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes (4,)."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    intersection = np.prod(np.maximum(sides, 0))
    return float(intersection / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - intersection))


def errors(map: np.ndarray, case: Any) -> tuple[bool, bool, bool]:
    """Whether the box is found; top-1 and top-5 error (Selvaraju et al. 2017, table 1).

    An error: the class is not among the first, or its box is wrong.  Where classes do not exclude each other,
    the first ones are those whose probability is at least a half.
    """
    found = localisation(map, case.boxes) >= ENOUGH
    multi_label = getattr(getattr(case.net, "card", None), "multi_label", False)
    named = case.scores[case.c] > 0 if multi_label else case.rank < 1
    return found, not (found and named), not (found and case.rank < 5)


MEASURE = Measure(
    "localisation", "Weakly supervised localisation", "Selvaraju et al. 2017, sec. 4.1",
    "does the box around its largest segment fit the object's?",
    errors, (
        Figure("found", "box found (IoU ≥ 0.5)", percent=True),
        Figure("top1_error", "top-1 localisation error", better=-1, percent=True),
        Figure("top5_error", "top-5 localisation error", better=-1, percent=True),
    ),
    truth=True,
)  # fmt: skip
