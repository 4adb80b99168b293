"""How large a node's result will be, told from the shapes that arrive at it, before it is computed: a file of
two kilobytes must not take eight gigabytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minicnn import Tensor
from weights.errors import WeightsError
from weights.graphs.onnx.checking import called

if TYPE_CHECKING:
    from weights.graphs.onnx.model import Step

LEAST = 2**28  # bytes that any one result may have
OF_INPUT, OF_WEIGHTS = 128, 16  # times the input, the weights: what one result of larger networks may have
TOGETHER = 4  # times that: all results of one forward pass, which the backward pass needs


class Room:
    """The bytes that a network may fill.  weights, pictures: how many its weights and its input have."""

    def __init__(self, weights: int, pictures: int = 0) -> None:
        self.each: int = max(LEAST, OF_INPUT * pictures, OF_WEIGHTS * weights)
        self.left: int = TOGETHER * self.each

    def ask(self, step: Step, arriving: Sequence[Any]) -> None:
        """WeightsError if the result of this step would not fit.  arriving: its inputs, tensors, arrays or
        None.
        """
        size = elements(step, arriving) * max(
            (v.dtype.itemsize for v in map(_array, arriving) if v is not None), default=8
        )
        if size > self.each:
            raise WeightsError(
                f"the result of the node {called(step)} would have {size / 1e9:.1f} GB, more than a network "
                f"of this size has use for ({self.each / 1e9:.1f} GB)"
            )

    def fill(self, step: Step, size: int) -> None:
        """WeightsError if `size` more bytes, kept for the backward pass, are too many."""
        self.left -= size
        if self.left < 0:
            raise WeightsError(
                f"at the node {called(step)} the results of the graph take more than "
                f"{TOGETHER * self.each / 1e9:.1f} GB together: give fewer or smaller pictures"
            )


def elements(step: Step, arriving: Sequence[Any]) -> int:
    """How many numbers the step's largest result has, or, where that cannot be told, the largest that it can
    have.  0 for what does not fit, and is refused when it is computed.
    """
    shapes = [None if v is None else tuple(map(int, _array(v).shape)) for v in arriving]
    try:
        return max(0, int(SIZES.get(step.op, _broadcast)(step, shapes, list(map(_array, arriving)))))
    except (LookupError, ValueError, TypeError, ArithmeticError):
        return 0


def _array(value):
    return value.data if isinstance(value, Tensor) else value if value is None else np.asarray(value)


def _broadcast(step, shapes, values):
    """The shape that all inputs fit into; of inputs that do not, the largest."""
    shapes = [s for s in shapes if s is not None]
    ndim = max(map(len, shapes), default=0)
    full = [(1,) * (ndim - len(s)) + s for s in shapes]
    if all(len({n for n in axis if n != 1}) < 2 for axis in zip(*full)):
        return math.prod(max(axis, key=lambda n: (n != 1, n)) for axis in zip(*full))
    return max(map(math.prod, shapes))


def _ints(value):
    return [int(n) for n in np.asarray(value).reshape(-1).tolist()]


def _expand(step, shapes, values):
    return _broadcast(step, [shapes[0], tuple(_ints(values[1]))], None)


def _tile(step, shapes, values):
    return math.prod(n * r for n, r in zip(shapes[0], _ints(values[1])))


def _pad(step, shapes, values):
    pads = _ints(step.attributes.get("pads", values[1] if len(values) > 1 else []))
    axes = _ints(values[3]) if len(values) > 3 and values[3] is not None else range(len(shapes[0]))
    sizes = list(shapes[0])
    for axis, before, after in zip(axes, pads, pads[len(pads) // 2 :]):
        sizes[axis] += max(0, before) + max(0, after)
    return math.prod(sizes)


def _resize(step, shapes, values):
    sizes = values[3] if len(values) > 3 else None
    if sizes is not None and sizes.size:
        return math.prod(_ints(sizes)) * (math.prod(shapes[0]) if len(_ints(sizes)) < len(shapes[0]) else 1)
    scales = step.attributes.get("scales", values[min(2, len(values) - 1)])  # of Upsample, the second
    return math.prod(shapes[0]) * math.prod(max(1.0, float(s)) for s in np.asarray(scales).reshape(-1))


def _range(step, shapes, values):
    start, limit, delta = (float(np.reshape(v, ())) for v in values)
    return (limit - start) / delta


def _window(weights):
    """Of a convolution, whose kernels are input number `weights`, or of a pooling (None)."""

    def size(step, shapes, values):
        N, C, *image = shapes[0]
        kernel = shapes[weights][2:] if weights else step.attributes["kernel_shape"]
        pads = step.attributes.get("pads") or [0] * (2 * len(image))
        strides = step.attributes.get("strides") or [1] * len(image)
        padded = [n + a + b for n, a, b in zip(image, pads, pads[len(image) :])]
        if str(step.attributes.get("auto_pad", "")).startswith("SAME"):
            padded = [n + k for n, k in zip(image, kernel)]
        out = [max(1, -(-n // s)) for n, s in zip(padded, strides)]
        return N * max(C * math.prod(padded), (shapes[weights][0] if weights else C) * math.prod(out))

    return size


def _conv_transpose(step, shapes, values):
    (N, _, *image), (_, F, *kernel) = shapes[0], shapes[1]
    options = step.attributes
    ones = [1] * len(image)
    strides, dilations = options.get("strides") or ones, options.get("dilations") or ones
    full = [
        max(s, 1) * n + d * k + e
        for n, k, s, d, e in zip(
            image, kernel, strides, dilations, options.get("output_padding") or [0] * len(image)
        )
    ]
    wanted = math.prod(options.get("output_shape") or [0])
    return N * F * options.get("group", 1) * max(math.prod(full), wanted)


def _matmul(step, shapes, values):
    a, b = shapes[:2]
    if len(a) < 2 or len(b) < 2:
        return max(math.prod(a), math.prod(b))
    return _broadcast(step, [a[:-2], b[:-2]], None) * a[-2] * b[-1]


def _gemm(step, shapes, values):
    a, b = shapes[:2]
    return a[1 if step.attributes.get("transA") else 0] * b[0 if step.attributes.get("transB") else 1]


def _one_hot(step, shapes, values):
    return math.prod(shapes[0]) * int(np.reshape(values[1], ()))


def _gather(step, shapes, values):
    axis = step.attributes.get("axis", 0)
    return math.prod(shapes[0]) // max(1, shapes[0][axis]) * math.prod(shapes[1])


def _gather_nd(step, shapes, values):
    return math.prod(shapes[1][:-1]) * math.prod(shapes[0][shapes[1][-1] :])


def _all(step, shapes, values):
    return sum(math.prod(s) for s in shapes if s is not None)


def _einsum(step, shapes, values):
    terms, out = step.attributes["equation"].replace(" ", "").split("->")
    sizes = {letter: n for term, shape in zip(terms.split(","), shapes) for letter, n in zip(term, shape)}
    return math.prod(sizes[letter] for letter in out)


SIZES: dict[str, Callable[..., Any]] = {
    "ConstantOfShape": lambda step, shapes, values: math.prod(_ints(values[0])),
    "Expand": _expand,
    "Tile": _tile,
    "Pad": _pad,
    "Resize": _resize,
    "Upsample": _resize,
    "Range": _range,
    "Conv": _window(1),
    "ConvInteger": _window(1),
    "QLinearConv": _window(3),
    "MaxPool": _window(None),
    "AveragePool": _window(None),
    "LpPool": _window(None),
    "ConvTranspose": _conv_transpose,
    "MatMul": _matmul,
    "MatMulInteger": _matmul,
    "Gemm": _gemm,
    "OneHot": _one_hot,
    "Gather": _gather,
    "GatherND": _gather_nd,
    "Concat": _all,
    "Einsum": _einsum,
}
