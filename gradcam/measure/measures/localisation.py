"""Localisation (Selvaraju et al. 2017, sec. 4.1): the box around the largest segment of a map that was cut at 15 % of its maximum.

A box is (x0, y0, x1, y1) in pixels, x to the right, y down; x1 and y1 are no longer inside.

Lesson 12.
"""

import numpy as np

from gradcam.measure.statistics.segments import largest_segment

CUT, ENOUGH = 0.15, 0.5  # share of the maximum; intersection over union that counts as found


def localisation(map, boxes):
    """How well the map's box agrees with the nearest of the object's boxes: intersection over union, 0 to 1; 0 for a map of zeros.

    map (H, W) >= 0; boxes (B, 4)
    """
    return max(iou(box(map), known) for known in boxes) if np.any(map > 0) else 0.0


def box(map, cut=CUT):
    """The box around the largest segment of what is at least `cut` of the maximum -> (4,).  map (H, W), somewhere positive"""
    return box_around(largest_segment(map >= cut * map.max()))


def box_around(mask):
    """(H, W) bool, somewhere True -> (4,)"""
    (y0, *_, y1), (x0, *_, x1) = (np.flatnonzero(mask.any(axis=axis)).take([0, -1]) for axis in (1, 0))
    return np.array([x0, y0, x1 + 1, y1 + 1], float)


def iou(a, b):
    """Intersection over union of two boxes."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    intersection = np.prod(np.maximum(sides, 0))
    return float(intersection / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - intersection))
