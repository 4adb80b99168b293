"""Where numbers come from: networks with their weights and what must be known to use them.

    net = weights.load("squeezenet")            # its published weights, its description as net.card
    net = weights.load("vgg16", "vgg16.h5")     # weights from a file of PyTorch, Keras, Caffe, ...
    weights.read("any_file_of_weights")         # {name: array}, without running anything from the file

Which networks there are stands in zoo.toml, which formats in readers/.
"""

from weights import _starting as _starting  # first: it looks whose `minicnn` is imported
from weights.cards import Card, Preprocessing
from weights.errors import WeightsError
from weights.loading import load
from weights.network import Network, PublishedFile
from weights.reading import read
from weights.zoo import available, build, card, classes, get, where

__all__ = [
    "Card",
    "Network",
    "Preprocessing",
    "PublishedFile",
    "WeightsError",
    "available",
    "build",
    "card",
    "classes",
    "get",
    "load",
    "read",
    "where",
]
