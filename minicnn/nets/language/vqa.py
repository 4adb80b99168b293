"""Visual question answering (VQA): a CNN encodes the picture, an LSTM the question, and they are multiplied;
0.4 million parameters.

Lesson 22.
"""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np

from minicnn.device import moved
from minicnn.graph import Array, Tensor
from minicnn.layer import Apply, ConvLayer, Layer, LinearLayer, Sequential, X
from minicnn.nets.language.captioner import where
from minicnn.nets.language.encoder import Encoder
from minicnn.nets.language.layers import EmbeddingLayer, LSTMLayer
from minicnn.ops import Add, Concat, MatMul, Mul, ReLU, Reshape, Slice, Softmax, Sub, Tanh, Transpose


class Answerer(Layer):
    """Answers questions about feature maps (Antol et al. 2015): picture and question meet in a product (Lu et
    al. 2015).

    The LSTM's last hidden state is the question q.  Attention looks twice (Yang et al. 2016, "Stacked
    attention networks"), so that what is left of the star can be found from where the star is: for the second
    look, places p are seen from where the first one looked, r_p = (offset, offset^2), rows and columns, and
    the question says which direction counts.  What it saw is multiplied with the question, and nothing else
    of the feature maps (relu5_1) is seen, or the attention would never learn to look:

        a1 = softmax_p( keys_p . Q1 q / sqrt(K) ),                      s1 = sum_p a1_p what_p
        a2 = softmax_p( keys_p . Q2 [q, s1] / sqrt(K) + r_p . D q ),    s2 = sum_p a2_p what_p
        f  = V [s1, s2] * tanh( U q )
        scores = W ReLU( F f + b ) + b'               one for each answer

    The LSTM's forget gates begin open, with a bias of 1 (Jozefowicz et al. 2015): the question's third word
    is known at its seventh.
    """

    conv: Sequential
    embedding: EmbeddingLayer
    lstm: LSTMLayer
    key: ConvLayer
    query1: LinearLayer
    query2: LinearLayer
    direction: LinearLayer
    see: LinearLayer
    ask: LinearLayer
    think: Sequential

    def __init__(
        self,
        words: int,
        answers: int,
        features: int,
        F: int = 96,
        K: int = 64,
        H: int = 128,
        embedding: int = 32,
        fused: int = 192,
    ) -> None:
        super().__init__("answerer")
        self.H, C = H, F + 4
        self.conv = Sequential(ConvLayer("conv5_1", features, F, kernel=3, pad=1), Apply("relu5_1", ReLU))
        self.embedding, self.lstm = EmbeddingLayer("words", words, embedding), LSTMLayer("lstm", embedding, H)
        self.key = ConvLayer("key", C, K, kernel=1)
        self.query1, self.query2 = LinearLayer("query1", H, K), LinearLayer("query2", H + C, K)
        self.direction = LinearLayer("direction", H, 4)
        self.see = LinearLayer("see", 2 * C, fused)
        self.ask = LinearLayer("ask", H, fused)
        self.think = Sequential(
            LinearLayer("think", fused, H), Apply("relu_think", ReLU), LinearLayer("answer", H, answers)
        )

    def __call__(self, features: X, words: Array) -> X:  # type: ignore[override]
        """features (N, C, h, w), words (N, Q, L) -> scores (N, Q, answers); see Vqa"""
        N, Q, _ = words.shape
        A = self.conv(features)
        q = self.read(words.reshape(N * Q, -1), isinstance(A, Tensor))
        what, keys = self.places(A)
        s1 = _attend(self.query1(q), keys, what)
        s2 = _attend(self.query2(Concat()(q, s1)), keys, what, self.towards(q, what, s1))
        F = self.ask.b.shape[0]
        seen = Reshape((N, Q, F))(self.see(Concat()(s1, s2)))
        fused = Mul()(seen, Reshape((N, Q, F))(Tanh()(self.ask(q))))
        y = Reshape((N, Q, -1))(self.think(Reshape((N * Q, F))(fused)))
        if isinstance(y, Tensor):
            y.name = "scores"
        return y

    def read(self, words: Array, remember: bool) -> Any:
        """words (n, L) -> the LSTM's hidden state after the last one (n, H)"""
        h = c = np.zeros_like(self.lstm.b.data, shape=(len(words), self.H))
        for t in range(words.shape[1]):
            h, c = self.lstm(self.embedding(Tensor(words[:, t]) if remember else words[:, t]), h, c)
        return h

    def towards(self, q: Any, what: Any, s1: Any) -> Any:
        """q (N Q, H), what (N, P, C), s1 (N Q, C) -> how much each place lies in the direction that is asked
        for, seen from where s1 was seen (N, Q, P)
        """
        N, P, C = what.shape
        at = slice(C - 4, C - 2)  # row and column
        places = Reshape((N, 1, 2, P))(Transpose((0, 2, 1))(Slice(slice(None), slice(None), at)(what)))
        offset = Sub()(places, Reshape((N, -1, 2, 1))(Slice(slice(None), at)(s1)))
        r = Concat(axis=2)(offset, Mul()(offset, offset))
        towards = MatMul()(Reshape((N, -1, 1, 4))(self.direction(q)), r)
        return Reshape((N, -1, P))(towards)

    def places(self, A: Any) -> tuple[Any, Any]:
        """A (N, F, h, w) -> what is at every place (N, h w, C), and the keys that find it (N, K, h w)."""
        N, _, h, w = A.shape
        like = A.data if isinstance(A, Tensor) else A
        at = where(N, h, w)
        A = Concat()(A, moved(np.concatenate([at, at**2], axis=1).astype(like.dtype), like))
        return Transpose((0, 2, 1))(Reshape((N, -1, h * w))(A)), Reshape((N, -1, h * w))(self.key(A))


def _attend(query, keys, what, more=None):
    """query (N Q, K), keys (N, K, P), what (N, P, C), more (N, Q, P), added before the softmax -> what the
    attention of each query sees (N Q, C)"""
    N, K, _ = keys.shape
    scores = MatMul()(Reshape((N, -1, K))(Mul()(query, np.float32(K**-0.5))), keys)
    a = Softmax()(scores if more is None else Add()(scores, more))
    return Reshape((-1, what.shape[-1]))(MatMul()(a, what))


class Vqa(Layer):
    """Encoder, and answers to questions about what it sees."""

    encoder: Encoder
    answerer: Answerer

    def __init__(self, words: int, answers: int) -> None:
        super().__init__("vqa")
        self.encoder = Encoder()
        self.answerer = Answerer(words, answers, self.encoder.features)

    def initialise(self, seed: int = 0) -> Self:
        super().initialise(seed)
        lstm = self.answerer.lstm
        lstm.b.data[lstm.H : 2 * lstm.H] = 1  # the forget gates'
        return self

    def __call__(self, x: X, words: Array) -> X:  # type: ignore[override]
        """x (N, 3, H, W), words (N, Q, L): Q questions of L words about each picture -> scores (N, Q,
        answers)"""
        return self.answerer(self.encoder(x), words)

    def with_answerer(self, answerer: Any) -> Vqa:
        """The same encoder with another answerer -> a network"""
        twin = copy.copy(self)
        twin.answerer = answerer
        return twin


def vqa(words: int = 34, answers: int = 21) -> Vqa:
    """The network that answers questions about a scene of the shapes world.

    x (N, 3, 96, 96), words (N, Q, L) -> scores (N, Q, answers)
    """
    return Vqa(words, answers)
