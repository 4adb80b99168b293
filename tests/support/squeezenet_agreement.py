"""SqueezeNet on real photos: minicnn's signals against PyTorch's in float64."""

import functools

import numpy as np
import torch

from minicnn import load, nets
from tests.support import torch_reference
from tests.support.agreement import distances, ours, theirs
from tests.support.photos import for_squeezenet, samples, squeezenet_weights

LAYERS, UNIT_LAYER = ("fire9", "conv10"), "fire4"


@functools.cache
def networks():
    """(ours in float32, ours in float64, PyTorch's weights)"""
    arrays = squeezenet_weights()
    rename = str.maketrans({".": "/"})
    named = {}
    for name, a in arrays.items():
        layer, kind = name.rsplit(".", 1)
        named[f"{layer.translate(rename)}.{ {'weight': 'W', 'bias': 'b'}[kind] }"] = a
    net = load(nets.squeezenet(), named)
    return net, net.astype(np.float64), torch_reference.tensors(arrays, torch.float64)


def reference(photo, dtype=torch.float64):
    return theirs(
        torch_reference.squeezenet, networks()[2], photo, dtype, LAYERS, UNIT_LAYER, scores="pool10"
    )


def photo(number):
    """The sample photo of class `number`, preprocessed."""
    return for_squeezenet(next(p for p in samples() if p.name.startswith(f"{number:03d}_")))


def double(x, truth, run, replay=False):
    """{quantity: distance} of our float64"""
    return distances(ours(networks()[1], x, run, LAYERS, UNIT_LAYER, replay), truth)


def single(x, truth, run, replay=False, precision="fast"):
    """{quantity: distance} of our float32 from PyTorch's float64"""
    net = networks()[0].compute(precision)
    return distances(ours(net, x.astype(np.float32), run, LAYERS, UNIT_LAYER, replay), truth)


def single_theirs(x, truth, run):
    """{quantity: distance} of PyTorch's float32 from its own float64, for the same class and unit"""
    return distances(
        theirs(
            torch_reference.squeezenet, networks()[2], x, torch.float32, LAYERS, UNIT_LAYER, "pool10", run
        )[0],
        truth,
    )
