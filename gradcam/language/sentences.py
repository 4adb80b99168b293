"""Grad-CAM of what a network says: of a sentence, of each of its words, of an answer (Selvaraju et al. 2017,
secs. 7.1 and 7.2).

Any differentiable number can be explained.  Of a sentence it is the log-probability of its words, each after
those in front of it, and their sum for the whole; of an answer, its score.

Lesson 22.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcam.methods.grad_cam import combine
from minicnn import LogSoftmax, Tensor, backward, find

STOP = 0


@dataclass
class Caption:
    """words (L,): numbers, the full stop last; log_p (L,): of each word after those before it; maps (L, h,
    w): one for each word, the full
    stop's last; whole (h, w): that of the whole sentence, whose log-probability is log_p.sum()."""

    words: np.ndarray
    log_p: np.ndarray
    maps: np.ndarray
    whole: np.ndarray


def explain_caption(net: Any, x: np.ndarray, words: np.ndarray, layer: str, relu: bool = True) -> Caption:
    """Grad-CAM of a sentence, one forward pass and one batched backward pass.  -> Caption

    net(x (1, 3, H, W), words (1, L)) gives scores (1, L, V); x: array (1, 3, H, W); words (L,): the sentence,
    up to its first full stop; it need not be the one that the network would say.  layer: the feature maps A
    that are weighed; relu=False keeps evidence against.
    """
    words = to_the_stop(words)
    y = LogSoftmax()(net(Tensor(x, "x"), words[None]), name="log_p")
    A = find(y, layer)
    said = (np.arange(len(words)), 0, np.arange(len(words)), words)
    gy = np.zeros_like(
        y.data, shape=(len(words) + 1, *y.shape)
    )  # a row for each word, and one for the whole sentence
    gy[said] = 1
    gy[-1] = gy[:-1].sum(axis=0)
    maps = combine(backward(y, gy, wrt=A), A.data, relu=relu)[:, 0]
    return Caption(words, y.data[said[1:]], maps[:-1], maps[-1])


def explain_answer(
    net: Any,
    x: np.ndarray,
    question: Any,
    answers: Any,
    layer: str,
    relu: bool = True,
    counterfactual: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Grad-CAM of answers to a question, one forward pass and one batched backward pass.  -> scores
    (answers,), maps (len(answers), h, w)

    net(x (1, 3, H, W), words (1, Q, L)) gives scores (1, Q, answers); question (L,): its words' numbers;
    answers: their numbers. counterfactual=True: the maps of what speaks against each
    (gradients negated, sec. 3.3).
    """
    y = net(Tensor(x, "x"), np.asarray(question)[None, None])
    A = find(y, layer)
    gy = np.zeros_like(y.data, shape=(len(answers), *y.shape))
    gy[np.arange(len(answers)), 0, 0, answers] = -1 if counterfactual else 1
    return y.data[0, 0], combine(backward(y, gy, wrt=A), A.data, relu=relu)[:, 0]


def to_the_stop(words: Any) -> np.ndarray:
    """Words up to and including their first full stop."""
    words = np.asarray(words)
    stops = np.flatnonzero(words == STOP)
    return words[: stops[0] + 1] if stops.size else words
