"""Every operation in every mode, on small inputs drawn away from kinks.

A test that covers CASES covers the engine.
"""

import zlib
from dataclasses import dataclass

import numpy as np

from minicnn import ops


@dataclass
class Case:
    """make() -> a new operation; inputs: float64 arrays, or integers where no signal passes back."""

    name: str
    make: callable
    inputs: tuple
    constants: tuple = ()  # positions of the inputs without a gradient method

    def arrays(self, dtype=np.float64):
        return [a.astype(dtype) if a.dtype.kind == "f" else a.copy() for a in self.inputs]


def draw(name, *shape):
    return np.random.default_rng(zlib.crc32(f"{name}{shape}".encode())).standard_normal(shape)


def away_from(kinks, x, margin=0.05):
    """x, with every value at least `margin` from each kink."""
    for kink in kinks:
        x = np.where(abs(x - kink) < margin, kink + np.where(x < kink, -2, 2) * margin, x)
    return x


def distinct(name, *shape):
    """Values in random order, no two closer than 0.05: no window has a tie."""
    order = np.random.default_rng(zlib.crc32(name.encode())).permutation(int(np.prod(shape)))
    return (order.reshape(shape) - order.size / 2) * 0.05


def positive(name, *shape):
    return abs(draw(name, *shape)) + 0.5


def conv(name, x, W, bias=True, **options):
    """A convolution: x (N, C, H, W) and W (F, C/groups, kh, kw) are shapes."""
    arrays = [draw(name + "x", *x), draw(name + "W", *W)] + ([draw(name + "b", W[0])] if bias else [])
    return Case(f"Conv {name}", lambda: ops.Conv(**options), tuple(arrays))


def one(kind, x, name="", **options):
    """An operation on one input."""
    return Case(f"{kind.__name__} {name}".strip(), lambda: kind(**options), (x,))


def two(kind, *shapes):
    """An operation on two inputs."""
    name = f"{kind.__name__} {shapes}"
    return Case(name, kind, tuple(draw(f"{name}{i}", *s) for i, s in enumerate(shapes)))


def dropout():
    return ops.Dropout(0.4, np.random.default_rng(3))


BOXES = np.array(
    [[1.3, 0.9, 7.1, 6.3], [-2.3, 3.1, 5.2, 11.7], [4.1, 2.2, 6.9, 4.3]]
)  # pixels, on a map of 10 x 12; one hangs over
X = (2, 3, 5, 6)  # a small batch, odd and not square
CASES = [
    conv("plain", (2, 3, 5, 6), (4, 3, 3, 3)),
    conv("without bias", (2, 3, 5, 6), (4, 3, 3, 3), bias=False, pad=1),
    conv("1x1", (2, 3, 4, 5), (4, 3, 1, 1)),
    conv("1x1 padded", (2, 3, 4, 5), (4, 3, 1, 1), pad=1),
    conv("strided, rows left over", (2, 2, 7, 8), (3, 2, 3, 3), stride=2),
    conv("stride beyond the kernel", (1, 2, 8, 7), (3, 2, 2, 2), stride=3),
    conv("padded", (2, 2, 4, 5), (3, 2, 3, 3), pad=1),
    conv("padding uneven", (1, 2, 4, 5), (3, 2, 3, 2), pad=((0, 2), (1, 0))),
    conv("rows and columns differ", (1, 2, 7, 9), (3, 2, 2, 3), stride=(2, 3), pad=(1, 2), dilation=(2, 1)),
    conv("dilated", (1, 2, 7, 7), (2, 2, 3, 3), dilation=2, pad=2),
    conv("groups", (2, 4, 5, 5), (6, 2, 3, 3), groups=2, pad=1),
    conv("depthwise, strided, dilated", (1, 3, 7, 6), (6, 1, 2, 2), groups=3, stride=2, dilation=2, pad=1),
    conv("exact", (1, 2, 5, 5), (3, 2, 3, 3), pad=1, precision="exact"),
    Case("Linear", ops.Linear, (draw("lx", 3, 4), draw("lW", 5, 4), draw("lb", 5))),
    Case("Linear without bias", ops.Linear, (draw("lx", 3, 4), draw("lW", 5, 4))),
    one(ops.ReLU, away_from([0], draw("relu", *X))),
    one(ops.LeakyReLU, away_from([0], draw("leaky", *X)), slope=0.2),
    one(ops.Clip, away_from([-0.5, 0.7], draw("clip", *X)), low=-0.5, high=0.7),
    one(ops.Sigmoid, draw("sigmoid", *X)),
    one(ops.SiLU, draw("silu", *X)),
    one(ops.Tanh, draw("tanh", *X)),
    one(ops.Exp, draw("exp", 3, 4)),
    one(ops.Log, positive("log", 3, 4)),
    one(ops.Softmax, draw("softmax", 3, 5)),
    one(ops.Softmax, draw("softmax", 2, 3, 5), "3-D"),
    one(ops.LogSoftmax, draw("logsoftmax", 3, 5)),
    one(ops.LogSoftmax, draw("logsoftmax", 2, 3, 5), "3-D"),
    one(ops.MaxPool, distinct("p", 2, 2, 4, 6), "2", kernel=2),
    one(ops.MaxPool, distinct("q", 2, 2, 7, 9), "overlapping", kernel=3, stride=2),
    one(ops.MaxPool, distinct("r", 1, 2, 6, 8), "ceil", kernel=3, stride=2, ceil=True),
    one(ops.MaxPool, distinct("s", 1, 2, 5, 7), "padded", kernel=3, stride=2, pad=1),
    one(ops.MaxPool, distinct("t", 1, 2, 5, 6), "padded, ceil", kernel=(2, 3), stride=(2, 3), pad=(1, 0),
        ceil=True),
    one(ops.MaxPool, distinct("u", 1, 2, 8, 7), "gaps", kernel=2, stride=3),
    one(ops.AvgPool, draw("p", 2, 2, 4, 6), "2", kernel=2),
    one(ops.AvgPool, draw("q", 2, 2, 7, 9), "overlapping", kernel=3, stride=2),
    one(ops.AvgPool, draw("r", 1, 2, 6, 8), "ceil", kernel=3, stride=2, ceil=True),
    one(ops.AvgPool, draw("s", 1, 2, 5, 7), "padded", kernel=3, stride=2, pad=1),
    one(ops.AvgPool, draw("s", 1, 2, 5, 7), "padding not counted", kernel=3, stride=2, pad=1,
        count_padding=False),
    one(ops.AvgPool, draw("t", 1, 2, 5, 6), "padded, ceil", kernel=(2, 3), stride=(2, 3), pad=(1, 0),
        ceil=True),
    one(ops.AvgPool, draw("t", 1, 2, 6, 6), "padding not counted, ceil", kernel=3, stride=2, pad=1,
        ceil=True, count_padding=False),
    one(ops.GlobalAvgPool, draw("gap", *X)),
    Case("BatchNorm", ops.BatchNorm, (draw("x", *X), draw("g", 3), draw("b", 3), draw("m", 3),
        positive("v", 3)), (3, 4)),
    Case("BatchNorm 2-D", ops.BatchNorm, (draw("x", 4, 3), draw("g", 3), draw("b", 3), draw("m", 3),
        positive("v", 3)), (3, 4)),
    Case("BatchNormTraining", lambda: ops.BatchNormTraining(1e-3),
        (draw("x", *X), draw("g", 3), draw("b", 3))),
    Case("BatchNormTraining 2-D", ops.BatchNormTraining, (draw("x", 5, 3), draw("g", 3), draw("b", 3))),
    one(ops.LocalResponseNorm, draw("lrn", 2, 7, 3, 2), n=5, alpha=0.3, beta=0.75, k=2.0),
    one(ops.LocalResponseNorm, draw("lrn", 2, 5, 3, 2), "even n", n=4, alpha=0.3),
    *(two(kind, *s) for kind in (ops.Add, ops.Mul) for s in [(X, X), (X, (3, 1, 1)), ((2, 1, 5, 1), X),
        ((), X), ((1, 3), (4, 1))]),
    *(two(ops.MatMul, *s) for s in [((3, 4), (4, 2)), ((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)),
        ((3, 4), (2, 1, 4, 5))]),
    Case("Concat", ops.Concat, (draw("a", 2, 3, 2, 2), draw("b", 2, 1, 2, 2), draw("c", 2, 2, 2, 2))),
    Case("Concat last axis", lambda: ops.Concat(axis=-1), (draw("a", 2, 3), draw("b", 2, 4))),
    one(ops.Flatten, draw("flatten", *X)),
    one(ops.Reshape, draw("reshape", *X), shape=(2, -1, 5)),
    one(ops.Transpose, draw("transpose", *X), order=(0, 2, 3, 1)),
    Case("Slice", lambda: ops.Slice(slice(None), slice(0, 3, 2), slice(None, None, 2), slice(1, -1)),
        (draw("slice", *X),)),
    Case("Slice with an integer", lambda: ops.Slice(slice(None), 1, slice(None, None, -1)),
        (draw("slice", *X),)),
    Case("Pad", lambda: ops.Pad((1, 0), (2, 1), value=3.0), (draw("pad", *X),)),
    Case("Pad channels", lambda: ops.Pad((2, 2), (0, 0), (0, 0)), (draw("pad", *X),)),
    one(ops.Sum, draw("sum", 2, 3, 4), "all"),
    one(ops.Sum, draw("sum", 2, 3, 4), "one axis", axis=1),
    one(ops.Sum, draw("sum", 2, 3, 4), "axes kept", axis=(0, -1), keepdims=True),
    one(ops.Mean, draw("mean", 2, 3, 4), "all"),
    one(ops.Mean, draw("mean", 2, 3, 4), "axes", axis=(-1, 0)),
    one(ops.Mean, draw("mean", 2, 3, 4), "kept", axis=2, keepdims=True),
    Case("Dropout", dropout, (draw("dropout", *X),)),
    Case("CrossEntropy", ops.CrossEntropy, (draw("ce", 4, 5), np.array([0, 3, 3, 4])), (1,)),
    Case("CrossEntropy smoothed", lambda: ops.CrossEntropy(0.1), (draw("ce", 4, 5), np.array([0, 3, 3, 4])),
        (1,)),
    Case("CrossEntropy distributions", ops.CrossEntropy,
        (draw("ce", 2, 3), np.array([[0.2, 0.5, 0.3], [0, 0, 1]])), (1,)),
    Case("Embedding", ops.Embedding, (np.array([[3, 0, 3], [1, 3, 1]]), draw("embedding", 4, 5)), (0,)),
    Case("LSTM", ops.LSTM, (draw("x", 2, 3), draw("h", 2, 4), draw("c", 2, 4), draw("W", 16, 7),
        draw("b", 16))),
    Case("RoIAlign", lambda: ops.RoIAlign(3, 0.5, [1, 0, 1]), (draw("roi", 2, 3, 5, 6), BOXES)),
    Case("SigmoidCrossEntropy", ops.SigmoidCrossEntropy, (draw("sce", 3, 4), np.eye(3, 4)), (1,)),
]  # fmt: skip
