"""The convolutions that Oxford published: numbers that public programs assert of Keras's files of them."""

from __future__ import annotations

import numpy as np

from gradcam.check.rows import Row

SAME = 1e-7  # relative: all the digits that are printed
PUBLISHED = {  # {network: {array: {index, ours (F, C, kh, kw): number}}}
    "vgg16": {
        "conv1_1.W": {(0, 0, 0, 0): 0.42947057},
        "conv1_1.b": {(0,): 0.73429835, (1,): 0.09340367, (2,): 0.06775674, (25,): 0.7446502},
        "conv1_2.W": {(63, 63, 2, 2): 0.016082443},
        "conv2_1.b": {(1,): 0.06440781},
        "conv5_1.W": {(269, 63, 1, 0): -0.011236359},
        "conv5_2.b": {(510,): 0.23517226},
        "conv5_3.W": {(400, 0, 0, 2): -0.008714244},
    },
}
PUBLISHED["vgg16_gap"] = PUBLISHED["vgg16"]


def published(net):
    """The row that compares them; None for another network, or for weights of another source."""
    probes = PUBLISHED.get(net.card.name)
    if probes is None or net.card.source not in ("Keras", "Caffe"):
        return None
    arrays = net.arrays()
    pairs = [(arrays[name].data[at], v) for name, of in probes.items() for at, v in of.items()]
    same = sum(bool(np.isclose(a=found, b=v, rtol=SAME, atol=0)) for found, v in pairs)
    return Row(
        "convolutions", f"{same} of {len(pairs)} numbers", "those of the published file", same == len(pairs)
    )
