"""The file: nodes, constants, inputs, outputs and metadata of an ONNX model (onnx.proto)."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from weights.errors import WeightsError
from weights.graphs.onnx.checking import check
from weights.graphs.onnx.functions import written_out
from weights.graphs.onnx.other_files import refuse_others
from weights.readers.mapped_file import MappedFile
from weights.readers.onnx_weights import ENTRY, TENSOR, TYPES, tensor_array
from weights.readers.protobuf import BYTES, FLOAT, FLOATS, INT, INTS, TEXT, Message, Parser

DIMENSION = Message("Dimension", dim_value=(1, INT))
SHAPE = Message("TensorShapeProto", dim=(1, [DIMENSION]))
TENSOR_TYPE = Message("TypeProto.Tensor", elem_type=(1, INT), shape=(2, SHAPE))
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
    ref_attr_name=(21, TEXT),
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
ATTRIBUTE.add(g=(6, GRAPH))  # the branches of an If
OPSET = Message("OperatorSetIdProto", domain=(1, TEXT), version=(2, INT))
FUNCTION = Message(
    "FunctionProto",
    name=(1, TEXT),
    input=(4, [TEXT]),
    output=(5, [TEXT]),
    attribute=(6, [TEXT]),
    node=(7, [NODE]),
    domain=(10, TEXT),
    attribute_proto=(11, [ATTRIBUTE]),
)
MODEL = Message(
    "ModelProto",
    graph=(7, GRAPH),
    opset_import=(8, [OPSET]),
    metadata_props=(14, [ENTRY]),
    functions=(25, [FUNCTION]),
)

FIELD_OF_TYPE = {1: "f", 2: "i", 3: "s", 4: "t", 5: "g", 6: "floats", 7: "ints", 8: "strings"}


@dataclass
class Step:
    """One node: which operator, on which values, giving which values.

    An input or output called '' is absent.  was: the operator in the file, where another stands for it.
    """

    op: str
    name: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any] = field(default_factory=dict)
    was: str = ""

    # {attribute: the attribute of the function around it that says it}
    asked: dict[str, str] = field(default_factory=dict)

    def branches(self) -> list[Graph]:
        """The graphs that an If holds."""
        return [value for value in self.attributes.values() if isinstance(value, Graph)]


@dataclass
class Graph:
    """A graph, or a branch of one: its steps in an order of computation, its constants {name: array}, and the
    names of its outputs.
    """

    steps: list[Step]
    constants: dict[str, np.ndarray]
    outputs: list[str]


@dataclass
class Function:
    """A function that the file defines: its steps, from inputs to outputs; its attributes' defaults."""

    inputs: list[str]
    outputs: list[str]
    steps: list[Step]
    defaults: dict[str, Any]


@dataclass
class Model(Graph):
    """The graph of a file.  inputs {name: shape, -1 where free}; types {input or output: "float32", ...};
    stored: the types of its constants; metadata {key: text}, as the exporter wrote it; source: whose file it
    is, as messages say it.
    """

    inputs: dict[str, tuple[int, ...] | None]
    opset: int
    types: dict[str, str | None] = field(default_factory=dict)
    stored: frozenset[str] = frozenset()
    metadata: dict[str, str] = field(default_factory=dict)
    source: str = "ONNX"


def read(path: str | os.PathLike[str]) -> Model:
    """The model in the file at `path`, checked.  WeightsError says what is wrong with it."""
    refuse_others(path)
    try:
        with MappedFile(path) as file:
            model = _model(file)
        check(model)
        return model
    except WeightsError as error:
        raise WeightsError(f"{path} (ONNX): {error}") from error.__cause__
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _model(file):
    model = Parser(file).parse(MODEL)
    graph = model.graph
    if graph is None or not graph.node or not graph.output:
        raise WeightsError("it holds no graph: it is no ONNX model, or damaged")
    _let_go(file)
    within = _graph(file, graph)
    if functions := {_key(f.domain, f.name): _function(file, f) for f in model.functions}:
        within.steps = written_out(within.steps, functions)
    _let_go(file)
    inputs = {v.name or "": _shape(v) for v in graph.input if v.name not in within.constants}
    opset = next((o.version or 1 for o in model.opset_import if o.domain in (None, "", "ai.onnx")), 1)
    types = {v.name: _type(v) for v in [*graph.input, *graph.output]}
    metadata = {e.key: e.value for e in model.metadata_props if e.key and e.value}
    stored = frozenset(TYPES.get(t.data_type, "") for t in graph.initializer)
    return Model(within.steps, within.constants, within.outputs, inputs, opset, types, stored, metadata)


def _graph(file, graph):
    if graph.sparse_initializer:
        raise WeightsError("it has sparse weights, which are not read: export them as dense ones")
    constants = {}
    for tensor in graph.initializer:
        if not tensor.name or tensor.name in constants:
            raise WeightsError(f"an initializer without a name, or two called {(tensor.name or '')[:80]!r}")
        constants[tensor.name] = tensor_array(file, tensor)
    return Graph([_step(file, node) for node in graph.node], constants, [v.name or "" for v in graph.output])


def _let_go(file):
    """The pages that were looked at need not stay in memory; arrays that are views of the file get theirs
    again when they are used.
    """
    if hasattr(file.map, "madvise"):
        file.map.madvise(mmap.MADV_DONTNEED)


def _step(file, node):
    asked = {a.name: a.ref_attr_name for a in node.attribute if a.ref_attr_name}
    attributes = {a.name or "": _attribute(file, a) for a in node.attribute if not a.ref_attr_name}
    op = _key(node.domain, node.op_type)
    return Step(op, node.name or "", node.input, node.output, attributes, asked=asked)


def _key(domain, name):
    return name or "" if domain in (None, "", "ai.onnx") else f"{domain}.{name or ''}"


def _function(file, function):
    steps = [_step(file, node) for node in function.node]
    defaults = {a.name: _attribute(file, a) for a in function.attribute_proto}
    return Function(function.input, function.output, steps, defaults)


def _attribute(file, attribute):
    """A number, a text, an array, a graph, or a list of numbers or texts."""
    name = FIELD_OF_TYPE.get(attribute.type) or next(
        (f for f in ("f", "i", "s", "t") if getattr(attribute, f) is not None), None
    )
    if name is None and attribute.type:
        raise WeightsError(f"attribute '{attribute.name}' holds graphs or types, which are not supported")
    name = name or next((f for f in ("floats", "ints", "strings") if len(getattr(attribute, f))), "ints")
    value = getattr(attribute, name)
    match name:
        case "t" | "g" if value is None:
            raise WeightsError(
                f"attribute '{attribute.name}' is said to hold an array or a graph, and is empty"
            )
        case "t":
            return tensor_array(file, value)
        case "g":
            return _graph(file, value)
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
    return tuple(-1 if d.dim_value is None or d.dim_value < 1 else d.dim_value for d in kind.shape.dim)


def _type(value):
    kind = value.type and value.type.tensor_type
    return TYPES.get(kind.elem_type) if kind else None
