"""Matrix products, attention, batch normalisation, dropout."""

from typing import Any

import numpy as np

import minicnn as m
from weights.graphs.operators.products import attention
from weights.graphs.torch.operators.arithmetic import times
from weights.graphs.torch.operators.lacking import need


def addmm(b: Any, x: Any, Wt: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """beta b + alpha x Wt.  The usual case, a linear layer, becomes one."""
    if beta == alpha == 1 and _array(Wt) and _array(b) and b.ndim == 1:
        return m.Linear()(x, np.ascontiguousarray(Wt.T), b)
    product = times(m.MatMul()(x, Wt), alpha)
    return product if beta == 0 else m.Add()(product, times(b, beta))


def product(x: Any, z: Any) -> Any:
    if _array(z) and z.ndim == 2 and x.ndim == 2:
        return m.Linear()(x, np.ascontiguousarray(z.T))
    return m.MatMul()(x, z)


def attend(
    Q: Any,
    K: Any,
    V: Any,
    dropout: Any = 0.0,
    causal: Any = False,
    *,
    attn_mask: Any = None,
    scale: Any = None,
) -> Any:
    return attention(Q, K, V, attn_mask, scale=scale, causal=causal)


def batchnorm(
    x: Any, gamma: Any, beta: Any, mean: Any, var: Any, training: Any, momentum: Any, eps: Any
) -> Any:
    """(N, C), or (N, C, ...) with up to three axes behind."""
    gamma = np.ones(x.shape[1], x.dtype) if gamma is None else gamma
    beta = np.zeros(x.shape[1], x.dtype) if beta is None else beta
    if training or mean is None:
        return m.BatchNormTraining(eps)(x, gamma, beta)
    need(_array(mean) and _array(var), "running statistics that depend on the picture")
    return m.BatchNorm(eps)(x, gamma, beta, mean, var)


def batchnorm_in_eval(x: Any, gamma: Any, beta: Any, mean: Any, var: Any, momentum: Any, eps: Any) -> Any:
    return batchnorm(x, gamma, beta, mean, var, False, momentum, eps)


def batchnorm_legit(x: Any, gamma: Any, beta: Any, *rest: Any) -> Any:
    """With running statistics, or without."""
    mean, var, training, momentum, eps = rest if len(rest) == 5 else (None, None, *rest)
    return batchnorm(x, gamma, beta, mean, var, training, momentum, eps)


def dropout(x: Any, p: Any, training: Any) -> Any:
    """In eval mode; what drops all the same is recorded as a product with what was drawn."""
    return x


def _array(z):
    return not isinstance(z, m.Tensor)


OPERATORS = {
    "addmm": addmm, "baddbmm": addmm, "_scaled_dot_product_flash_attention_for_cpu": attend, "mm": product,
    "bmm": product, "native_batch_norm": batchnorm,
    "_native_batch_norm_legit_no_training": batchnorm_in_eval, "_native_batch_norm_legit": batchnorm_legit,
    "native_dropout": dropout,
}  # fmt: skip
