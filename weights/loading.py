"""From a name to a network with its weights."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files

import numpy as np

from minicnn import LoadError
from minicnn import load as fill
from minicnn.layer import Layer
from weights.errors import WeightsError
from weights.finite import not_finite
from weights.names.guessing import guess, shapes
from weights.names.translation import held, translate
from weights.network import Network
from weights.reading import read
from weights.zoo import get, network

FIRST = "first numbers of "  # a head's arrays with this in front tell the convolutions that it was trained on
CLOSE = 2e-3  # of the largest of them: a file in float16 has them, too


def load(name: str, path: str | os.PathLike[str] | None = None) -> Layer:
    """The network called `name`, filled with its published weights, with its description as `net.card`.

    name: one of `available()`.  path: a file of weights, in any format that `read` knows; its names tell
    whose it is.  Default: the published file, from the package, the cache directory or the network (see
    `get`).  Networks that take or say words have their vocabulary in `net.card.words`.

    A file that holds the convolutions of `vgg16` and not fc6 to fc8 ("notop") makes a network that ends at
    pool5: it has no classes, and its units can be explained.  `vgg16_gap` takes its convolutions from any
    file that holds those of `vgg16`; its last layer ships.

    WeightsError: the file is not to be had, is damaged, belongs to another network, or holds weights that
    are NaN or infinite.
    """
    of = network(name)
    path = get(name) if path is None else path
    arrays = read(path)
    stored = shapes(arrays)
    try:
        alone = not of.head and of.convolutions and _alone(arrays, of)
        if of.head:
            net, source = _with_head(arrays, of)
        else:
            net = of.convolutions() if alone else of.build()
            source, ours = translate(arrays, net, of, others=bool(alone))
            fill(net, ours)
    except (WeightsError, LoadError) as error:
        raise WeightsError(f"{path}: {error}{guess(stored)}") from None
    if wrong := not_finite({name: tensor.data for name, tensor in net.arrays().items()}):
        raise WeightsError(f"{path}: there are {wrong}: such weights can explain nothing")
    net.card = _without_classes(of, source) if alone else of.card_from(source)
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


def _with_head(arrays: dict[str, np.ndarray], of: Network) -> tuple[Layer, str]:
    """A network whose last layers ship, on the convolutions of a file -> (it, whose names the file has)"""
    assert of.convolutions_of and of.head
    net, base = of.build(), network(of.convolutions_of)
    assert base.convolutions
    head = read(str(files("weights").joinpath("shipped", of.head)))
    source, ours = translate(arrays, base.convolutions(), base, others=True)
    _check_known(ours, {n.removeprefix(FIRST): a for n, a in head.items() if n.startswith(FIRST)}, of)
    fill(net, ours | {name: array for name, array in head.items() if not name.startswith(FIRST)})
    return net, source


def _check_known(ours: Mapping[str, np.ndarray], first: Mapping[str, np.ndarray], of: Network) -> None:
    """WeightsError unless the convolutions are those that the head was trained on."""
    for name, numbers in first.items():
        found = ours[name].reshape(-1)[: len(numbers)]
        if not np.allclose(found, numbers, rtol=0, atol=CLOSE * abs(numbers).max()):
            raise WeightsError(
                f"the last layer of {of.name} was trained on other convolutions: {name} begins with "
                f"{', '.join(f'{v:.4g}' for v in found[:3])}, and not with "
                f"{', '.join(f'{v:.4g}' for v in numbers[:3])}; it needs those that Oxford published, as "
                "Caffe's and Keras's files hold them (gradcam weights where vgg16_gap)"
            )
