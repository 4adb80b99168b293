"""Operators with weights."""

from __future__ import annotations

from minicnn import Add, BatchNorm, Conv, Linear, LocalResponseNorm, MatMul, Mul, Reshape, Transpose
from weights.errors import WeightsError
from weights.graphs.onnx.operators.padding import paddings
from weights.graphs.onnx.operators.values import Ints, Value


def conv(
    x: Value,
    W: Value,
    b: Value | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Value:
    if W.ndim != 4:
        raise WeightsError(f"convolutions run over rows and columns; this one has kernels {tuple(W.shape)}")
    strides, dilations = strides or [1, 1], dilations or [1, 1]
    pad = paddings(x.shape[2:], W.shape[2:], strides, dilations, pads, auto_pad)
    return _weighted(Conv(strides, pad, dilations, group), x, W, b)


def gemm(
    x: Value,
    B: Value,
    C: Value | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Value:
    """alpha x B + beta C.  The usual case, a linear layer, becomes one."""
    x = Transpose((1, 0))(x) if transA else x
    bias = C is None or (
        beta == 1 and (C.ndim < 2 or C.shape[0] == 1) and C.shape[-1:] == B.shape[0 if transB else 1 :][:1]
    )
    if alpha == 1 and bias:
        W = B if transB else Transpose((1, 0))(B)
        return _weighted(Linear(), x, W, C if C is None or C.ndim == 1 else _row(C))
    y = MatMul()(x, Transpose((1, 0))(B) if transB else B)
    y = y if alpha == 1 else Mul()(y, alpha)
    return y if C is None else Add()(y, C if beta == 1 else Mul()(C, beta))


def matmul(A: Value, B: Value) -> Value:
    if A.ndim == 0 or B.ndim == 0 or ((hasattr(A, "op") or hasattr(B, "op")) and min(A.ndim, B.ndim) < 2):
        raise WeightsError(
            f"products of {tuple(A.shape)} and {tuple(B.shape)} are not supported, only those of matrices"
        )
    return A @ B if min(A.ndim, B.ndim) < 2 else MatMul()(A, B)


def batch_normalization(
    x: Value,
    gamma: Value,
    beta: Value,
    mean: Value,
    var: Value,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    spatial: int = 1,
    training_mode: int = 0,
    consumed_inputs: Ints | None = None,
) -> Value:
    if training_mode or not spatial:
        raise WeightsError(
            "batchnorm in training, or per pixel, is not supported: export the network for use (eval)"
        )
    if x.ndim not in (2, 4):
        raise WeightsError(f"batchnorm takes (N, C) or (N, C, H, W), not {tuple(x.shape)}")
    return BatchNorm(epsilon)(x, gamma, beta, mean, var)


def lrn(x: Value, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0) -> Value:
    if size % 2 == 0:
        raise WeightsError("local response normalisation over an even number of channels is not supported")
    return LocalResponseNorm(size, alpha, beta, bias)(x)


def _weighted(op, x, W, b):
    return op(x, W) if b is None else op(x, W, b)


def _row(C):
    return Reshape((C.shape[-1] if C.ndim else 1,))(C)


OPERATORS = {
    "Conv": conv,
    "Gemm": gemm,
    "MatMul": matmul,
    "BatchNormalization": batch_normalization,
    "LRN": lrn,
}
