"""Matrix products, sums over indices, attention."""

from __future__ import annotations

import string

import numpy as np

from minicnn import Add, Einsum, Expand, Linear, MatMul, Mul, Reshape, Softmax, Take, Transpose, Where
from weights.errors import WeightsError
from weights.graphs.operators.operator import Operator
from weights.graphs.operators.shapes import LARGEST
from weights.graphs.operators.values import Value, is_signal, plain


def matmul(A: Value, B: Value) -> Value:
    """A B, over any axes in front; a vector is a row on the left, a column on the right (NumPy's rule)."""
    if not is_signal(A, B):
        wide = [v.astype(np.float32) if v.dtype == np.float16 else v for v in (A, B)]
        return np.matmul(*wide).astype(np.result_type(A, B))
    if A.ndim == 0 or B.ndim == 0:
        raise WeightsError(f"{tuple(A.shape)} and {tuple(B.shape)} are no matrices")
    row, column = A.ndim == 1, B.ndim == 1
    A = Reshape((1, *A.shape))(A) if row else A
    B = Reshape((*B.shape, 1))(B) if column else B
    Y = MatMul()(A, B)
    shape = [*Y.shape[:-2], *([] if row else Y.shape[-2:-1]), *([] if column else Y.shape[-1:])]
    return Reshape(shape)(Y) if row or column else Y


def linear(x: Value, W: Value, b: Value | None = None) -> Value:
    """x W^T + b, over any axes in front.  x (..., D), W (F, D) -> (..., F)"""
    rows = x if x.ndim == 2 else Reshape((-1, x.shape[-1]))(x)
    y = Linear()(rows, W) if b is None else Linear()(rows, W, b)
    return y if x.ndim == 2 else Reshape((*x.shape[:-1], W.shape[0]))(y)


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
    if alpha == 1 and bias and x.dtype.kind == "f":
        W = B if transB else Transpose((1, 0))(B)
        return linear(x, W, C if C is None or C.ndim == 1 else Reshape((C.shape[-1],))(C))
    y = MatMul()(x, Transpose((1, 0))(B) if transB else B)
    y = y if alpha == 1 else Mul()(y, np.asarray(alpha, y.dtype))
    return y if C is None else Add()(y, C if beta == 1 else Mul()(C, np.asarray(beta, C.dtype)))


def einsum(*xs: Value, equation: str) -> Value:
    """Einstein's sum: "bij,bjk->bik"; "..." stands for axes that broadcast, and an index twice in one input
    for its diagonal."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    most = max((x.ndim - len(t.replace("...", "")) for x, t in zip(xs, terms) if "..." in t), default=0)
    free = [letter for letter in string.ascii_letters if letter not in equation][:most]
    if not arrow:
        once = sorted(c for c in set(left) - set(".,") if left.count(c) == 1)
        right = ("..." if "..." in left else "") + "".join(once)
    spelled = [_spelled(t, x.ndim, free) for t, x in zip(terms, xs)]
    sizes: dict[str, int] = {}
    for x, term in zip(xs, spelled):
        for letter, n in zip(term, x.shape):
            sizes[letter] = max(n, sizes.get(letter, 1))
    if np.prod([float(sizes[letter]) for letter in right.replace("...", "".join(free))]) > LARGEST:
        raise WeightsError(f"the sum '{equation}' has more than {LARGEST:,} values")
    if not is_signal(*xs):
        return np.einsum(equation, *xs)
    ready = [_once(x, term, sizes) for x, term in zip(xs, spelled)]
    result = right.replace("...", "".join(free))
    return Einsum(f"{','.join(term for _, term in ready)}->{result}")(*[x for x, _ in ready])


def _spelled(term, ndim, free):
    return term.replace("...", "".join(free[len(free) - (ndim - len(term.replace("...", ""))) :]))


def _once(x, term, sizes):
    """x with each index once, and as large as it is elsewhere."""
    shape = [sizes[letter] for letter in term]
    x = x if list(x.shape) == shape else Expand(shape)(x)
    letters = "".join(dict.fromkeys(term))
    if len(letters) < len(term):
        places = np.indices([sizes[letter] for letter in letters])
        flat = np.ravel_multi_index([places[letters.index(letter)] for letter in term], shape)
        x = Take(flat)(Reshape((-1,))(x))
    return x, letters


def attention(
    Q: Value,
    K: Value,
    V: Value,
    mask: Value | None = None,
    *,
    scale: float | None = None,
    causal: bool = False,
) -> Value:
    """softmax(Q K^T / sqrt(d) + mask) V (Vaswani et al. 2017, eq. 1), over any axes in front.

    Q (..., n, d), K (..., m, d), V (..., m, p) -> (..., n, p).  mask: added, or, if it is True and False,
    what may be looked at; causal: no query looks at a later key.
    """
    scale = float(Q.shape[-1]) ** -0.5 if scale is None else float(scale)
    order = [*range(K.ndim - 2), K.ndim - 1, K.ndim - 2]
    scores = Mul()(MatMul()(Q, Transpose(order)(K)), np.asarray(scale, Q.dtype))
    if causal:
        seen = np.tril(np.ones(scores.shape[-2:], bool))
        scores = Where()(seen, scores, np.asarray(-np.inf, Q.dtype))
    if mask is not None and plain(mask).dtype == bool:
        scores = Where()(mask, scores, np.asarray(-np.inf, Q.dtype))
    elif mask is not None:
        scores = Add()(scores, mask)
    return MatMul()(Softmax()(scores), V)


OPERATORS = (
    Operator("matmul", matmul, onnx=("MatMul", "com.microsoft.FusedMatMul"), aten=("mm", "bmm", "matmul")),
    Operator("linear", linear, aten="linear"),
    Operator("gemm", gemm, onnx=("Gemm", "com.microsoft.FusedGemm")),
    Operator("einsum", einsum, onnx="Einsum"),
    Operator("attention", attention, onnx="Attention"),
)
