"""Boxes: anchors, how a box is told from its anchor, overlap, and what is left of many boxes around one
thing.

A box is x0, y0, x1, y1 in pixels, x to the right, y down; x1 and y1 are no longer inside.
"""

from collections.abc import Sequence

import numpy as np

from minicnn.graph import Array


def anchors(size: tuple[int, int], sides: Sequence[float], step: int) -> Array:
    """Squares of several sides around the middle of every cell of a map (Ren et al. 2015, sec. 3.1.1).

    size: (h, w) cells of `step` pixels

    -> (K h w, 4), in the order of a map (K, h, w) that was laid flat
    """
    y, x = ((np.arange(n) + 0.5) * step for n in size)
    side, y, x = np.meshgrid(np.asarray(sides, float), y, x, indexing="ij")
    return (
        np.stack([x - side / 2, y - side / 2, x + side / 2, y + side / 2], axis=-1)
        .reshape(-1, 4)
        .astype(np.float32)
    )


def encode(boxes: Array, anchors: Array) -> Array:
    """What turns anchors into boxes (Girshick et al. 2014, app.

    C): a shift, in sides of the anchor, and growth, as a logarithm.  boxes, anchors (..., 4) -> offsets (...,
    4)"""
    centre, side = _centre(boxes)
    from_centre, from_side = _centre(anchors)
    return np.concatenate([(centre - from_centre) / from_side, np.log(side / from_side)], axis=-1)


def decode(offsets: Array, anchors: Array) -> Array:
    """The opposite of `encode`: boxes (..., 4)."""
    from_centre, from_side = _centre(anchors)
    centre, side = (
        from_centre + offsets[..., :2] * from_side,
        from_side * np.exp(np.clip(offsets[..., 2:], -3, 3)),
    )
    return np.concatenate([centre - side / 2, centre + side / 2], axis=-1)


def iou(a: Array, b: Array) -> Array:
    """Intersection over union of every box of a (A, 4) with every one of b (B, 4) -> (A, B)"""
    sides = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    shared = np.prod(np.maximum(sides, 0), axis=-1)
    area = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=-1) for boxes in (a, b)]
    return shared / np.maximum(area[0][:, None] + area[1][None] - shared, 1e-9)


def suppress(boxes: Array, scores: Array, overlap: float = 0.5) -> Array:
    """Non-maximum suppression: the best box, the best of those that overlap it by at most `overlap`, ... ->
    their numbers, best first"""
    left, kept = np.argsort(-scores, kind="stable"), []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(int(best))
        left = left[iou(boxes[best][None], boxes[left])[0] <= overlap]
    return np.array(kept, int)


def _centre(boxes):
    """-> (centre (..., 2), sides (..., 2))"""
    return (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]
