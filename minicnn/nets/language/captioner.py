"""Image captioning: a CNN as encoder; a decoder with attention, whose LSTM says one word after the other; 0.4
million parameters.

Lesson 22.
"""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import numpy as np

from minicnn.device import moved
from minicnn.graph import Array, Tensor
from minicnn.layer import Apply, ConvLayer, Layer, LinearLayer, Sequential, X
from minicnn.nets.language.encoder import Encoder
from minicnn.nets.language.layers import EmbeddingLayer, LSTMLayer
from minicnn.ops import Concat, MatMul, ReLU, Reshape, Softmax, Transpose

STOP = 0  # the word that ends a sentence, and begins it
GLANCES = 2
FAR = 2


class Attended(NamedTuple):
    """What attention chooses from, at each of P places: what there is, its values (N, P, C), and the keys (N,
    K, P) that find it."""

    what: Any
    keys: Any


class State(NamedTuple):
    """Between two words: hidden state h and cell c of the LSTM (N, H), and what was attended to last, and
    first (N, 2C)."""

    h: Any
    c: Any
    context: Any
    first: Any = None


class Decoder(Layer):
    """Says a sentence about feature maps, in the manner of Xu et al. 2015 ("Show, attend and tell", soft
    attention) and Luong et al. 2015.

    words: how many there are, number 0 the full stop.  After each word the LSTM reads it, and what was
    attended to for it; its hidden state h asks where to look now, two glances at a time; the next word
    follows from h, from what is seen there, and from what was looked at first, which stays in view: to say
    where one thing is, seen from another, takes both.

        h, c    = LSTM([word, context], h, c)
        a_g     = softmax_p( keys_p . (Q_g h) )       attention over the places p, for each glance g
        context = [sum_p a_gp what_p]                 what: relu5_1, and two more maps, row and column
        scores  = W [h, context, first] + b           one for each word
    """

    conv: Sequential
    key: ConvLayer
    embedding: EmbeddingLayer
    lstm: LSTMLayer
    query: LinearLayer
    say: LinearLayer

    def __init__(
        self, words: int, features: int, F: int = 96, K: int = 64, H: int = 128, embedding: int = 48
    ) -> None:
        super().__init__("decoder")
        self.conv = Sequential(ConvLayer("conv5_1", features, F, kernel=3, pad=1), Apply("relu5_1", ReLU))
        self.key = ConvLayer("key", F + 2, K, kernel=1)
        self.embedding = EmbeddingLayer("words", words, embedding)
        self.lstm = LSTMLayer("lstm", embedding + GLANCES * (F + 2), H)
        self.query = LinearLayer("query", H, GLANCES * K)
        self.say = LinearLayer("say", H + 2 * GLANCES * (F + 2), words)

    def __call__(self, features: X, words: Array) -> X:  # type: ignore[override]
        """features (N, C, h, w), words (N, L) -> scores (N, L, words); see Captioner"""
        seen, state, scores = *self.encode(features), []
        for t in range(words.shape[1]):
            heard = np.full_like(words[:, 0], STOP) if t == 0 else words[:, t - 1]
            said, state = self.step(seen, heard, state)
            scores.append(Reshape((len(words), 1, -1))(said))
        y = Concat(axis=1)(*scores)
        if isinstance(y, Tensor):
            y.name = "scores"
        return y

    def encode(self, features: X) -> tuple[Attended, State]:
        """features (N, C, h, w) -> what attention chooses from, and the state before the first word"""
        A = self.conv(features)
        N, _, h, w = A.shape
        like = A.data if isinstance(A, Tensor) else A
        A = Concat(axis=1)(A, moved(where(N, h, w).astype(like.dtype), like))
        keys = Reshape((N, -1, h * w))(self.key(A))
        what = Transpose((0, 2, 1))(Reshape((N, -1, h * w))(A))
        start = [
            np.zeros_like(like, shape=(N, n)) for n in (self.lstm.H, self.lstm.H, GLANCES * what.shape[2])
        ]
        return Attended(what, keys), State(*start)

    def step(self, seen: Attended, heard: Array, state: State) -> tuple[Any, State]:
        """heard (N,): the words that were said last -> the scores (logits) of the next (N, words), and the
        new state"""
        words = self.embedding(Tensor(heard) if isinstance(seen.what, Tensor) else heard)
        h, c = self.lstm(Concat(axis=1)(words, state.context), state.h, state.c)
        N, K, _ = seen.keys.shape
        a = Softmax()(MatMul()(Reshape((N, GLANCES, K))(self.query(h)), seen.keys))
        context = Reshape((N, -1))(MatMul()(a, seen.what))
        first = context if state.first is None else state.first
        return self.say(Concat(axis=1)(h, context, first)), State(h, c, context, first)


class Captioner(Layer):
    """Encoder and decoder: what is seen, and the sentence about it."""

    encoder: Encoder
    decoder: Decoder

    def __init__(self, words: int) -> None:
        super().__init__("captioner")
        self.encoder = Encoder()
        self.decoder = Decoder(words, self.encoder.features)

    def __call__(self, x: X, words: Array) -> X:  # type: ignore[override]
        """Teacher forcing: the scores of every word at every step, given the right words in front of it.

        x (N, 3, H, W); words (N, L), whole numbers: the sentence, with its full stop -> scores (N, L, words);
        those at step t have heard the words in front of it.  An array x gives an array, and nothing is
        remembered.
        """
        return self.decoder(self.encoder(x), words)

    def encode(self, x: X) -> tuple[Attended, State]:
        """x (N, 3, H, W) -> what attention chooses from, and the state before the first word (see
        minicnn/nets/language/decoding.py)"""
        return self.decoder.encode(self.encoder(x))

    def step(self, seen: Attended, heard: Array, state: State) -> tuple[Any, State]:
        """heard (N,): the words that were said last -> the scores (logits) of the next (N, words), and the
        new state"""
        return self.decoder.step(seen, heard, state)

    def with_decoder(self, decoder: Any) -> Captioner:
        """The same encoder with another decoder -> a network"""
        twin = copy.copy(self)
        twin.decoder = decoder
        return twin


def where(N: int, h: int, w: int) -> Array:
    """A positional encoding: two feature maps that say where they are, row and column, from -FAR to FAR ->
    (N, 2, h, w)"""
    rows, columns = np.meshgrid(np.linspace(-FAR, FAR, h), np.linspace(-FAR, FAR, w), indexing="ij")
    return np.broadcast_to(np.stack([rows, columns]), (N, 2, h, w))


def captioner(words: int = 24) -> Captioner:
    """The network that says what is in a scene of the shapes world.

    x (N, 3, 96, 96), words (N, L) -> scores (N, L, words)
    """
    return Captioner(words)
