"""A card for a network that nobody has described: what the user says, and what can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn import AvgPool, MaxPool, Tensor, history
from weights.cards import Card, Preprocessing
from weights.errors import WeightsError
from weights.network import Network


def describe(
    net: Network,
    title: str,
    labels: Sequence[str] | None = None,
    layer: str | None = None,
    **preprocessing: Any,
) -> Network:
    """Give an ONNX network its `card`, and let it end at the scores: a last softmax is left out.  -> net

    labels: class names, in the order of the scores.  layer: for Grad-CAM; default: the last feature maps
    that have pixels, the output of no pooling.  preprocessing: fields of `Preprocessing`; crop and size
    default to the graph's own input size, and a graph of one channel sees photos in grey.  WeightsError:
    what is said does not fit the graph's channels.
    """
    net.give_scores()
    side = _side(net)
    preprocessing = {
        "crop": side,
        "size": max(side, preprocessing.get("crop", side)) * 256 // 224,
    } | _per_channel(net, preprocessing)
    prepared = Preprocessing(**{k: tuple(v) if isinstance(v, list) else v for k, v in preprocessing.items()})
    layer = layer or _last_maps(net, prepared.crop)
    net.card = Card(title, title, prepared, layer, tuple(labels) if labels else None, source="ONNX")
    return net


def _side(net):
    """The height of the input, where the graph fixes it."""
    shape = next(iter(net.inputs.values())) or ()
    return shape[2] if len(shape) == 4 and shape[2] > 0 else 224


def _channels(net):
    """How many channels the graph takes; three where it does not say."""
    shape = next(iter(net.inputs.values())) or ()
    return shape[1] if len(shape) == 4 and shape[1] > 0 else 3


def _per_channel(net, said):
    """said, with channels, mean and std for as many channels as the graph has."""
    channels = _channels(net)
    if channels not in (1, 3):
        raise WeightsError(
            f"this graph takes pictures of {channels} channels; a photo has three, or one in grey"
        )
    said = {
        "channels": "L" if channels == 1 else "RGB",
        "mean": [0.0] * channels,
        "std": [1.0] * channels,
    } | said
    wanted = "one channel (grey)" if channels == 1 else "three channels"
    if (said["channels"] == "L") != (channels == 1):
        raise WeightsError(f"this graph takes {wanted}, not {said['channels']}")
    for what in ("mean", "std"):
        if len(said[what]) != channels:
            raise WeightsError(
                f"this graph takes {wanted}: {what} must be {channels} number{'s' * (channels > 1)}, "
                f"not {len(said[what])}"
            )
    return said


def _last_maps(net, side):
    channels = _channels(net)
    y = net(Tensor(np.zeros((1, channels, side, side), np.float32), "x"))
    maps = [
        t for t in history(y) if t.name and t.op and t.ndim == 4 and t.shape[2] * t.shape[3] > 1 and t.layer
    ]
    own = [t for t in maps if not isinstance(t.op, (MaxPool, AvgPool))] or maps
    return own[-1].name if own else None
