"""Activations."""

from __future__ import annotations

import numpy as np

from minicnn import (
    CELU,
    ELU,
    GELU,
    SELU,
    Abs,
    Clip,
    HardSigmoid,
    HardSwish,
    LeakyReLU,
    LogSigmoid,
    Mish,
    Mul,
    PReLU,
    ReLU,
    Shrink,
    Sigmoid,
    SiLU,
    Slice,
    Softplus,
    Softsign,
    Tanh,
    TanhGELU,
    Threshold,
)
from weights.errors import WeightsError
from weights.graphs.operators.operator import Operator
from weights.graphs.operators.values import Value, channels_like, is_signal


def relu(x: Value) -> Value:
    return ReLU()(x)


def leaky_relu(x: Value, *, slope: float = 0.01) -> Value:
    return LeakyReLU(slope)(x)


def prelu(x: Value, slope: Value) -> Value:
    """slope: broadcasts to x, or (C,), one for each channel."""
    if slope.ndim == 1 and x.ndim > 2 and slope.shape[0] not in (1, x.shape[-1]):
        slope = channels_like(slope, x.ndim)
    return PReLU()(x, slope)


def clip(x: Value, *, low: float | None = None, high: float | None = None) -> Value:
    """MobileNet's ReLU6 is Clip(0, 6).  None: no end there."""
    if low is None and high is None:
        return x
    if x.dtype.kind != "f":
        return np.clip(x, low, high).astype(x.dtype)
    ends = (-np.inf if low is None else low, np.inf if high is None else high)
    return Clip(*(x.dtype.type(np.reshape(end, ())) for end in ends))(x)


def sigmoid(x: Value) -> Value:
    return Sigmoid()(x)


def tanh(x: Value) -> Value:
    return Tanh()(x)


def silu(x: Value) -> Value:
    return SiLU()(x)


def swish(x: Value, *, alpha: float = 1.0) -> Value:
    """x / (1 + e^(-alpha x))"""
    return SiLU()(x) if alpha == 1 else Mul()(x, Sigmoid()(Mul()(x, np.asarray(alpha, x.dtype))))


def gelu(x: Value, *, approximate: str = "none") -> Value:
    if approximate not in ("none", "tanh"):
        raise WeightsError(f"GELU is exact ('none') or by 'tanh', not by '{approximate}'")
    return (TanhGELU if approximate == "tanh" else GELU)()(x)


def elu(x: Value, *, alpha: float = 1.0, scale: float = 1.0, rate: float = 1.0) -> Value:
    return ELU(alpha, scale, rate)(x)


def selu(x: Value, *, alpha: float = 1.6732632423543772, gamma: float = 1.0507009873554805) -> Value:
    return SELU(alpha, gamma)(x)


def celu(x: Value, *, alpha: float = 1.0) -> Value:
    return CELU(alpha)(x)


def mish(x: Value) -> Value:
    return Mish()(x)


def softplus(x: Value, *, beta: float = 1.0, threshold: float = np.inf) -> Value:
    return Softplus(beta, threshold)(x)


def log_sigmoid(x: Value) -> Value:
    return LogSigmoid()(x)


def softsign(x: Value) -> Value:
    return Softsign()(x)


def hard_sigmoid(x: Value, *, alpha: float = 0.2, beta: float = 0.5) -> Value:
    return HardSigmoid(alpha, beta)(x)


def hard_swish(x: Value) -> Value:
    return HardSwish()(x)


def threshold(x: Value, *, at: float = 1.0, value: float = 0.0) -> Value:
    return ReLU()(x) if at == value == 0 else Threshold(at, value)(x)


def shrink(x: Value, *, at: float = 0.5, bias: float = 0.0) -> Value:
    return Shrink(at, bias)(x) if x.dtype.kind == "f" else Shrink(at, bias)(x.astype(float)).astype(x.dtype)


def absolute(x: Value) -> Value:
    return Abs()(x) if is_signal(x) else abs(x)


def glu(x: Value, *, axis: int = -1) -> Value:
    """One half of the channels, times the sigmoid of the other (Dauphin et al. 2017)."""
    half, before = x.shape[axis] // 2, (slice(None),) * (axis % x.ndim)
    return Mul()(Slice(*before, slice(0, half))(x), Sigmoid()(Slice(*before, slice(half, None))(x)))


OPERATORS = (
    Operator("relu", relu, onnx="Relu", aten="relu", keras="relu"),
    Operator("leaky_relu", leaky_relu, onnx={"LeakyRelu": {"alpha": "slope"}}, aten="leaky_relu"),
    Operator("prelu", prelu, onnx="PRelu", aten=("prelu", "_prelu_kernel")),
    Operator("clip", clip, onnx={"Clip": {"min": "low", "max": "high"}}),
    Operator("sigmoid", sigmoid, onnx="Sigmoid", aten="sigmoid", keras="sigmoid"),
    Operator("tanh", tanh, onnx="Tanh", aten="tanh", keras="tanh"),
    Operator("silu", silu, aten="silu"),
    Operator("swish", swish, onnx=("Swish", "com.microsoft.QuickGelu"), keras=("silu", "swish")),
    Operator(
        "gelu",
        gelu,
        onnx=("Gelu", *(f"com.microsoft.{kind}" for kind in ("Gelu", "BiasGelu", "FastGelu"))),
        aten="gelu",
        keras="gelu",
    ),
    Operator("elu", elu, onnx="Elu", aten="elu", keras="elu"),
    Operator("selu", selu, onnx="Selu", keras="selu"),
    Operator("celu", celu, onnx="Celu", aten="celu", keras="celu"),
    Operator("mish", mish, onnx="Mish", aten="mish", keras="mish"),
    Operator("softplus", softplus, onnx="Softplus", keras="softplus"),
    Operator("log_sigmoid", log_sigmoid, aten="log_sigmoid_forward", keras="log_sigmoid"),
    Operator("softsign", softsign, onnx="Softsign", keras="softsign"),
    Operator("hard_sigmoid", hard_sigmoid, onnx="HardSigmoid"),
    Operator("hard_swish", hard_swish, onnx="HardSwish", aten="hardswish"),
    Operator("threshold", threshold, onnx={"ThresholdedRelu": {"alpha": "at"}}, aten="threshold"),
    Operator("shrink", shrink, onnx={"Shrink": {"lambd": "at"}}, aten="hardshrink"),
    Operator("absolute", absolute, onnx="Abs", aten="abs", keras=("abs", "absolute")),
    Operator("glu", glu, aten="glu", keras="glu"),
)
