"""From a name to a network with its weights."""

from __future__ import annotations

import os

from minicnn import LoadError
from minicnn import load as fill
from minicnn.layer import Layer
from weights.errors import WeightsError
from weights.names.guessing import guess, shapes
from weights.names.translation import translate
from weights.reading import read
from weights.zoo import get, network


def load(name: str, path: str | os.PathLike[str] | None = None) -> Layer:
    """The network called `name`, filled with its published weights, with its description as `net.card`.

    name: one of `available()`.  path: a file of weights, in any format that `read` knows; its names tell
    whose it is.  Default: the published file, from the package, the cache directory or the network (see
    `get`). Networks that take or say words have their vocabulary in `net.card.words`. WeightsError: the
    file is not to be had, is damaged, or belongs to another network.
    """
    of = network(name)
    net, path = of.build(), get(name) if path is None else path
    arrays = read(path)
    stored = shapes(arrays)
    try:
        source, ours = translate(arrays, net, of)
        fill(net, ours)
    except (WeightsError, LoadError) as error:
        raise WeightsError(f"{path}: {error}{guess(stored)}") from None
    net.card = of.card_from(source)
    return net
