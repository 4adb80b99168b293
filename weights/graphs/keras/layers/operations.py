"""Functions that a functional model applies without a layer: x * 2.0, keras.ops.mean(x), and, before Keras 3,
TensorFlow's.  Arguments stand as the program gave them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from weights.errors import WeightsError
from weights.graphs.keras.building import Call, Value
from weights.graphs.keras.layers import stated
from weights.graphs.keras.layers.activations import FUNCTIONS, leaky_relu, relu, softmax
from weights.graphs.keras.layers.merging import joined
from weights.graphs.keras.layers.shapes import interpolated, nothing, reshaped


def _binary(op: str, numbers: Callable[[float | np.ndarray], tuple[Any, Any]]):
    """Of two values, an operator; of a value and numbers, scale and offset."""

    def binary(layer: Call, a: Any, b: Any, *rest: Any, **others: Any) -> Value:
        if isinstance(a, Value) and isinstance(b, Value):
            return layer(op, *broadcast(layer, a, b))
        if isinstance(a, Value):
            scale, offset = numbers(_number(b))
            return scaled(layer, a, scale, offset)
        if op in ("Add", "Mul"):
            return binary(layer, b, a)
        if op == "Sub":
            return scaled(layer, b, -1.0, _number(a))
        return scaled(layer, layer("Reciprocal", b), _number(a), 0.0)

    return binary


def _number(value):
    found = np.asarray(value, np.float64)
    return float(found) if found.ndim == 0 else found


def scaled(layer: Call, x: Value, scale: Any, offset: Any) -> Value:
    return layer("Rescaling", x, scale=layer.spread(scale, x), offset=layer.spread(offset, x))


def broadcast(layer: Call, *xs: Value) -> list[Value]:
    """Values with as many axes as the one with most, as NumPy adds them: in front."""
    ndim = max(x.ndim for x in xs)
    full = []
    for x in xs:
        if x.ndim < ndim:
            x = layer("Unsqueeze", layer.as_keras(x), np.arange(ndim - x.ndim), ndim=ndim)
        full.append(x)
    return layer.alike(full)


def _extreme(op):
    def extreme(layer: Call, a: Any, b: Any) -> Value:
        if isinstance(a, Value) and isinstance(b, Value):
            return layer(op, *broadcast(layer, a, b))
        x, number = (a, b) if isinstance(a, Value) else (b, a)
        ends = {"min" if op == "Max" else "max": float(_number(number))}
        return layer("Relu", x) if ends == {"min": 0.0} else layer("Clip", x, **ends)

    return extreme


def _reduction(op):
    def reduction(layer: Call, x: Value, axis: Any = None, keepdims: Any = None, **others: Any) -> Value:
        axis = layer.get("axis", axis)
        keepdims = bool(layer.get("keepdims", keepdims))
        axes = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
        axes = sorted({int(a) % x.ndim for a in axes})
        if 0 in axes:
            raise WeightsError("a reduction over the pictures themselves is not supported")
        left = x.ndim - len(axes)
        channels_stay = keepdims or (x.ndim - 1 not in axes and left > 2)
        if not channels_stay and left > 2:
            x = layer.as_keras(x)
        here = sorted(layer.axis(x, a) for a in axes)
        ndim, moved = x.ndim if keepdims else left, x.moved and channels_stay
        return layer(op, x, np.asarray(here, np.int64), ndim=ndim, moved=moved, keepdims=int(keepdims))

    return reduction


def reshape(layer: Call, x: Value, shape: Any = None, newshape: Any = None, **others: Any) -> Value:
    said = layer.get(
        "newshape", layer.get("target_shape", layer.get("shape", shape if shape is not None else newshape))
    )
    shape = [-1 if n is None else int(n) for n in said]
    if shape[0] == -1 and shape.count(-1) == 1 and len(shape) > 1:
        shape[0] = 0
    return reshaped(layer, x, shape)


def transpose(layer: Call, x: Value, axes: Any = None, perm: Any = None, **others: Any) -> Value:
    order = layer.get("axes", axes if axes is not None else perm)
    order = [*range(x.ndim)][::-1] if order is None else [int(a) % x.ndim for a in order]
    return layer("Transpose", layer.as_keras(x), perm=order)


def expand_dims(layer: Call, x: Value, axis: Any = None, **others: Any) -> Value:
    axis = layer.get("axis", axis)
    axes = [axis] if isinstance(axis, int) else axis
    return layer("Unsqueeze", layer.as_keras(x), np.asarray(axes), ndim=x.ndim + len(axes))


def squeeze(layer: Call, x: Value, axis: Any = None, **others: Any) -> Value:
    axis = layer.get("axis", axis)
    axes = [axis] if isinstance(axis, int) else axis
    return layer("Squeeze", layer.as_keras(x), np.asarray(axes), ndim=x.ndim - len(axes))


def concatenate(layer: Call, xs: Any, axis: Any = None, **others: Any) -> Value:
    axis = axis if axis is not None else layer.get("axis", -1)
    return joined(layer, [layer.as_keras(x) for x in xs], axis) if xs[0].ndim < 4 else joined(layer, xs, axis)


def stack(layer: Call, xs: Any, axis: Any = None, **others: Any) -> Value:
    axis = int(layer.get("axis", axis or 0))
    xs = [expand_dims(layer, x, axis) for x in xs]
    return layer("Concat", *xs, axis=axis % xs[0].ndim)


def split(layer: Call, x: Value, parts: Any = None, axis: Any = None, **others: Any) -> list[Value]:
    """Into so many equal parts, or at these places."""
    parts = layer.get("indices_or_sections", others.get("num_or_size_splits", parts))
    axis = int(layer.get("axis", axis or 0))
    if isinstance(parts, int):
        here = layer.axis(x, axis)
        return layer.several("Split", x, outputs=parts, num_outputs=parts, axis=here)
    if "num_or_size_splits" in others or layer.version < 3:  # TensorFlow says how long each is
        parts = np.cumsum(parts)[:-1].tolist()
    cut = [slice(None)] * (axis % x.ndim)
    ends = zip([None, *parts], [*parts, None])
    return [get_item(layer, x, [*cut, slice(start, stop)]) for start, stop in ends]


def normalize(layer: Call, x: Value, axis: Any = None, **others: Any) -> Value:
    """x / |x|"""
    order = int(layer.get("order", 2))
    if order not in (1, 2):
        raise WeightsError(f"a norm of order {order} is not supported")
    return layer("LpNormalization", x, axis=layer.axis(x, int(layer.get("axis", -1))), p=order)


def get_item(layer: Call, x: Value, index: Any = None, slice_spec: Any = None, **others: Any) -> Value:
    """x[:, ::2], x[..., ::-1], x[:, 0]"""
    index = slice_spec if index is None else index
    index = [*index] if isinstance(index, (list, tuple)) else [index]
    index = [_slice(i) for i in index]
    if ... in index:
        at = index.index(...)
        index[at : at + 1] = [slice(None)] * (x.ndim + 1 - len(index))
    numbers = [i for i, v in enumerate(index) if isinstance(v, int)]
    if not all(isinstance(v, (int, slice)) for v in index) or len(index) > x.ndim or 0 in numbers:
        raise WeightsError("a part of a signal chosen in this way is not supported")
    if numbers:
        x = layer.as_keras(x)
    axes = [i for i, v in enumerate(index) if v not in (slice(None), slice(None, None, 1))]
    if axes:
        ends = [_ends(index[i]) for i in axes]
        starts, stops, steps = (np.asarray(v) for v in zip(*ends))
        x = layer("Slice", x, starts, stops, np.asarray([layer.axis(x, a) for a in axes]), steps)
    return layer("Squeeze", x, np.asarray(numbers), ndim=x.ndim - len(numbers)) if numbers else x


def _slice(value):
    """A slice of Keras 2 is a dict."""
    if isinstance(value, dict) and {"start", "stop", "step"} >= {*value}:
        return slice(*(value.get(key) for key in ("start", "stop", "step")))
    if isinstance(value, list) and len(value) == 3:
        return slice(*value)
    return value


def _ends(v):
    if isinstance(v, int):
        return v, v + 1 if v != -1 else 2**31, 1
    step = 1 if v.step is None else v.step
    start = (0 if step > 0 else -1) if v.start is None else v.start
    stop = (2**31 if step > 0 else -(2**31)) if v.stop is None else v.stop
    return start, stop, step


def pad(layer: Call, x: Value, widths: Any = None, mode: Any = None, **others: Any) -> Value:
    widths = layer.get("pad_width", others.get("paddings", widths))
    mode = str(layer.get("mode", mode or "constant")).lower()
    x = layer.as_keras(x)
    pairs = [(n, n) if isinstance(n, int) else tuple(n) for n in widths]
    pads = [*(b for b, _ in pairs), *(a for _, a in pairs)]
    value = float(others.get("constant_values") or 0)
    return layer("Pad", x, np.asarray(pads, np.int64), np.asarray(value, np.float32), mode=mode)


def clip(layer: Call, x: Value, low: Any = None, high: Any = None, **others: Any) -> Value:
    low = layer.get("x_min", others.get("clip_value_min", others.get("x_min", low)))
    high = layer.get("x_max", others.get("clip_value_max", others.get("x_max", high)))
    return layer("Clip", x, min=float(low), max=float(high))


def power(layer: Call, x: Value, by: Any, **others: Any) -> Value:
    return layer("Pow", x, np.asarray(_number(by), np.float32))


def matmul(layer: Call, a: Value, b: Value, **others: Any) -> Value:
    if others.get("transpose_a") or others.get("transpose_b"):
        raise WeightsError("a product of transposed matrices is not supported")
    a, b = layer.as_keras(a), layer.as_keras(b)
    return layer("MatMul", a, b, ndim=max(a.ndim, b.ndim))


def resize(layer: Call, x: Value, size: Any = None, *rest: Any, **others: Any) -> Value:
    size = layer.get("size", others.get("size", size))
    name = layer.get("interpolation", others.get("method", others.get("interpolation", "bilinear")))
    sizes = np.asarray([int(n) for n in size], np.int64)
    x = layer.in_front(x)
    return layer("Resize", x, None, None, sizes, axes=[2, 3], **interpolated(str(name).lower()))


def relu_with(layer: Call, x: Value, *rest: Any, **others: Any) -> Value:
    most = layer.get("max_value", others.get("max_value"))
    slope = layer.get("negative_slope", others.get("alpha", 0.0)) or 0.0
    at = layer.get("threshold", others.get("threshold", 0.0)) or 0.0
    return relu(layer, x, most, float(slope), float(at))


def softmax_of(layer: Call, x: Value, axis: Any = None, **others: Any) -> Value:
    return softmax(layer, x, layer.get("axis", -1 if axis is None else axis))


def gelu(layer: Call, x: Value, approximate: Any = None, **others: Any) -> Value:
    approximate = layer.get("approximate", layer.kind == "Gelu" if approximate is None else approximate)
    return layer("Gelu", x, approximate="tanh" if approximate else "none")


def leaky(layer: Call, x: Value, alpha: Any = None, **others: Any) -> Value:
    return leaky_relu(layer, x) if alpha is None else layer("LeakyRelu", x, alpha=float(alpha))


def named(name: str) -> Callable[..., Value]:
    return lambda layer, x, *rest, **others: FUNCTIONS[name](layer, x)


def square(layer: Call, x: Value, **others: Any) -> Value:
    return layer("Mul", x, x)


def bias_add(layer: Call, x: Value, bias: Any = None, **others: Any) -> Value:
    return scaled(layer, x, 1.0, _number(others.get("bias", bias)))


add = _binary("Add", lambda n: (1.0, n))
subtract = _binary("Sub", lambda n: (1.0, -n))
multiply = _binary("Mul", lambda n: (n, 0.0))
divide = _binary("Div", lambda n: (1.0 / n, 0.0))


def add_all(layer: Call, xs: Any, **others: Any) -> Value:
    return functools.reduce(lambda a, b: add(layer, a, b), xs)


# Keras 3's classes; TensorFlow's functions, as TFOpLambda names them
OPERATIONS: dict[str, Callable[..., Any]] = stated.OPERATIONS | {
    "Add": add, "Subtract": subtract, "Multiply": multiply, "Divide": divide, "TrueDivide": divide,
    "Maximum": _extreme("Max"), "Minimum": _extreme("Min"),
    "Square": square, "Power": power, "Mean": _reduction("ReduceMean"),
    "Max": _reduction("ReduceMax"), "Min": _reduction("ReduceMin"), "Sum": _reduction("ReduceSum"),
    "Reshape": reshape, "Transpose": transpose, "ExpandDims": expand_dims, "Squeeze": squeeze,
    "Concatenate": concatenate, "Stack": stack, "GetItem": get_item, "Split": split,
    "Normalize": normalize, "Pad": pad, "Clip": clip,
    "Matmul": matmul, "Resize": resize, "Cast": nothing, "Relu": relu_with, "Relu6": named("relu6"),
    "Softmax": softmax_of, "LogSoftmax": named("log_softmax"), "Gelu": gelu, "LeakyRelu": leaky,
    "HardSigmoid": named("hard_sigmoid"), "HardSilu": named("hard_silu"),
    "StopGradient": nothing, "Identity": nothing,
}  # fmt: skip
FUNCTIONS_OF_TENSORFLOW: dict[str, Callable[..., Any]] = stated.FUNCTIONS_OF_TENSORFLOW | {
    "math.add": add, "__operators__.add": add, "math.subtract": subtract, "__operators__.sub": subtract,
    "math.multiply": multiply, "__operators__.mul": multiply, "math.truediv": divide, "math.divide": divide,
    "__operators__.truediv": divide, "realdiv": divide, "math.maximum": _extreme("Max"),
    "math.minimum": _extreme("Min"), "math.square": square,
    "math.pow": power, "math.reduce_mean": _reduction("ReduceMean"),
    "math.reduce_max": _reduction("ReduceMax"), "math.reduce_min": _reduction("ReduceMin"),
    "math.reduce_sum": _reduction("ReduceSum"), "reshape": reshape, "transpose": transpose,
    "compat.v1.transpose": transpose, "expand_dims": expand_dims, "squeeze": squeeze, "concat": concatenate,
    "stack": stack, "__operators__.getitem": get_item, "split": split, "pad": pad, "compat.v1.pad": pad,
    "clip_by_value": clip, "linalg.matmul": matmul, "image.resize": resize, "cast": nothing,
    "nn.relu": relu_with, "nn.relu6": named("relu6"), "nn.softmax": softmax_of,
    "nn.log_softmax": named("log_softmax"), "nn.gelu": gelu, "nn.leaky_relu": leaky,
    "nn.bias_add": bias_add, "math.add_n": add_all, "identity": nothing, "stop_gradient": nothing,
}  # fmt: skip
