"""A network that says what it sees: a CNN, an attention, and an LSTM that says one word after the other; 0.3 million parameters."""

from typing import NamedTuple

import numpy as np

from minicnn.device import moved
from minicnn.graph import Tensor
from minicnn.layer import ConvLayer, Layer, LinearLayer, Sequential
from minicnn.nets.blocks import blocks
from minicnn.ops import Concat, MatMul, Reshape, Softmax
from minicnn.recurrent import EmbeddingLayer, LSTMLayer

STOP = 0  # the word that ends a sentence, and begins it


class Seen(NamedTuple):
    """What attention chooses from, at each of P places: what there is (N, C, P), and the key that finds it (N, K, P)."""

    what: object
    keys: object


class State(NamedTuple):
    """Between two words: h and c of the LSTM (N, H), and what was looked at last (N, C)."""

    h: object
    c: object
    context: object


class Captioner(Layer):
    """Says a sentence about a picture, in the manner of Xu et al. 2015 ("Show, attend and tell", soft attention) and Luong et al. 2015.

    words: how many there are, number 0 the full stop.  After each word the LSTM reads it, and what was looked at for it; its h asks where
    to look now; the next word follows from h and from what is seen there:

        h, c    = LSTM([word, context], h, c)
        a       = softmax_p( keys_p . (Q h) )         attention over the places p of the feature maps
        context = sum_p a_p what_p                    what: the feature maps, and two more that say which row and column
        scores  = W [h, context] + b                  one for each word
    """

    def __init__(self, words, F=64, K=64, H=128, embedding=48):
        super().__init__("captioner")
        self.cnn = Sequential(*blocks((1, 1, 2, 3), (16, 32, 48, F), batchnorm=False)[:-1])
        self.key = ConvLayer("key", F + 2, K, kernel=1)
        self.table = EmbeddingLayer("words", words, embedding)
        self.lstm = LSTMLayer("lstm", embedding + F + 2, H)
        self.query = LinearLayer("query", H, K)
        self.say = LinearLayer("say", H + F + 2, words)

    def __call__(self, x, words):
        """The scores of every word at every step, as a teacher says the sentence.

        x (N, 3, H, W); words (N, L), whole numbers: the sentence, with its full stop -> scores (N, L, words); those at step t have heard
        the words in front of it.  An array x gives an array, and nothing is remembered.
        """
        seen, state, scores = *self.look(x), []
        for t in range(words.shape[1]):
            heard = np.full_like(words[:, 0], STOP) if t == 0 else words[:, t - 1]
            said, state = self.step(seen, heard, state)
            scores.append(Reshape((len(words), 1, -1))(said))
        y = Concat(axis=1)(*scores)
        if isinstance(y, Tensor):
            y.name = "scores"
        return y

    def look(self, x):
        """x (N, 3, H, W) -> what attention chooses from, and the state before the first word."""
        A = self.cnn(x)
        N, _, h, w = A.shape
        like = A.data if isinstance(A, Tensor) else A
        A = Concat(axis=1)(A, moved(where(N, h, w).astype(like.dtype), like))
        keys, what = (Reshape((N, -1, h * w))(maps) for maps in (self.key(A), A))
        start = [np.zeros_like(like, shape=(N, n)) for n in (self.lstm.H, self.lstm.H, what.shape[1])]
        return Seen(what, keys), State(*start)

    def step(self, seen, heard, state):
        """heard (N,): the words that were said last -> the scores of the next (N, words), and the new state."""
        words = self.table(Tensor(heard) if isinstance(seen.what, Tensor) else heard)
        h, c = self.lstm(Concat(axis=1)(words, state.context), state.h, state.c)
        N, K, P = seen.keys.shape
        a = Softmax()(MatMul()(Reshape((N, 1, K))(self.query(h)), seen.keys))
        context = Reshape((N, -1))(MatMul()(seen.what, Reshape((N, P, 1))(a)))
        return self.say(Concat(axis=1)(h, context)), State(h, c, context)


def where(N, h, w):
    """Two feature maps that say where they are: row and column, from -1 to 1 -> (N, 2, h, w)"""
    rows, columns = np.meshgrid(np.linspace(-1, 1, h), np.linspace(-1, 1, w), indexing="ij")
    return np.broadcast_to(np.stack([rows, columns]), (N, 2, h, w))


def captioner(words=24):
    """The network that says what is in a scene of the shapes world.  x (N, 3, 96, 96), words (N, L) -> scores (N, L, words)"""
    return Captioner(words)
