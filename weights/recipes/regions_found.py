"""What the dense captioner finds in scenes, held against the truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minicnn.layer import Layer
from minicnn.nets.language.boxes import iou
from minicnn.nets.language.decoding import greedy
from weights.recipes.shapes_world.regions import LONGEST

ENOUGH = 0.5  # intersection over union of a box that is right


def found(net: Layer, x: np.ndarray, enough: float = 0.5) -> list[tuple[np.ndarray, ...]]:
    """x (N, 3, H, W), an array -> for each picture, (boxes (R, 4), probabilities (R,), words (R, LONGEST)),
    the surest first

    enough: the probability from which on a box counts as found.
    """
    A, scores, offsets = net(x)
    boxes = net.boxes(scores, offsets, x.shape[-2:], enough)
    picture = np.repeat(np.arange(len(x)), [len(b) for b, _ in boxes])
    if not len(picture):
        return [(b, p, np.zeros((0, LONGEST), int)) for b, p in boxes]
    words = greedy(net, net.codes(A, np.concatenate([b for b, _ in boxes]), picture), LONGEST)
    return [(b, p, words[picture == n]) for n, (b, p) in enumerate(boxes)]


def matched(boxes: np.ndarray, true: np.ndarray) -> np.ndarray:
    """For each found box, the surest first, the number of the true box that it finds, or -1: each true box
    is found once.
    """
    free, which = set(range(len(true))), np.full(len(boxes), -1)
    overlap = iou(boxes, true)
    for i in range(len(boxes)):
        near = [j for j in free if overlap[i, j] >= ENOUGH]
        if near:
            which[i] = max(near, key=lambda j: overlap[i, j])
            free.remove(which[i])
    return which


def figures(
    every: Sequence[tuple[np.ndarray, ...]], boxes: np.ndarray, words: np.ndarray
) -> dict[str, float]:
    """every: of `found`, one for each scene; boxes (N, MOST, 4), NaN where there is none; words (N, MOST,
    LONGEST)

    -> recall: shapes found; precision: boxes that find one; accuracy: shapes found and rightly named;
    named: of those found, rightly named
    """
    shapes = hits = named = said = 0
    for (b, _, w), true_boxes, true_words in zip(every, boxes, words):
        there = ~np.isnan(true_boxes[:, 0])
        which = matched(b, true_boxes[there])
        right = (w[which >= 0] == true_words[there][which[which >= 0]]).all(axis=1)
        shapes, hits, named, said = (
            shapes + there.sum(),
            hits + (which >= 0).sum(),
            named + right.sum(),
            said + len(b),
        )
    return {
        "recall": float(hits / shapes),
        "precision": float(hits / max(said, 1)),
        "accuracy": float(named / shapes),
        "named": float(named / max(hits, 1)),
    }
