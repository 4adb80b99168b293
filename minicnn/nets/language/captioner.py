"""A network that says what it sees: a CNN, an attention, and an LSTM that says one word after the other; 0.4 million parameters.

Lesson 22.
"""

import copy
from typing import NamedTuple

import numpy as np

from minicnn.device import moved
from minicnn.graph import Tensor
from minicnn.layer import Apply, ConvLayer, Layer, LinearLayer, Sequential
from minicnn.nets.language.encoder import Sight
from minicnn.nets.language.layers import EmbeddingLayer, LSTMLayer
from minicnn.ops import Concat, MatMul, ReLU, Reshape, Softmax, Transpose

STOP = 0  # the word that ends a sentence, and begins it
GLANCES = 2
FAR = 2


class Seen(NamedTuple):
    """What attention chooses from, at each of P places: what there is (N, P, C), and the key that finds it (N, K, P)."""

    what: object
    keys: object


class State(NamedTuple):
    """Between two words: h and c of the LSTM (N, H), and what was looked at last, and first (N, 2C)."""

    h: object
    c: object
    context: object
    first: object = None


class Teller(Layer):
    """Says a sentence about feature maps, in the manner of Xu et al. 2015 ("Show, attend and tell", soft attention) and Luong et al. 2015.

    words: how many there are, number 0 the full stop.  After each word the LSTM reads it, and what was looked at for it; its h asks where
    to look now, two glances at a time; the next word follows from h, from what is seen there, and from what was looked at first, which
    stays in view: to say where one thing is, seen from another, takes both.

        h, c    = LSTM([word, context], h, c)
        a_g     = softmax_p( keys_p . (Q_g h) )       attention over the places p of the feature maps, for each glance g
        context = [sum_p a_gp what_p]                 what: the feature maps relu5_1, and two more that say which row and column
        scores  = W [h, context, first] + b           one for each word
    """

    def __init__(self, words, features, F=96, K=64, H=128, embedding=48):
        super().__init__("teller")
        self.conv = Sequential(ConvLayer("conv5_1", features, F, kernel=3, pad=1), Apply("relu5_1", ReLU))
        self.key = ConvLayer("key", F + 2, K, kernel=1)
        self.table = EmbeddingLayer("words", words, embedding)
        self.lstm = LSTMLayer("lstm", embedding + GLANCES * (F + 2), H)
        self.query = LinearLayer("query", H, GLANCES * K)
        self.say = LinearLayer("say", H + 2 * GLANCES * (F + 2), words)

    def __call__(self, features, words):
        """features (N, C, h, w), words (N, L) -> scores (N, L, words); see Captioner"""
        seen, state, scores = *self.look(features), []
        for t in range(words.shape[1]):
            heard = np.full_like(words[:, 0], STOP) if t == 0 else words[:, t - 1]
            said, state = self.step(seen, heard, state)
            scores.append(Reshape((len(words), 1, -1))(said))
        y = Concat(axis=1)(*scores)
        if isinstance(y, Tensor):
            y.name = "scores"
        return y

    def look(self, features):
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
        return Seen(what, keys), State(*start)

    def step(self, seen, heard, state):
        """heard (N,): the words that were said last -> the scores of the next (N, words), and the new state"""
        words = self.table(Tensor(heard) if isinstance(seen.what, Tensor) else heard)
        h, c = self.lstm(Concat(axis=1)(words, state.context), state.h, state.c)
        N, K, _ = seen.keys.shape
        a = Softmax()(MatMul()(Reshape((N, GLANCES, K))(self.query(h)), seen.keys))
        context = Reshape((N, -1))(MatMul()(a, seen.what))
        first = context if state.first is None else state.first
        return self.say(Concat(axis=1)(h, context, first)), State(h, c, context, first)


class Captioner(Layer):
    """Sight, and somebody who tells what is seen."""

    def __init__(self, words):
        super().__init__("captioner")
        self.sight = Sight()
        self.teller = Teller(words, self.sight.features)

    def __call__(self, x, words):
        """The scores of every word at every step, as a teacher says the sentence.

        x (N, 3, H, W); words (N, L), whole numbers: the sentence, with its full stop -> scores (N, L, words); those at step t have heard
        the words in front of it.  An array x gives an array, and nothing is remembered.
        """
        return self.teller(self.sight(x), words)

    def look(self, x):
        """x (N, 3, H, W) -> what attention chooses from, and the state before the first word (see minicnn/nets/language/decoding.py)"""
        return self.teller.look(self.sight(x))

    def step(self, seen, heard, state):
        """heard (N,): the words that were said last -> the scores of the next (N, words), and the new state"""
        return self.teller.step(seen, heard, state)

    def told_by(self, teller):
        """The same sight with another teller -> a network"""
        twin = copy.copy(self)
        twin.teller = teller
        return twin


def where(N, h, w):
    """Two feature maps that say where they are: row and column, from -FAR to FAR -> (N, 2, h, w)"""
    rows, columns = np.meshgrid(np.linspace(-FAR, FAR, h), np.linspace(-FAR, FAR, w), indexing="ij")
    return np.broadcast_to(np.stack([rows, columns]), (N, 2, h, w))


def captioner(words=24):
    """The network that says what is in a scene of the shapes world.  x (N, 3, 96, 96), words (N, L) -> scores (N, L, words)"""
    return Captioner(words)
