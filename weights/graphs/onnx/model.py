"""The file: nodes, constants, inputs and outputs of an ONNX model (onnx.proto)."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from weights.errors import WeightsError
from weights.readers.mapped_file import MappedFile
from weights.readers.onnx_weights import TENSOR, tensor_array
from weights.readers.protobuf import BYTES, FLOAT, FLOATS, INT, INTS, TEXT, Message, Parser

DIMENSION = Message("Dimension", dim_value=(1, INT))
SHAPE = Message("TensorShapeProto", dim=(1, [DIMENSION]))
TENSOR_TYPE = Message("TypeProto.Tensor", shape=(2, SHAPE))
TYPE = Message("TypeProto", tensor_type=(1, TENSOR_TYPE))
VALUE = Message("ValueInfoProto", name=(1, TEXT), type=(2, TYPE))
ATTRIBUTE = Message(
    "AttributeProto",
    name=(1, TEXT),
    f=(2, FLOAT),
    i=(3, INT),
    s=(4, BYTES),
    t=(5, TENSOR),
    floats=(7, FLOATS),
    ints=(8, INTS),
    strings=(9, [BYTES]),
    type=(20, INT),
)
NODE = Message(
    "NodeProto",
    input=(1, [TEXT]),
    output=(2, [TEXT]),
    name=(3, TEXT),
    op_type=(4, TEXT),
    attribute=(5, [ATTRIBUTE]),
    domain=(7, TEXT),
)
GRAPH = Message(
    "GraphProto",
    node=(1, [NODE]),
    initializer=(5, [TENSOR]),
    input=(11, [VALUE]),
    output=(12, [VALUE]),
    sparse_initializer=(15, [BYTES]),
)
OPSET = Message("OperatorSetIdProto", domain=(1, TEXT), version=(2, INT))
MODEL = Message("ModelProto", graph=(7, GRAPH), opset_import=(8, [OPSET]))

FIELD_OF_TYPE = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints", 8: "strings"}


@dataclass
class Step:
    """One node: which operator, on which values, giving which values.

    An input or output called '' is absent.
    """

    op: str
    name: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Model:
    """steps in the order of the file, which is an order of computation; constants {name: array}; inputs
    {name: shape}, -1 where free.
    """

    steps: list[Step]
    constants: dict[str, np.ndarray]
    inputs: dict[str, tuple[int, ...] | None]
    outputs: list[str]
    opset: int


def read(path: str | os.PathLike[str]) -> Model:
    """The model in the file at `path`.  WeightsError says what is wrong with it."""
    try:
        with MappedFile(path) as file:
            return _model(file)
    except WeightsError as error:
        raise WeightsError(f"{path} (ONNX): {error}") from error.__cause__
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _model(file):
    model = Parser(file).parse(MODEL)
    graph = model.graph
    if graph is None or not graph.node or not graph.output:
        raise WeightsError("it holds no graph: it is no ONNX model, or damaged")
    if graph.sparse_initializer:
        raise WeightsError("it has sparse weights, which are not read: export them as dense ones")
    _let_go(file)
    constants = {t.name: tensor_array(file, t) for t in graph.initializer}
    _let_go(file)
    inputs = {v.name: _shape(v) for v in graph.input if v.name not in constants}
    opset = next((o.version or 1 for o in model.opset_import if o.domain in (None, "", "ai.onnx")), 1)
    return Model(
        [_step(file, node) for node in graph.node], constants, inputs, [v.name for v in graph.output], opset
    )


def _let_go(file):
    """The pages that were looked at need not stay in memory; arrays that are views of the file get theirs
    again when they are used.
    """
    if hasattr(file.map, "madvise"):
        file.map.madvise(mmap.MADV_DONTNEED)


def _step(file, node):
    op = node.op_type or ""
    if node.domain not in (None, "", "ai.onnx"):
        op = f"{node.domain}.{op}"
    return Step(
        op, node.name or "", node.input, node.output, {a.name: _attribute(file, a) for a in node.attribute}
    )


def _attribute(file, attribute):
    """A number, a text, an array, or a list of numbers or texts."""
    name = FIELD_OF_TYPE.get(attribute.type) or next(
        (f for f in ("f", "i", "s", "t") if getattr(attribute, f) is not None), None
    )
    if name is None and attribute.type:
        raise WeightsError(
            f"attribute '{attribute.name}' holds a graph or a type: control flow is not supported"
        )
    name = name or next((f for f in ("floats", "ints", "strings") if len(getattr(attribute, f))), "ints")
    value = getattr(attribute, name)
    match name:
        case "t":
            return tensor_array(file, value)
        case "s":
            return _text(file, value)
        case "strings":
            return [_text(file, v) for v in value]
        case "f":
            return np.float32(value or 0.0)
        case "i":
            return value or 0
    return value.tolist()


def _text(file, span):
    return "" if span is None else bytes(file.bytes(span.start, span.stop)).decode("utf-8", "replace")


def _shape(value):
    kind = value.type and value.type.tensor_type
    if not kind or not kind.shape:
        return None
    return tuple(-1 if d.dim_value is None else d.dim_value for d in kind.shape.dim)
