"""Caffe's .caffemodel: a NetParameter, whose layers hold their weights as blobs (caffe.proto).

Three generations: `layer` (field 100), the V1 `layers` (field 2) of the published VGG files, and, inside
those, the oldest V0 layers. Blobs have no names: they are called `layer.0`, `layer.1`, ... (weight and bias
of a convolution). Shapes stay as stored: the old blobs always have four sizes (num, channels, height,
width), so a bias of n values is (1, 1, 1, n) and a matrix (1, 1, out, in).  A BatchNorm layer holds sums of
means and of variances, and how many there are of them; it is given as `layer.0`, the mean, and `layer.1`,
the variance.
"""

from __future__ import annotations

import numpy as np

from weights.errors import WeightsError
from weights.readers.format import LAST, Format
from weights.readers.mapped_file import MappedFile, elements
from weights.readers.protobuf import (
    DOUBLES,
    FLOATS,
    INT,
    INTS,
    LENGTH,
    TEXT,
    VARINT,
    Message,
    Parser,
    top_level_fields,
)

SHAPE = Message("BlobShape", dim=(1, INTS))
BLOB = Message(
    "BlobProto",
    num=(1, INT),
    channels=(2, INT),
    height=(3, INT),
    width=(4, INT),
    data=(5, FLOATS),
    shape=(7, SHAPE),
    double_data=(8, DOUBLES),
)
V0_LAYER = Message("V0LayerParameter", name=(1, TEXT), blobs=(50, [BLOB]))
V1_LAYER = Message("V1LayerParameter", layer=(1, V0_LAYER), name=(4, TEXT), blobs=(6, [BLOB]))
LAYER = Message("LayerParameter", name=(1, TEXT), type=(2, TEXT), blobs=(7, [BLOB]))
NET = Message("NetParameter", name=(1, TEXT), layers=(2, [V1_LAYER]), layer=(100, [LAYER]))

OWN = {(100, LENGTH), (4, VARINT)}  # fields that tell a NetParameter from an ONNX model: layer, input_dim
OTHERS = {(2, LENGTH), (3, LENGTH), (4, LENGTH), (5, VARINT), (6, LENGTH), (8, LENGTH)}


def fits(file: MappedFile) -> bool:
    """Whether the first fields of a mapped file are a NetParameter's: its name, its layers, or several of
    V1's.
    """
    layers = 0
    for number, wire, start, stop in top_level_fields(file, most=50):
        if (number, wire) in OWN or ((number, wire) == (1, LENGTH) and _is_name(file.bytes(start, stop))):
            return True
        if (number, wire) not in OTHERS:
            return False
        layers += number == 2
    return layers > 1  # an ONNX model has field 2, its producer's name, only once


def read(file: MappedFile) -> dict[str, np.ndarray]:
    """{layer.i: array} of a mapped file, float32 (float64 where the file holds double_data)."""
    net, arrays = Parser(file).parse(NET), {}
    for layer in [
        inner.layer if inner.layer and not inner.blobs else inner for inner in net.layers
    ] + net.layer:
        named = {f"{layer.name or 'unnamed'}.{i}": blob for i, blob in enumerate(layer.blobs)}
        if named.keys() & arrays.keys():
            raise WeightsError(f"two layers are called {layer.name!r}")
        found = {name: _array(blob, name) for name, blob in named.items()}
        arrays |= (
            _averaged(found) if getattr(layer, "type", None) == "BatchNorm" and len(found) == 3 else found
        )
    return arrays


def _averaged(blobs):
    """Mean and variance of a BatchNorm layer from its three blobs: both sums divided by the third, or 0 if
    that is 0, as Caffe does.
    """
    (mean_name, mean), (var_name, var), (name, count) = blobs.items()
    if count.size != 1:
        raise WeightsError(
            f"{name}, by which a BatchNorm layer is divided, is {count.size} numbers instead of one"
        )
    count = count.reshape(()).item()
    with np.errstate(all="ignore"):  # a damaged file's numbers are as damaged afterwards
        averages = {
            n: a / np.float32(count) if count else np.zeros_like(a)
            for n, a in ((mean_name, mean), (var_name, var))
        }
    for array in averages.values():
        array.flags.writeable = False
    return averages


def _array(blob, name):
    shape = _shape(blob)
    data = blob.double_data if len(blob.double_data) else blob.data
    if elements(shape, name) != len(data):
        raise WeightsError(
            f"{name} has shape {shape}, which is {elements(shape, name)} numbers; the file holds "
            f"{len(data)} for it"
        )
    return data.reshape(shape)


def _shape(blob):
    if blob.shape is not None:
        return tuple(blob.shape.dim.tolist())
    legacy = blob.num, blob.channels, blob.height, blob.width
    if all(n is None for n in legacy):
        return (len(blob.double_data) or len(blob.data),)
    return tuple(0 if n is None else n for n in legacy)


def _is_name(raw):
    """Whether bytes are one line of text: a page of text that happens to begin with a line feed is none."""
    try:
        return len(raw) < 1000 and str(raw, "utf-8").isprintable()
    except UnicodeDecodeError:
        return False


FORMAT = Format("Caffe .caffemodel", fits, read, LAST)
