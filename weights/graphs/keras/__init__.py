"""A model that Keras saved as a minicnn network, without TensorFlow or Keras.

    net = describe(load("model.keras"), "my network")   # or a whole model as .h5, of Keras 2 or 3
    y = net(Tensor(x))               # x (N, C, H, W) -> scores before softmax
    find(y, "block5_conv3")          # by the names that Keras gives

architecture.py reads the configuration, stored.py finds each layer's arrays, layers/ has one function per
layer of Keras, graph.py puts them together in the words of an ONNX graph: what is known of those (how large a
result may be, endings, feature maps, inputs and outputs) holds for a model of Keras, too.
"""

from __future__ import annotations

from weights.graphs.keras.customs import guesses
from weights.graphs.keras.loading import load, refuse_others
from weights.graphs.onnx.description import describe

__all__ = ["describe", "guesses", "load", "refuse_others"]
