"""A small VGG with a fully connected head, for the eight kinds of the shapes world: 0.17 million parameters.

Lessons 16 and 18.
"""

from minicnn.layer import Apply, DropoutLayer, LinearLayer, Sequential
from minicnn.nets.classifiers.blocks import blocks
from minicnn.ops import Flatten, MaxPool, ReLU


def shapes(batchnorm: bool = False, classes: int = 8) -> Sequential:
    """Five blocks of 3x3 convolutions, a max-pool over all that is left of the picture, fc6 and fc7.

    x (N, 3, 96, 96) -> scores (N, classes); the kinds do not exclude each other.  The global max-pool asks
    whether a shape is there and not where: without it, fc6 would have to learn every kind anew at every
    place.  batchnorm=True is the network in training; `fold` turns its weights into those of the network
    without.
    """
    head = [
        *(Apply("gmp", MaxPool, kernel=3), Apply("flatten", Flatten)),
        *(LinearLayer("fc6", 96, 128), Apply("relu6", ReLU), DropoutLayer("drop6", 0.2)),
        LinearLayer("fc7", 128, classes),
    ]
    return Sequential(*blocks((1, 1, 2, 2, 1), (16, 32, 48, 64, 96), batchnorm), *head)
