"""How each source spells the weights of a layer, and in which order it keeps their axes.

F filters or outputs, C channels, kh kw the kernel's rows and columns, D inputs of a linear layer, M
filters per channel.  Ours: F C kh kw and F D.  A cross-correlation needs no flip; none of these sources
keeps flipped kernels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

OURS = {"conv": "F C kh kw", "depthwise": "C M kh kw", "linear": "F D"}


@dataclass(frozen=True)
class Source:
    """pattern: how a weight's name divides into layer and role.  conv, norm: {our role: theirs} in
    convolutions and linear layers, and in batchnorm.  axes: the order of theirs where it differs from
    ours.  ignored: names that carry nothing.  layers_of: the source whose names of layers it uses, when it
    only wrote that source's weights into another format.
    """

    pattern: str
    conv: dict[str, str]
    norm: dict[str, str]
    axes: dict[str, str]
    ignored: str = r"(?!)"
    layers_of: str | None = None

    def index(self, names: Iterable[str]) -> dict[tuple[str, str], str]:
        """{(layer, role): name} of the names that are spelled this source's way."""
        found = ((re.fullmatch(self.pattern, name), name) for name in names if not self.is_ignored(name))
        return {(match["layer"], match["role"]): name for match, name in found if match}

    def is_ignored(self, name: str) -> bool:
        """Whether this name carries nothing that a network computes with."""
        return bool(re.search(self.ignored, name))

    def roles(self, ours: str) -> list[str]:
        """Their words for one of our roles: 'W' -> ['W', 'kernel', '0']."""
        return (self.conv | self.norm).get(ours, "").split()


KERAS_AXES = {"conv": "kh kw C F", "depthwise": "kh kw C M", "linear": "D F"}

SOURCES = {
    "minicnn": Source(
        r"(?P<layer>.+)\.(?P<role>W|b|gamma|beta|mean|var)",
        {"W": "W", "b": "b"},
        {"gamma": "gamma", "beta": "beta", "mean": "mean", "var": "var"},
        axes={},
    ),
    "PyTorch": Source(
        r"(?P<layer>.+)\.(?P<role>weight|bias|running_mean|running_var)",
        {"W": "weight", "b": "bias"},
        {"gamma": "weight", "beta": "bias", "mean": "running_mean", "var": "running_var"},
        axes={},
        ignored=r"\.num_batches_tracked$",
    ),
    "Caffe": Source(
        r"(?P<layer>.+)\.(?P<role>[01])",
        # of BatchNorm; of the Scale behind it
        {"W": "0", "b": "1"},
        {"mean": "0", "var": "1", "gamma": "0", "beta": "1"},
        axes={},
    ),
    # Keras 1: block1_conv1/block1_conv1_W:0; 2: block1_conv1/block1_conv1/kernel:0; 3: layers/.../vars/0
    "Keras": Source(
        r"(?:layers/)?(?P<layer>[^/]+)/(?:.*/)?(?:[^/]*?_)??(?P<role>W|b|kernel|bias|gamma|beta|running_mean|running_std|moving_mean|"
        r"moving_variance|depthwise_kernel|pointwise_kernel|\d)(?:_\d+)?(?::0)?",
        {"W": "W kernel 0", "b": "b bias 1"},
        {
            "gamma": "gamma 0",
            "beta": "beta 1",
            "mean": "moving_mean running_mean 2",
            "var": "moving_variance running_std 3",
        },
        axes=KERAS_AXES,
    ),
    # a Keras model as tf2onnx exports it: functional_1/block1_conv1_1/convolution/ReadVariableOp:0
    "tf2onnx": Source(
        r"(?:.*/)?(?P<layer>[^/]+?)(?:_\d+)?/(?P<role>(?:convolution|Conv2D)/ReadVariableOp|Squeeze|BiasAdd/ReadVariableOp):0",
        {
            "W": "convolution/ReadVariableOp Conv2D/ReadVariableOp",
            "b": "Squeeze BiasAdd/ReadVariableOp",
        },
        {},
        axes={},
        layers_of="Keras",
    ),
    "book": Source(r"(?P<role>[Wb])(?P<layer>\d+)", {"W": "W", "b": "b"}, {}, axes={"linear": "D F"}),
    "DeepCompression": Source(
        r"(?P<layer>.+)\.(?P<role>weight|bias)", {"W": "weight", "b": "bias"}, {}, axes={}
    ),
}
