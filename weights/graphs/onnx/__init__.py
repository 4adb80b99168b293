"""An ONNX graph as a minicnn network: whatever framework exported it, it can be explained, and checked,
without being written again.

    net = load("model.onnx")
    y = net(Tensor(x))                # scores; find(y, "/layer4/layer4.1/Add") by the names that Netron shows

    net = describe(load("model.onnx"), "my network")     # pictures (N, C, H, W) in, scores before softmax out

model.py reads the file, checking.py says whether it is a graph, operators/ has one function per ONNX
operator, network.py puts them together within the limits of bounds.py, description.py finds out what goes
in and what comes out: class_names.py and ends.py tell it, and `weights.feature_maps`.
"""

from __future__ import annotations

import os

from weights.errors import WeightsError
from weights.graphs.onnx.by_hand import in_one
from weights.graphs.onnx.checking import check_explainable
from weights.graphs.onnx.description import Description, describe
from weights.graphs.onnx.model import read
from weights.graphs.onnx.network import Network
from weights.graphs.onnx.other_files import refuse_others
from weights.graphs.onnx.quantised import in_float

__all__ = ["Description", "describe", "guesses", "load", "refuse_others"]


def guesses(net: Network) -> dict[str, tuple[str, str]]:
    """{field of `Preprocessing`, or "pixels": (what, why)}: what networks of this kind usually expect, where
    nobody says it.  Exporters to ONNX have no custom of their own.
    """
    return {}


def load(path: str | os.PathLike[str]) -> Network:
    """The network in an ONNX file (opsets 8 to 21 and what did not change since), its weights mapped from
    the file.

    It takes x as the file's own input is, (N, C, H, W) say, and returns the graph's first output; `describe`
    finds out more.  WeightsError: this is no ONNX file, or a damaged one; no graph that can be computed; or
    it has operators that minicnn does not know, all of which the message names.
    """
    model = read(path)
    try:
        check_explainable(model)
        return Network(in_one(in_float(model)))
    except WeightsError as error:
        raise WeightsError(f"{path} (ONNX): {error}") from error.__cause__
