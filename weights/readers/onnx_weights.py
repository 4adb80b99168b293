"""The weights of an ONNX model: its graph's initializers, and the arrays of floats in its Constant nodes,
where some exporters put them (onnx.proto, TensorProto).
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from weights.errors import WeightsError
from weights.readers.format import LAST, Format
from weights.readers.mapped_file import MappedFile, check_size, dtype_named, elements, finished
from weights.readers.protobuf import (
    BYTES,
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

ENTRY = Message("StringStringEntryProto", key=(1, TEXT), value=(2, TEXT))
TENSOR = Message(
    "TensorProto",
    dims=(1, INTS),
    data_type=(2, INT),
    float_data=(4, FLOATS),
    int32_data=(5, INTS),
    string_data=(6, [BYTES]),
    int64_data=(7, INTS),
    name=(8, TEXT),
    raw_data=(9, BYTES),
    double_data=(10, DOUBLES),
    uint64_data=(11, INTS),
    external_data=(13, [ENTRY]),
    data_location=(14, INT),
)
VALUE = Message("AttributeProto", name=(1, TEXT), t=(5, TENSOR))
NODE = Message("NodeProto", output=(2, [TEXT]), op_type=(4, TEXT), attribute=(5, [VALUE]))
GRAPH = Message("GraphProto", node=(1, [NODE]), name=(2, TEXT), initializer=(5, [TENSOR]))
MODEL = Message("ModelProto", ir_version=(1, INT), graph=(7, GRAPH))

TYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    14: "complex64",
    15: "complex128",
    16: "bfloat16",
}
TYPED_FIELD = {
    "float32": "float_data",
    "complex64": "float_data",
    "float64": "double_data",
    "complex128": "double_data",
    "int64": "int64_data",
    "uint32": "uint64_data",
    "uint64": "uint64_data",
}  # all others: int32_data
EXTERNAL = 1
OWN = {(1, VARINT), (7, LENGTH)}  # fields that tell a ModelProto from Caffe's networks: ir_version, graph
OTHERS = {(2, LENGTH), (3, LENGTH), (4, LENGTH), (5, VARINT), (6, LENGTH), (8, LENGTH), (14, LENGTH)}


def fits(file: MappedFile) -> bool:
    """Whether the first fields of a mapped file are a ModelProto's."""
    for number, wire, _, _ in top_level_fields(file, most=50):
        if (number, wire) in OWN:
            return True
        if (number, wire) not in OTHERS:
            return False
    return False


def read(file: MappedFile) -> dict[str, np.ndarray]:
    """{name: array} of the initializers of a mapped file, in its order, and of the Constant nodes that hold
    floats, by the names of their values; arrays kept in files beside it are found there.
    """
    model = Parser(file).parse(MODEL)
    if model.graph is None:
        raise WeightsError("the model has no graph: it is damaged or was cut short")
    arrays = {}
    for tensor in model.graph.initializer:
        if not tensor.name or tensor.name in arrays:
            raise WeightsError(f"an initializer without a name, or two called {(tensor.name or '')[:80]!r}")
        arrays[tensor.name] = tensor_array(file, tensor)
    for node in model.graph.node:
        for tensor in (
            a.t for a in node.attribute if node.op_type == "Constant" and a.name == "value" and a.t
        ):
            name = next(iter(node.output), "")
            if len(tensor.dims) and TYPES.get(tensor.data_type, "").startswith(("float", "bfloat")):
                if not name or name in arrays:
                    raise WeightsError(f"a Constant without a name, or two called {name[:80]!r}")
                arrays[name] = tensor_array(file, tensor)
    return arrays


def tensor_array(file: MappedFile, tensor: Any) -> np.ndarray:
    """The read-only array of a parsed TENSOR, an initializer or the value of a node."""
    what = f"tensor {(tensor.name or '')[:80]!r}"
    if tensor.data_type not in TYPES:
        raise WeightsError(
            f"{what} has ONNX's data type {tensor.data_type}; these readers know {', '.join(TYPES.values())}"
        )
    name, shape = TYPES[tensor.data_type], tuple(tensor.dims.tolist())
    dtype = dtype_named(name)
    size = elements(shape, what) * (2 if name == "bfloat16" else dtype.itemsize)
    if tensor.data_location == EXTERNAL:
        return _external(file, tensor, dtype, shape, size, what)
    if tensor.raw_data is not None:
        check_size(len(tensor.raw_data), shape, dtype, what)
        return file.array(tensor.raw_data.start, dtype, shape, what)
    return _typed(tensor, name, dtype, shape, what)


def _typed(tensor, name, dtype, shape, what):
    """Numbers in the field of their type. Halves are written as their bits, complex numbers as pairs."""
    numbers = getattr(tensor, TYPED_FIELD.get(name, "int32_data"))
    if len(numbers) != elements(shape) * (2 if name.startswith("complex") else 1):
        raise WeightsError(
            f"{what} of shape {shape} and type {name} does not fit the {len(numbers)} numbers it holds"
        )
    if name.startswith("complex"):
        numbers = numbers.view(dtype)
    elif name in ("float16", "bfloat16"):
        numbers = numbers.astype("<u2")
        numbers = numbers if name == "bfloat16" else numbers.view(dtype)
    else:
        numbers = numbers.astype(dtype, copy=False)
    return finished(numbers.view(), name if name == "bfloat16" else dtype).reshape(shape)


def _external(file, tensor, dtype, shape, size, what):
    """An array in a file beside the model: the model may name only a file below its own directory, and a
    range inside that file.
    """
    entries = {entry.key: entry.value or "" for entry in tensor.external_data}
    location = entries.get("location", "")
    directory = os.path.realpath(os.path.dirname(os.path.abspath(file.path)))
    try:
        path = os.path.realpath(os.path.join(directory, location))
    except ValueError:
        path = ""
    if (
        not location
        or os.path.isabs(location)
        or ".." in location.replace("\\", "/").split("/")
        or os.path.commonpath([directory, path or os.sep]) != directory
    ):
        raise WeightsError(
            f"{what} is said to lie in {location[:80]!r}, which leads out of the model's own "
            "directory: refused"
        )
    offset, length = (_number(entries.get(key), what) for key in ("offset", "length"))
    if length not in (None, size):
        raise WeightsError(f"{what} of shape {shape} needs {size} bytes; its external data has {length}")
    if not os.path.isfile(path) or os.path.getsize(path) == 0:
        raise WeightsError(
            f"{what} lies in {location!r}, which is not beside the model: keep the two files together"
        )
    beside = file.beside(path)
    beside.claimed += size
    if beside.claimed > beside.size:
        raise WeightsError(
            f"the tensors in {location!r} add up to more bytes than that file has: they overlap"
        )
    return beside.array(offset or 0, dtype, shape, f"{what} in {location!r}")


def _number(text, what):
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise WeightsError(f"{what} has an external offset or length that is no number: {text[:40]!r}")
    return int(text)


FORMAT = Format("ONNX", fits, read, LAST)
