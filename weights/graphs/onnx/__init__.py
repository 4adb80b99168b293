"""An ONNX graph as a minicnn network: whatever framework exported it, it can be explained, and checked,
without being written again.

    net = load("model.onnx")
    y = net(Tensor(x))                # scores; find(y, "/layer4/layer4.1/Add") by the names that Netron shows

model.py reads the file, operators/ has one function per ONNX operator, network.py puts them together.
"""

from __future__ import annotations

import os

from weights.graphs.onnx.description import describe
from weights.graphs.onnx.model import read
from weights.graphs.onnx.network import Network

__all__ = ["describe", "load"]


def load(path: str | os.PathLike[str]) -> Network:
    """The network in an ONNX file (opsets 8 to 21 and what did not change since), its weights mapped from
    the file.

    It takes x (N, C, H, W) and returns the graph's first output.  WeightsError: the file is damaged, or has
    an operator that minicnn does not know; the message names it.
    """
    return Network(read(path))
