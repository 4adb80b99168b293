"""PyTorch's operators in our own: ATen name -> f(arguments) -> (make an operation, its inputs).  Arguments stand in ATen's order."""

import numpy as np

import minicnn as m
from gradcam.verify.errors import VerifyError


def number(a):
    return isinstance(a, (int, float))


def convolution(
    x,
    W,
    b=None,
    stride=(1, 1),
    padding=(0, 0),
    dilation=(1, 1),
    transposed=False,
    output_padding=(0, 0),
    groups=1,
):
    if transposed:
        raise VerifyError("a transposed convolution has no counterpart here")
    return lambda: m.Conv(tuple(stride), tuple(padding), tuple(dilation), groups), [x, W, b]


def linear(b, x, Wt, beta=1, alpha=1):
    if beta != 1 or alpha != 1:
        raise VerifyError("addmm with factors has no counterpart here")
    return m.Linear, [x, np.ascontiguousarray(Wt.T), b]


def product(x, z):
    if isinstance(z, np.ndarray) and z.ndim == 2:
        return m.Linear, [x, np.ascontiguousarray(z.T)]
    return m.MatMul, [x, z]


def batchnorm(x, gamma, beta, mean, var, training, momentum, eps):
    if training or mean is None:
        raise VerifyError(
            "batchnorm computes its statistics from the batch even in evaluation mode (track_running_stats=False)"
        )
    gamma, beta = (
        np.ones_like(mean) if gamma is None else gamma,
        np.zeros_like(mean) if beta is None else beta,
    )
    return lambda: m.BatchNorm(eps), [x, gamma, beta, mean, var]


def maxpool(x, kernel, stride=(), padding=(0, 0), dilation=(1, 1), ceil=False):
    if tuple(dilation) not in ((1, 1), (1,)):
        raise VerifyError("a dilated max-pool has no counterpart here")
    return lambda: m.MaxPool(_two(kernel), _two(stride or kernel), _two(padding), ceil), [x]


def avgpool(x, kernel, stride=(), padding=(0, 0), ceil=False, count_include_pad=True, divisor=None):
    if divisor is not None:
        raise VerifyError("an average pool with a divisor of its own has no counterpart here")
    return lambda: m.AvgPool(_two(kernel), _two(stride or kernel), _two(padding), ceil, count_include_pad), [
        x
    ]


def mean(x, axes=None, keepdim=False, **_):
    return lambda: m.Mean(None if axes is None else tuple(axes), keepdim), [x]


def total(x, axes=None, keepdim=False, **_):
    return lambda: m.Sum(None if axes is None else tuple(axes), keepdim), [x]


def add(x, z, alpha=1):
    if alpha != 1 and not isinstance(z, np.ndarray) and not number(z):
        raise VerifyError("a sum with a factor has no counterpart here")
    return m.Add, [x, alpha * np.asarray(z, float) if number(z) else z * alpha if alpha != 1 else z]


def subtract(x, z, alpha=1):
    if number(z) or isinstance(z, np.ndarray):
        return m.Add, [x, -alpha * np.asarray(z, float)]
    raise VerifyError("the difference of two signals has no counterpart here")


def multiply(x, z):
    return m.Mul, [x, np.asarray(z, float) if number(z) else z]


def divide(x, z):
    if number(z) or isinstance(z, np.ndarray):
        return m.Mul, [x, 1 / np.asarray(z, float)]
    raise VerifyError("the quotient of two signals has no counterpart here")


def clamp(x, low=None, high=None):
    if low == 0 and high is None:
        return m.ReLU, [x]
    return lambda: m.Clip(-np.inf if low is None else low, np.inf if high is None else high), [x]


def threshold(x, at, value):
    if at == 0 and value == 0:
        return m.ReLU, [x]
    raise VerifyError("a threshold other than 0 has no counterpart here")


def maximum(x, z):
    if isinstance(z, np.ndarray) and not z.any():
        return m.ReLU, [x]
    raise VerifyError("the maximum of two signals has no counterpart here")


def cat(xs, axis=0):
    return lambda: m.Concat(axis), list(xs)


class Rows(m.Reshape):
    """A reshape that leaves the first axis alone, however many pictures there are."""

    def __init__(self, shape):
        self.of_one = tuple(shape)

    def forward(self, x):
        self.shape = (len(x), *self.of_one)
        return super().forward(x)


def reshape(x, shape):
    return (lambda: Rows(shape[1:]) if x.shape[:1] == tuple(shape[:1]) else m.Reshape(shape)), [x]


def permute(x, order):
    return lambda: m.Transpose(order), [x]


def pad(x, widths, value=0):
    pairs = [tuple(widths[i : i + 2]) for i in range(0, len(widths), 2)][::-1]
    return lambda: m.Pad(*pairs, value=value), [x]


def cut(x, axis=0, start=None, end=None, step=1):
    end = None if end is None or end > 1 << 60 else end
    if axis < 0:
        raise VerifyError("a slice along an axis counted from the right has no counterpart here")
    return lambda: m.Slice(*[slice(None)] * axis, slice(start, end, step)), [x]


def select(x, axis, at):
    return lambda: m.Slice(*[slice(None)] * axis, at), [x]


def softmax(x, axis, half=False):
    return m.Softmax, [x]


def log_softmax(x, axis, half=False):
    return m.LogSoftmax, [x]


def _two(v):
    return (v[0], v[0]) if len(v) == 1 else tuple(v)


def simple(kind):
    return lambda x, *_: (kind, [x])


OPERATORS = {
    "convolution": convolution, "addmm": linear, "mm": product, "bmm": product, "native_batch_norm": batchnorm,
    "_native_batch_norm_legit_no_training": lambda x, g, b, mean, var, momentum, eps: batchnorm(x, g, b, mean, var, False, momentum, eps),
    "max_pool2d_with_indices": maxpool, "max_pool2d": maxpool, "avg_pool2d": avgpool, "mean": mean, "sum": total,
    "add": add, "sub": subtract, "mul": multiply, "div": divide, "cat": cat,
    "relu": simple(m.ReLU), "clamp": clamp, "clamp_min": clamp, "hardtanh": lambda x, low=-1, high=1: clamp(x, low, high),
    "threshold": threshold, "maximum": maximum, "sigmoid": simple(m.Sigmoid), "silu": simple(m.SiLU), "tanh": simple(m.Tanh),
    "leaky_relu": lambda x, slope=0.01: (lambda: m.LeakyReLU(slope), [x]),
    "view": reshape, "_unsafe_view": reshape, "reshape": reshape, "permute": permute, "constant_pad_nd": pad,
    "slice": cut, "select": select, "_softmax": softmax, "_log_softmax": log_softmax,
}  # fmt: skip
UNDEFINED = {"gelu": "GELU", "hardswish": "Hardswish", "hardsigmoid": "Hardsigmoid", "elu": "ELU", "mish": "Mish", "softplus": "Softplus",
             "_prelu_kernel": "PReLU", "prelu": "PReLU", "rrelu_with_noise": "RReLU", "log_sigmoid_forward": "LogSigmoid"}  # fmt: skip
