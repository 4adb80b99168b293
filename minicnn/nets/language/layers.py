"""Layers for words: word embeddings, and an LSTM.

As everywhere, a tensor in gives a tensor out, and arrays in give arrays out and nothing is remembered:
whoever wants gradients gives the words as a tensor, too.
"""

from minicnn.graph import Tensor
from minicnn.layer import Layer, X, _weight
from minicnn.ops import LSTM, Embedding, Slice


class EmbeddingLayer(Layer):
    """A vector of D numbers for each of V words.  t, whole numbers (...) -> (..., D)"""

    b: None

    def __init__(self, name: str, V: int, D: int) -> None:
        super().__init__(name)
        self.W, self.b = _weight(f"{name}.W", V, D), None

    def forward(self, t: X) -> X:
        return self.apply(Embedding(), t, self.W)


class LSTMLayer(Layer):
    """D inputs, H cells.  x (N, D), hidden state h (N, H), cell c (N, H) -> the new h and c"""

    b: Tensor

    def __init__(self, name: str, D: int, H: int) -> None:
        super().__init__(name)
        self.H, self.W, self.b = H, _weight(f"{name}.W", 4 * H, D + H), _weight(f"{name}.b", 4 * H)

    def __call__(self, x: X, h: X, c: X) -> tuple[X, X]:  # type: ignore[override]
        both = self.apply(LSTM(), x, h, c, self.W, self.b)
        return Slice(slice(None), slice(self.H))(both), Slice(slice(None), slice(self.H, None))(both)
