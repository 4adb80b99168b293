"""From a name to a network with its weights."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np

from minicnn import LoadError
from minicnn import load as fill
from minicnn.layer import Layer
from weights.errors import WeightsError
from weights.names.guessing import guess, shapes
from weights.names.translation import held, translate
from weights.network import Network
from weights.reading import read
from weights.zoo import get, network


def load(name: str, path: str | os.PathLike[str] | None = None) -> Layer:
    """The network called `name`, filled with its published weights, with its description as `net.card`.

    name: one of `available()`.  path: a file of weights, in any format that `read` knows; its names tell
    whose it is.  Default: the published file, from the package, the cache directory or the network (see
    `get`).  Networks that take or say words have their vocabulary in `net.card.words`.

    A file that holds the convolutions of `vgg16` and not fc6 to fc8 ("notop") makes a network that ends at
    pool5: it has no classes, and its units can be explained.

    WeightsError: the file is not to be had, is damaged, or belongs to another network.
    """
    of = network(name)
    path = get(name) if path is None else path
    arrays = read(path)
    stored = shapes(arrays)
    try:
        if of.convolutions and _alone(arrays, of):
            net = of.convolutions()
            source, ours = translate(arrays, net, of, others=True)
            fill(net, ours)
            net.card = _without_classes(of, source)
            return net
        else:
            net = of.build()
            source, ours = translate(arrays, net, of)
            fill(net, ours)
    except (WeightsError, LoadError) as error:
        raise WeightsError(f"{path}: {error}{guess(stored)}") from None
    net.card = of.card_from(source)
    return net


def _alone(arrays: dict[str, np.ndarray], of: Network) -> bool:
    """Whether a file holds the convolutions of a network, all of them, and nothing of its last layers."""
    assert of.convolutions
    return held(arrays, of.build(), of) == set(of.convolutions().arrays())


def _without_classes(of, source):
    card = of.card_from(source)
    return replace(
        card,
        title=f"{card.title}, its convolutions alone",
        classes=None,
        unit_layer=card.layer,
        strange=None,
    )
