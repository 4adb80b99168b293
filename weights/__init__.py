"""Where numbers come from: networks with their weights and what must be known to use them."""

from minicnn import LoadError
from minicnn import load as fill
from weights.cards import Card, Preprocessing, card, classes
from weights.errors import WeightsError
from weights.names.guessing import guess, shapes
from weights.names.translation import translate
from weights.reading import read
from weights.zoo import available, build, get, where

__all__ = [
    "Card",
    "Preprocessing",
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


def load(name, path=None):
    """The network called `name`, filled with its published weights, with its description as `net.card`.

    name: one of `available()`.  path: a file of weights, in any format that `read` knows; its names tell whose it is.  Default: the
    published file, from the package, the cache directory or the network (see `get`).
    The networks that speak, "captioner", "vqa" and "dense_captioner", are loaded by their own readers (they take words beside a picture).
    WeightsError: the file is not to be had, is damaged, or belongs to another network.
    """
    from weights import (
        dense_captioner,
        speakers,
    )  # their vocabulary is a recipe's, and recipes import this package

    if name in speakers.SPEAKERS:
        return speakers.load(name, path)
    if name == "dense_captioner":
        return dense_captioner.load(*filter(None, [path]))
    net, path = build(name), get(name) if path is None else path
    arrays = read(path)
    stored = shapes(arrays)
    try:
        source, ours = translate(arrays, net, name)
        fill(net, ours)
    except (WeightsError, LoadError) as error:
        raise WeightsError(f"{path}: {error}{guess(stored)}") from None
    net.card = card(name, source)
    return net
