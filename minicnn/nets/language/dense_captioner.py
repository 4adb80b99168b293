"""Dense captioning, after the fully convolutional localisation network FCLN (Johnson et al. 2016): regions,
and a sentence of each.

Lesson 22.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.graph import Array, Tensor
from minicnn.layer import Apply, ConvLayer, Layer, LinearLayer, Sequential, X
from minicnn.nets.classifiers.blocks import blocks
from minicnn.nets.language.boxes import anchors, decode, suppress
from minicnn.nets.language.decoding import STOP
from minicnn.nets.language.layers import EmbeddingLayer, LSTMLayer
from minicnn.ops import (
    AvgPool,
    Concat,
    GlobalAvgPool,
    LogSoftmax,
    Mul,
    ReLU,
    Reshape,
    RoIAlign,
    Sigmoid,
    Slice,
    Sum,
    Transpose,
)

STEP = 8  # pixels per cell of the feature maps
SIDES = (16, 24, 34, 46)  # of the anchors, in pixels
P = 5  # samples along a region's side


class DenseCaptioner(Layer):
    """x (N, 3, 96, 96) -> feature maps A -> boxes with a score each -> a sentence for each box.  V: words.

    maps     (N, 96, 12, 12): the trunk of `shapes` up to relu4_2, 64 maps, and beside them the 32 of relu2_1,
             averaged to their size, as in hypercolumns (Hariharan et al. 2015): of a trunk that was trained
             for kinds, relu2_1 tells colours apart, relu4_2 no longer
    A        relu5 (N, 128, 12, 12): two more convolutions, so that a map may speak of a colour and a kind
    rpn      at every cell and for every anchor, the score of "here is something", and the offsets from the
             anchor to its box
    region   A inside a box, the mean of P x P samples, through one matrix: the first thing that the LSTM is
             shown; then come the words.  A mean, as in networks that end in global average pooling: what a
             map says counts wherever in the box it says so.  No ReLU after the matrix: the code of a mixture
             of two regions is the mixture of their codes
    """

    early: Sequential
    late: Sequential
    beside: Apply
    joined: Sequential
    rpn: Sequential
    region: Sequential
    embedding: EmbeddingLayer
    lstm: LSTMLayer
    next_word: LinearLayer

    def __init__(self, V: int = 24, code: int = 96, name: str | None = None) -> None:
        super().__init__(name)
        steps = blocks((1, 1, 2, 2), (16, 32, 48, 64), batchnorm=False)[:-1]
        self.early, self.late = (
            Sequential(*steps[:5]),
            Sequential(*steps[5:]),
        )  # up to relu2_1, from pool2 to relu4_2
        self.beside = Apply("beside", AvgPool, kernel=4)
        self.joined = Sequential(*_conv("joined", 96, 96, "relu_joined"), *_conv("conv5", 96, 128, "relu5"))
        self.rpn = Sequential(*_conv("rpn", 96, 64, "relu_rpn"), ConvLayer("anchors", 64, 5 * len(SIDES), 1))
        self.region = Sequential(Apply("mean", GlobalAvgPool), LinearLayer("region", 128, code))
        self.embedding, self.lstm = EmbeddingLayer("words", V, code), LSTMLayer("lstm", code, code)
        self.next_word = LinearLayer("next_word", code, V)

    def maps(self, x: X) -> X:
        """x (N, 3, H, W) -> (N, 96, H/8, W/8), under the name maps."""
        early = self.early(x)
        return self.apply(Concat(), self.late(early), self.beside(early), name="maps")

    def forward(self, x: Any) -> tuple[Any, Any, Any]:
        """-> (A, scores (N, K h w), offsets (N, K h w, 4)), K: anchors at a cell, in the order of
        `minicnn.nets.language.boxes.anchors`."""
        maps = self.maps(x)
        A, found, K, cells = self.joined(maps), self.rpn(maps), len(SIDES), maps.shape[-2] * maps.shape[-1]
        flat = Reshape((x.shape[0], 5, K * cells))(found)
        scores = Slice(slice(None), 0)(flat)
        return A, scores, Transpose((0, 2, 1))(Slice(slice(None), slice(1, None))(flat))

    def __call__(self, x: Any) -> tuple[Any, Any, Any]:  # type: ignore[override]
        return self.forward(x)

    def boxes(
        self, scores: Array, offsets: Array, size: tuple[int, int], enough: float = 0.5, overlap: float = 0.4
    ) -> list[tuple[Array, Array]]:
        """What was found: arrays (N, K h w), (N, K h w, 4), size (H, W) of a picture -> for each, (boxes (R,
        4), probabilities (R,))"""
        H, W = size
        every, p = anchors((H // STEP, W // STEP), SIDES, STEP), Sigmoid()(scores)
        found = []
        for p_n, offsets_n in zip(p, offsets):
            sure = np.flatnonzero(p_n >= enough)
            boxes = np.clip(decode(offsets_n[sure], every[sure]), 0, [W, H, W, H]).astype(np.float32)
            kept = suppress(boxes, p_n[sure], overlap)
            found.append((boxes[kept], p_n[sure][kept]))
        return found

    def codes(self, A: X, boxes: Any, picture: Array) -> X:
        """The vectors of R regions.

        A (N, 128, h, w), boxes (R, 4) in pixels, picture (R,): which of the N -> (R, code)
        """
        return self.region(RoIAlign(P, 1 / STEP, picture)(A, boxes))

    def words_after(self, codes: X, words: Array) -> X:
        """Scores of every next word, before softmax, if the words before it are these: codes (R, code), words
        (R, T) -> (R, T, V)"""
        before, told = np.concatenate([np.full((len(words), 1), STOP), words[:, :-1]], axis=1), []
        _, state = self.encode(codes)
        for heard in before.T:
            scores, state = self.step((), Tensor(heard) if isinstance(codes, Tensor) else heard, state)
            told.append(scores)
        return Reshape((*words.shape, -1))(Concat()(*told))

    def log_probability(self, A: X, boxes: Any, picture: Array, words: Array, each: bool = False) -> X:
        """ln p(sentence | region) = sum_t ln p(word_t | words before, region): words (R, T) -> (R,);
        each=True: of each word, (R, T)

        A word after the full stop counts for nothing.
        """
        log_p = LogSoftmax()(self.words_after(self.codes(A, boxes, picture), words))
        asked = (np.arange(log_p.shape[-1]) == words[..., None]).astype(log_p.dtype)
        ended = np.cumsum(words == STOP, axis=1) - (words == STOP) > 0
        per_word = Sum(axis=-1)(Mul()(log_p, asked * ~ended[..., None]))
        return per_word if each else Sum(axis=-1)(per_word)

    def encode(self, codes: X) -> tuple[tuple[()], tuple[Any, Any]]:
        """The hidden state of an LSTM that has seen the regions, and no word yet; `decoding` asks for this
        and `step`."""
        nothing = np.zeros_like(
            codes.data if isinstance(codes, Tensor) else codes, shape=(codes.shape[0], self.lstm.H)
        )
        return (), self.lstm(codes, nothing, nothing)

    def step(self, seen: tuple[()], heard: Any, state: tuple[Any, Any]) -> tuple[Any, tuple[Any, Any]]:
        """A word heard (R,) -> (the scores of the next one (R, V), state)"""
        h, c = self.lstm(self.embedding(heard), *state)
        return self.next_word(h), (h, c)


def _conv(name, C, F, relu):
    return ConvLayer(name, C, F, 3, pad=1), Apply(relu, ReLU)


def dense_captioner(V: int = 24) -> DenseCaptioner:
    """The network that ships: 0.4 million parameters."""
    return DenseCaptioner(V)
