"""What a runtime fused: operators of com.microsoft, as onnxruntime writes them into an optimised model, and
ONNX's own attention.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from weights.errors import WeightsError
from weights.graphs.onnx.operators.values import Ints, Value
from weights.graphs.onnx.operators.windows import conv
from weights.graphs.operators import activations, arithmetic, normalisation, products, shapes
from weights.graphs.operators.values import plain

AFTER = {
    "": lambda y: y, "Relu": activations.relu, "Sigmoid": activations.sigmoid, "Tanh": activations.tanh,
    "LeakyRelu": lambda y, slope=0.01: activations.leaky_relu(y, slope=float(slope)),
    "Clip": lambda y, low=None, high=None: activations.clip(y, low=low, high=high),
    "HardSigmoid": lambda y, a=0.2, b=0.5: activations.hard_sigmoid(y, alpha=float(a), beta=float(b)),
    "HardSwish": activations.hard_swish,
}  # fmt: skip


def _after(y, activation, numbers=()):
    if activation not in AFTER:
        raise WeightsError(f"an activation '{activation}' behind it is not known here")
    return AFTER[activation](y, *numbers)


def fused_conv(
    x: Value,
    W: Value,
    b: Value | None = None,
    z: Value | None = None,
    *,
    activation: str = "",
    activation_params: Any = (),
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Value:
    """Convolution, a sum with z, activation."""
    y = conv(x, W, b, auto_pad=auto_pad, dilations=dilations, group=group, pads=pads, strides=strides)
    return _after(y if z is None else arithmetic.add(y, z), activation, activation_params)


def fused_matmul(
    A: Value,
    B: Value,
    *,
    alpha: float = 1.0,
    transA: int = 0,
    transB: int = 0,
    transBatchA: int = 0,
    transBatchB: int = 0,
) -> Value:
    """alpha A B, each with its last two axes turned."""
    if transBatchA or transBatchB:
        raise WeightsError("batches that are turned are not supported")
    A, B = (_turned(M) if turn else M for M, turn in ((A, transA), (B, transB)))
    y = products.matmul(A, B)
    return y if alpha == 1 else arithmetic.multiply(y, np.asarray(alpha, y.dtype))


def _turned(M):
    return shapes.transpose(M, order=[*range(M.ndim - 2), M.ndim - 1, M.ndim - 2])


def fused_gemm(
    x: Value,
    B: Value,
    C: Value | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
    activation: str = "",
    activation_alpha: float | None = None,
    activation_beta: float | None = None,
    activation_gamma: float | None = None,
) -> Value:
    y = products.gemm(x, B, C, alpha=alpha, beta=beta, transA=transA, transB=transB)
    numbers = [v for v in (activation_alpha, activation_beta) if v is not None]
    return _after(y, activation, numbers)


def gelu(x: Value) -> Value:
    return activations.gelu(x)


def bias_gelu(x: Value, b: Value) -> Value:
    return activations.gelu(arithmetic.add(x, b))


def fast_gelu(x: Value, b: Value | None = None) -> Value:
    return activations.gelu(x if b is None else arithmetic.add(x, b), approximate="tanh")


def quick_gelu(x: Value, *, alpha: float = 1.702) -> Value:
    """x sigmoid(alpha x)"""
    return activations.swish(x, alpha=float(alpha))


def skip_layer_normalization(
    x: Value,
    skip: Value,
    gamma: Value,
    beta: Value | None = None,
    b: Value | None = None,
    *,
    epsilon: float = 1e-12,
    outputs: int = 1,
) -> Value | tuple[Value | None, ...]:
    """Normalised x + skip + b; and, as the fourth, that sum.  epsilon: onnxruntime's own default."""
    total = arithmetic.add(x, skip)
    total = total if b is None else arithmetic.add(total, b)
    y = normalisation.layer_norm(total, gamma, beta, epsilon=float(epsilon))
    return (y, None, None, total) if outputs > 1 else y


def attention(
    Q: Value,
    K: Value,
    V: Value,
    mask: Value | None = None,
    past_key: Value | None = None,
    past_value: Value | None = None,
    nonpad_kv_seqlen: Value | None = None,
    *,
    is_causal: int = 0,
    kv_num_heads: int | None = None,
    q_num_heads: int | None = None,
    qk_matmul_output_mode: int = 0,
    scale: float | None = None,
    softcap: float = 0.0,
    softmax_precision: int | None = None,
    outputs: int = 1,
) -> Value:
    """ONNX's: Q (N, heads, n, d), or (N, n, heads d), whose heads are told; several query heads may share a
    key's.
    """
    if past_key is not None or softcap or outputs > 1 or nonpad_kv_seqlen is not None:
        raise WeightsError("attention with a past, a softcap, lengths or several outputs is not supported")
    half, joined = Q.dtype == np.float16, Q.ndim == 3
    if half:
        Q, K, V = (M.astype(np.float32) for M in (Q, K, V))
        mask = mask if mask is None or mask.dtype == bool else mask.astype(np.float32)
    if joined:
        Q, K, V = (_in_heads(M, n) for M, n in ((Q, q_num_heads), (K, kv_num_heads), (V, kv_num_heads)))
    if Q.shape[1] != K.shape[1]:
        index = np.arange(Q.shape[1]) // (Q.shape[1] // K.shape[1])
        K, V = (shapes.take(M, index, axis=1) for M in (K, V))
    if mask is not None and plain(mask).dtype != bool:
        y = products.attention(Q, K, V, mask, scale=scale, causal=bool(is_causal))
    else:
        seen = np.ones((Q.shape[-2], K.shape[-2]), bool) if mask is None else plain(mask)
        seen = seen & np.tril(np.ones((Q.shape[-2], K.shape[-2]), bool)) if is_causal else seen
        blind = ~seen.any(axis=-1, keepdims=True)  # queries that see no key: zeros
        y = products.attention(Q, K, V, None if seen.all() else seen | blind, scale=scale)
        y = arithmetic.multiply(y, (~blind).astype(y.dtype)) if blind.any() else y
    if joined:
        y = shapes.transpose(y, order=(0, 2, 1, 3))
        y = shapes.reshape(y, shape=(*y.shape[:2], y.shape[2] * y.shape[3]))
    return y.astype(np.float16) if half else y


def _in_heads(M, heads):
    if not heads:
        raise WeightsError("attention along three axes must say how many heads it has")
    N, n, d = M.shape
    return shapes.transpose(shapes.reshape(M, shape=(N, n, heads, d // heads)), order=(0, 2, 1, 3))


OURS = {
    "FusedConv": fused_conv, "FusedMatMul": fused_matmul, "FusedGemm": fused_gemm, "Gelu": gelu,
    "BiasGelu": bias_gelu, "FastGelu": fast_gelu, "QuickGelu": quick_gelu,
    "SkipLayerNormalization": skip_layer_normalization,
}  # fmt: skip
OPERATORS = {f"com.microsoft.{name}": function for name, function in OURS.items()} | {"Attention": attention}
