"""Grad-CAM of what a network says of a region: dense captioning (Selvaraju et al. 2017, sec. 7.1; Johnson et
al. 2016).

Lesson 22.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcam.methods.grad_cam import combine
from minicnn import Tensor, backward, find
from minicnn.nets.language.decoding import greedy

LONGEST = 9  # words


@dataclass
class Region:
    """box (4,): x0, y0, x1, y1 in pixels; probability: that something is there; words (L,): numbers, said of
    it; log_p: that of the words,
    given the region; map (h, w): Grad-CAM of log_p, or another method's."""

    box: np.ndarray
    probability: float
    words: np.ndarray
    log_p: float
    map: np.ndarray


def explain_regions(
    net: Any,
    x: np.ndarray,
    boxes: Any = None,
    words: Any = None,
    layer: str | None = None,
    relu: bool = True,
    weigh: Any = combine,
) -> list[Region]:
    """Grad-CAM of every region's caption, from one forward and one batched backward pass.  -> [Region], the
    surest first

    net     finds boxes and says a sentence for each (see minicnn/nets/language/dense_captioner.py); x: array
            (1, 3, H, W)
    boxes   (R, 4), in pixels: explain these instead of those that the network finds; words (R, L): and these
            sentences
    layer   name of the feature maps that are weighed; default: those that the regions are cut from.
            relu=False keeps evidence against
    weigh   the method's formula, of gradient and maps: Grad-CAM's, or `gradcam.methods.hirescam.combine`

    The signal of a caption starts at its log-probability and enters the maps inside its box only; but
    Grad-CAM may lie anywhere, as its weights alpha_k are means over the whole picture: that it lies in the
    box is no matter of course, but a property of the network (the one that ships was taught so, see
    weights/recipes/train_dense_captioner.py).  HiResCAM weighs place by place, and cannot leave the box by
    more than a cell at the maps that the regions are cut from.
    """
    A, scores, offsets = net(Tensor(x, "x"))
    if boxes is None:
        ((boxes, p),) = net.boxes(scores.data, offsets.data, x.shape[-2:])
    else:
        boxes, p = np.asarray(boxes, A.dtype).reshape(-1, 4), np.full(len(boxes), np.nan)
    if not len(boxes):
        return []
    picture = np.zeros(len(boxes), int)
    if words is None:
        words = greedy(net, net.codes(A.data, boxes, picture), LONGEST)
    log_p = net.log_probability(A, boxes, picture, np.asarray(words))
    maps = find(log_p, layer) if layer else A
    each = np.eye(len(boxes), dtype=A.dtype)  # a row of the stack for each region
    L = weigh(backward(log_p, each, wrt=maps), maps.data, relu=relu)[:, 0]
    return [Region(*found) for found in zip(boxes, p.tolist(), np.asarray(words), log_p.data.tolist(), L)]
