"""Sums, products, powers, comparisons: value by value, with broadcasting."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minicnn import (
    Add,
    Arccos,
    Arccosh,
    Arcsin,
    Arcsinh,
    Arctan,
    Arctanh,
    Cos,
    Cosh,
    Div,
    Erf,
    Exp,
    Expm1,
    Log,
    Log1p,
    Maximum,
    Minimum,
    Mul,
    Pow,
    Remainder,
    Sin,
    Sinh,
    Sqrt,
    Sub,
    Tan,
    Tensor,
    Where,
)
from weights.graphs.operators.operator import Operator
from weights.graphs.operators.values import Value, alike, floats, in_steps, is_signal, plain


def add(x: Value, z: Value) -> Value:
    return Add()(*alike(x, z))


def subtract(x: Value, z: Value) -> Value:
    return floats(Sub, np.subtract, *alike(x, z))


def multiply(x: Value, z: Value) -> Value:
    return Mul()(*alike(x, z))


def divide(x: Value, z: Value) -> Value:
    """Whole numbers are divided as C divides them."""
    x, z = alike(x, z)
    if is_signal(x, z) or x.dtype.kind == "f":
        return Div()(x, z)
    whole = abs(x) // abs(z) if x.dtype.kind == "i" else x // z
    return (whole * np.sign(x) * np.sign(z)).astype(x.dtype) if x.dtype.kind == "i" else whole


def power(x: Value, z: Value) -> Value:
    """x^z in the type of x."""
    if x.dtype.kind != "f":
        return in_steps(lambda a, b: np.power(a, b).astype(x.dtype), x, z)
    if is_signal(x, z):
        x, z = alike(x, z)
        if not isinstance(z, Tensor) or z.op is None:
            if np.all(plain(z) == 2):
                return Mul()(x, x) if np.broadcast_shapes(x.shape, z.shape) == tuple(x.shape) else Pow()(x, z)
            if z.ndim == 0 and plain(z) == 0.5:
                return Sqrt()(x)
        return Pow()(x, z)
    return np.power(x, z).astype(x.dtype)


def negative(x: Value) -> Value:
    return multiply(x, -1) if is_signal(x) else np.negative(x)


def reciprocal(x: Value) -> Value:
    return divide(1, x) if is_signal(x) else (1 / x).astype(x.dtype)


def square_root(x: Value) -> Value:
    return Sqrt()(x)


def inverse_square_root(x: Value) -> Value:
    return reciprocal(Sqrt()(x))


def exponential(x: Value) -> Value:
    return Exp()(x)


def logarithm(x: Value) -> Value:
    return Log()(x)


def exponential_less_one(x: Value) -> Value:
    return Expm1()(x)


def logarithm_of_one_more(x: Value) -> Value:
    return Log1p()(x)


def binary_logarithm(x: Value) -> Value:
    return Mul()(Log()(x), np.asarray(1 / np.log(2), x.dtype))


def error_function(x: Value) -> Value:
    return Erf()(x)


def maximum(*xs: Value) -> Value:
    return functools.reduce(lambda x, z: floats(Maximum, np.maximum, *alike(x, z)), xs)


def minimum(*xs: Value) -> Value:
    return functools.reduce(lambda x, z: floats(Minimum, np.minimum, *alike(x, z)), xs)


def sum_of(*xs: Value) -> Value:
    return functools.reduce(add, xs)


def mean_of(*xs: Value) -> Value:
    return divide(sum_of(*xs), np.asarray(len(xs), xs[0].dtype))


def where(c: Value, x: Value, z: Value) -> Value:
    if not is_signal(c, x, z):
        return np.where(c, x, z)
    return Where()(c, *alike(x, z))


def modulo(x: Value, z: Value, *, fmod: int = 0) -> Value:
    """What is left of a division: with the sign of z, or, if fmod, with that of x."""
    return floats(lambda: Remainder(bool(fmod)), np.fmod if fmod else np.mod, *alike(x, z))


def _trigonometric(kind):
    return lambda x: kind()(x)


def _in_steps(f):
    return lambda *xs: in_steps(f, *xs)


def _compared(f):
    return lambda x, z: in_steps(f, *alike(x, z))


def is_infinite(x: Value, *, detect_negative: int = 1, detect_positive: int = 1) -> Value:
    return in_steps(lambda a: np.isinf(a) & np.where(a < 0, bool(detect_negative), bool(detect_positive)), x)


def shifted(x: Any, z: Any, *, direction: str = "LEFT") -> Any:
    """Whole numbers, bit by bit."""
    return (np.left_shift if direction == "LEFT" else np.right_shift)(x, z)


TRIGONOMETRY = {
    "Sin": Sin, "Cos": Cos, "Tan": Tan, "Asin": Arcsin, "Acos": Arccos, "Atan": Arctan, "Sinh": Sinh,
    "Cosh": Cosh, "Asinh": Arcsinh, "Acosh": Arccosh, "Atanh": Arctanh,
}  # fmt: skip
COMPARISONS = {
    "Equal": np.equal, "Greater": np.greater, "Less": np.less, "GreaterOrEqual": np.greater_equal,
    "LessOrEqual": np.less_equal,
}  # fmt: skip
STEPS = {
    "And": np.logical_and, "Or": np.logical_or, "Xor": np.logical_xor, "Not": np.logical_not,
    "Sign": np.sign, "Floor": np.floor, "Ceil": np.ceil, "Round": np.round, "IsNaN": np.isnan,
    "BitwiseAnd": np.bitwise_and, "BitwiseOr": np.bitwise_or, "BitwiseXor": np.bitwise_xor,
    "BitwiseNot": np.bitwise_not,
}  # fmt: skip

OPERATORS = (
    Operator("add", add, onnx="Add"),
    Operator("subtract", subtract, onnx="Sub"),
    Operator("multiply", multiply, onnx="Mul", aten="mul"),
    Operator("divide", divide, onnx="Div"),
    Operator("power", power, onnx="Pow", aten="pow"),
    Operator("negative", negative, onnx="Neg", aten="neg", keras="negative"),
    Operator("reciprocal", reciprocal, onnx="Reciprocal", aten="reciprocal", keras="reciprocal"),
    Operator("square_root", square_root, onnx="Sqrt", aten="sqrt", keras="sqrt"),
    Operator("inverse_square_root", inverse_square_root, aten="rsqrt", keras="rsqrt"),
    Operator("exponential", exponential, onnx="Exp", aten="exp", keras="exp"),
    Operator("logarithm", logarithm, onnx="Log", aten="log", keras="log"),
    Operator("exponential_less_one", exponential_less_one, aten="expm1", keras="expm1"),
    Operator("logarithm_of_one_more", logarithm_of_one_more, aten="log1p", keras="log1p"),
    Operator("binary_logarithm", binary_logarithm, aten="log2", keras="log2"),
    Operator("error_function", error_function, onnx="Erf", aten="erf", keras="erf"),
    Operator("maximum", maximum, onnx="Max", aten="maximum"),
    Operator("minimum", minimum, onnx="Min", aten="minimum"),
    Operator("sum_of", sum_of, onnx="Sum"),
    Operator("mean_of", mean_of, onnx="Mean"),
    Operator("where", where, onnx="Where", aten="where"),
    Operator("modulo", modulo, onnx="Mod"),
    Operator("is_infinite", is_infinite, onnx="IsInf"),
    Operator("shifted", shifted, onnx="BitShift"),
    *(
        Operator(n.lower(), _trigonometric(kind), onnx=n, aten=n.lower(), keras=kind.__name__.lower())
        for n, kind in TRIGONOMETRY.items()
    ),
    *(Operator(name.lower(), _compared(f), onnx=name) for name, f in COMPARISONS.items()),
    *(Operator(name.lower(), _in_steps(f), onnx=name) for name, f in STEPS.items()),
)
