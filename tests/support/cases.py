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


def transposed(name, x, W, bias=True, **options):
    """A transposed convolution: x (N, C, H, W) and W (C, F/groups, kh, kw) are shapes."""
    F = W[1] * options.get("groups", 1)
    arrays = [draw(name + "x", *x), draw(name + "W", *W)] + ([draw(name + "b", F)] if bias else [])
    return Case(f"ConvTranspose {name}", lambda: ops.ConvTranspose(**options), tuple(arrays))


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
    one(ops.Expm1, draw("expm1", 3, 4)),
    one(ops.Log1p, positive("log1p", 3, 4)),
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
    *(Case(f"BatchNorm {len(s)}-D", ops.BatchNorm, (draw("x", *s), draw("g", 3), draw("b", 3), draw("m", 3),
        positive("v", 3)), (3, 4)) for s in [(2, 3, 5), (2, 3, 2, 4, 3)]),
    *(Case(f"BatchNormTraining {len(s)}-D", ops.BatchNormTraining, (draw("x", *s), draw("g", 3),
        draw("b", 3))) for s in [(2, 3, 5), (2, 3, 2, 4, 3)]),
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
    conv("one axis", (2, 3, 9), (4, 3, 3), stride=2, pad=1, dilation=2),
    conv("one axis, groups, uneven", (2, 4, 7), (6, 2, 2), groups=2, pad=((0, 2),)),
    conv("three axes", (2, 2, 4, 5, 3), (3, 2, 2, 3, 2), stride=(1, 2, 1), pad=(1, 0, 1)),
    conv("three axes, depthwise", (1, 3, 4, 3, 4), (3, 1, 2, 2, 2), groups=3, dilation=(1, 1, 2)),
    transposed("plain", (2, 3, 4, 5), (3, 4, 3, 2)),
    transposed("strided, padded", (2, 3, 4, 3), (3, 2, 3, 3), stride=2, pad=1, output_pad=1),
    transposed("uneven, dilated", (1, 2, 4, 3), (2, 3, 2, 3), stride=(2, 3), pad=((0, 1), (2, 0)),
        dilation=(2, 1)),
    transposed("groups, without bias", (2, 4, 3, 4), (4, 3, 2, 2), bias=False, groups=2, stride=2),
    transposed("one axis", (2, 3, 5), (3, 2, 4), stride=2, pad=1),
    transposed("three axes", (1, 2, 3, 2, 3), (2, 2, 2, 3, 2), stride=(1, 2, 2), output_pad=(0, 1, 0)),
    one(ops.MaxPool, distinct("v", 2, 2, 9), "one axis", kernel=(3,), stride=2, pad=1),
    one(ops.MaxPool, distinct("w", 1, 2, 4, 5, 6), "three axes", kernel=(2, 2, 3), stride=2, ceil=True),
    one(ops.MaxPool, distinct("v", 2, 2, 7, 9), "dilated", kernel=(2, 3), stride=2, pad=1, dilation=(2, 3)),
    one(ops.AvgPool, draw("v", 2, 2, 9), "one axis", kernel=(3,), stride=2, pad=1, count_padding=False),
    one(ops.AvgPool, draw("w", 1, 2, 4, 5, 6), "three axes", kernel=(2, 2, 3), stride=2, ceil=True),
    one(ops.AvgPool, draw("v", 2, 2, 7, 9), "dilated", kernel=(2, 3), stride=2, pad=1, dilation=(2, 3)),
    one(ops.AvgPool, draw("v", 2, 2, 7, 9), "divisor", kernel=2, divisor=3),
    one(ops.LpPool, away_from([0], draw("lp", 2, 2, 5, 6)), p=2, kernel=2, pad=1),
    one(ops.LpPool, away_from([0], draw("lp", 2, 2, 7)), "3, one axis", p=3, kernel=(3,), stride=2),
    one(ops.GELU, draw("gelu", *X)),
    one(ops.TanhGELU, draw("gelu", *X)),
    one(ops.Erf, 2 * draw("erf", *X)),
    one(ops.ELU, away_from([0], draw("elu", *X)), alpha=0.7, scale=1.3, rate=2.0),
    one(ops.SELU, away_from([0], draw("selu", *X))),
    one(ops.CELU, draw("celu", *X), alpha=0.6),
    one(ops.Softplus, draw("softplus", *X), beta=2.0),
    one(ops.Softplus, away_from([0.5], draw("softplus", *X)), "threshold", beta=2.0, threshold=1.0),
    one(ops.LogSigmoid, draw("logsigmoid", *X)),
    one(ops.Mish, 3 * draw("mish", *X)),
    one(ops.Softsign, away_from([0], draw("softsign", *X))),
    one(ops.HardSigmoid, away_from([-2.5, 2.5], 2 * draw("hs", *X))),
    one(ops.HardSwish, away_from([-3, 3], 3 * draw("hw", *X))),
    one(ops.Threshold, away_from([0.3], draw("th", *X)), at=0.3, value=0.7),
    one(ops.Shrink, away_from([-0.5, 0.5], draw("shrink", *X)), bias=0.2),
    one(ops.Abs, away_from([0], draw("abs", *X))),
    Case("PReLU", ops.PReLU, (away_from([0], draw("prelu", *X)), draw("slope", 3, 1, 1))),
    Case("PReLU one slope", ops.PReLU, (away_from([0], draw("prelu", 2, 3)), draw("slope", 1))),
    *(one(kind, draw(kind.__name__, 3, 4)) for kind in (ops.Sin, ops.Cos, ops.Arctan, ops.Sinh, ops.Cosh,
        ops.Arcsinh)),
    *(one(kind, 0.8 * np.tanh(draw(kind.__name__, 3, 4))) for kind in (ops.Tan, ops.Arcsin, ops.Arccos,
        ops.Arctanh)),
    one(ops.Arccosh, 1 + positive("arcosh", 3, 4)),
    *(two(ops.Sub, *s) for s in [(X, X), (X, (3, 1, 1)), ((2, 1, 5, 1), X)]),
    *(Case(f"Div {s}", ops.Div, (draw("div", *s[0]), positive("by", *s[1]))) for s in [(X, X), (X, (3, 1, 1)),
        ((3, 1, 1), X)]),
    Case("Pow", ops.Pow, (positive("pow", *X), draw("z", *X))),
    Case("Pow broadcast", ops.Pow, (positive("pow", *X), draw("z", 3, 1, 1))),
    Case("Pow of negative values", ops.Pow, (draw("pow", 3, 4), np.array(3.0)), (1,)),
    Case("Remainder", ops.Remainder, (draw("rem", *X), positive("by", 3, 1, 1))),
    Case("Remainder truncated", lambda: ops.Remainder(True), (draw("rem", 3, 4), positive("by", 3, 4))),
    one(ops.Sqrt, positive("sqrt", 3, 4)),
    *(Case(f"{kind.__name__} {s}", kind, (distinct("mx", *s[0]), distinct("mz", *s[1]) + 0.02))
        for kind in (ops.Maximum, ops.Minimum) for s in [(X, X), (X, (3, 1, 1))]),
    Case("Where", ops.Where, (draw("c", *X) > 0, draw("wx", *X), draw("wz", *X)), (0,)),
    Case("Where broadcast", ops.Where, (draw("c", 5, 1) > 0, draw("wx", *X), draw("wz", 3, 1, 1)), (0,)),
    one(ops.Expand, draw("expand", 2, 1, 5, 1), shape=(3, 2, 4, 5, 6)),
    one(ops.Take, draw("take", *X), "one", index=2, axis=1),
    one(ops.Take, draw("take", *X), "repeated", index=[0, 0, 3, -1, 0, 3], axis=2),
    one(ops.Take, draw("take", *X), "grid", index=[[0, 2], [2, -1]], axis=-1),
    one(ops.Along, draw("along", *X), "last", M=draw("M", 4, 6)),
    one(ops.Along, draw("along", *X), "rows", M=draw("M", 3, 5), axis=-2),
    one(ops.Along, draw("along", *X), "channels", M=draw("M", 2, 3), axis=1),
    one(ops.CumSum, draw("cumsum", *X), axis=1),
    one(ops.CumSum, draw("cumsum", *X), "exclusive, reverse", axis=-2, exclusive=True, reverse=True),
    one(ops.Normalise, draw("norm", *X), "layer", axes=(-1,), eps=1e-3),
    one(ops.Normalise, draw("norm", *X), "instance", axes=(2, 3)),
    one(ops.Normalise, draw("norm", *X), "batch", axes=(0, 2, 3)),
    one(ops.Normalise, draw("norm", *X), "RMS", axes=(1, -1), centre=False),
    one(ops.Softmax, draw("softmax", *X), "channels", axis=1),
    one(ops.LogSoftmax, draw("logsoftmax", *X), "channels", axis=-3),
    *(one(kind, distinct("over", *X), name, **options) for kind in (ops.MaxOver, ops.MinOver)
        for name, options in [("all", {}), ("axes", {"axis": (1, -1)}),
        ("kept", {"axis": 2, "keepdims": True})]),
    one(ops.Prod, draw("prod", 2, 3, 4), "all"),
    one(ops.Prod, draw("prod", 2, 3, 4), "axes", axis=(0, 2)),
    one(ops.Prod, draw("prod", 2, 3, 4) * (draw("zeros", 2, 3, 4) > -1), "with zeros", axis=-1,
        keepdims=True),
    one(ops.Norm, draw("l2", *X), "2", axis=(2, 3)),
    one(ops.Norm, away_from([0], draw("l1", *X)), "1", p=1, axis=1, keepdims=True),
    one(ops.Norm, away_from([0], draw("l3", 3, 4)), "3", p=3),
    one(ops.LogSumExp, draw("lse", *X), "axes", axis=(1, 3)),
    one(ops.LogSumExp, draw("lse", 3, 4), "kept", axis=-1, keepdims=True),
    one(ops.TopK, distinct("topk", 3, 5, 4), k=3, axis=1),
    one(ops.TopK, distinct("topk", 3, 5), "smallest", k=2, largest=False),
    Case("Einsum attention", lambda: ops.Einsum("nqd,nkd->nqk"), (draw("Q", 2, 3, 4), draw("K", 2, 5, 4))),
    Case("Einsum sums one out", lambda: ops.Einsum("ab,bc->c"), (draw("a", 2, 3), draw("b", 3, 4))),
    Case("Einsum of three", lambda: ops.Einsum("ab,bc,cd->da"), (draw("a", 2, 3), draw("b", 3, 4),
        draw("c", 4, 2))),
    Case("Einsum of one", lambda: ops.Einsum("abc->ca"), (draw("a", 2, 3, 4),)),
]  # fmt: skip
