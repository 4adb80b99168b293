"""A network of the kit as an ONNX file (onnx.proto, opset 13), written field by field, without a package."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import Op

DOUBLE, INTS, INT = 11, 7, 2  # TensorProto.DataType, AttributeProto.AttributeType
OPSET, IR = 13, 8


def varint(n: int) -> Any:
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def field(number: Any, value: Any) -> Any:
    """One field: an int, text, bytes (also a message), or a list of them."""
    if isinstance(value, list):
        return b"".join(field(number, v) for v in value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor(name: str, array: Any) -> Any:
    numbers = np.ascontiguousarray(array, "<f8").tobytes()
    return b"".join(field(1, n) for n in array.shape) + field(2, DOUBLE) + field(8, name) + field(9, numbers)


def value_info(name: str, shape: Any) -> Any:
    dims = b"".join(field(1, field(1, n)) for n in shape)
    return field(1, name) + field(2, field(1, field(1, DOUBLE) + field(2, dims)))


def attribute(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return field(1, name) + field(8, value) + field(20, INTS)
    return field(1, name) + field(3, value) + field(20, INT)


def node(op: Op, name: str, inputs: Any, output: Any, **attributes: Any) -> Any:
    return (
        field(1, inputs)
        + field(2, output)
        + field(3, name)
        + field(4, op)
        + field(5, [attribute(k, v) for k, v in attributes.items()])
    )


def model(name: str, steps: Any, arrays: Any, input_shape: Any, classes: Any) -> Any:
    """-> the file's bytes; values are called as the steps that make them."""
    nodes = []
    for step, op, inputs, options in steps:
        own = [f"{step}.{k}" for k in ("W", "b") if f"{step}.{k}" in arrays]
        if op == "Conv":
            nodes.append(node(op, step, inputs + own, step, kernel_shape=[3, 3], pads=[options["pad"]] * 4))
        elif op == "MaxPool":
            nodes.append(node(op, step, inputs, step, kernel_shape=[2, 2], strides=[2, 2]))
        elif op == "Gemm":
            nodes.append(node("Flatten", f"{step}.flat", inputs, f"{step}.flat", axis=1))
            nodes.append(node(op, step, [f"{step}.flat", *own], step, transB=1))
        else:
            nodes.append(node(op, step, inputs, step))
    graph = (
        field(1, nodes)
        + field(2, name)
        + field(5, [tensor(n, a) for n, a in arrays.items()])
        + field(11, value_info("x", input_shape))
        + field(12, value_info(steps[-1][0], (input_shape[0], classes)))
    )
    opset = field(1, "") + field(2, OPSET)
    return field(1, IR) + field(2, "minicnn-gradcam") + field(7, graph) + field(8, opset)


__all__ = ["model"]
