"""Along axes, counted from either end."""

from typing import Any

import numpy as np

import minicnn as m
from weights.graphs.torch.operators.arithmetic import times
from weights.graphs.torch.operators.lacking import need


def mean(x: Any, axes: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Any:
    return m.Mean(_axes(axes), keepdim)(x)


def total(x: Any, axes: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Any:
    return m.Sum(_axes(axes), keepdim)(x)


def softmax(x: Any, axis: Any, half_to_float: Any = False) -> Any:
    return m.Softmax(axis)(x)


def safe_softmax(x, axis, dtype=None):
    """PyTorch's attention: zeros where everything is masked."""
    need(np.isfinite(x.data.max(axis=axis)).all(), "a softmax of nothing")
    return m.Softmax(axis)(x)


def log_softmax(x: Any, axis: Any, half_to_float: Any = False) -> Any:
    return m.LogSoftmax(axis)(x)


def extreme(kind: Any) -> Any:
    """amax and amin: equals share the signal evenly."""
    return lambda x, axes=(), keepdim=False: kind(tuple(axes) or None, keepdim)(x)


def length(x: Any, p: Any = 2, axes: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Any:
    """The p-norm."""
    need(p not in (0, np.inf, -np.inf), "a norm that counts, or takes the largest")
    axes = [axes] if isinstance(axes, int) else axes
    return m.Norm(float(p), _axes(axes), keepdim)(x)


def log_sum_exp(x: Any, axes: Any, keepdim: Any = False) -> Any:
    axes = [axes] if isinstance(axes, int) else axes
    return m.LogSumExp(tuple(axes), keepdim)(x)


def product(x: Any, axis: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Any:
    return m.Prod(axis, keepdim)(x)


def maximum_along(x: Any, axis: Any = None, keepdim: Any = False) -> Any:
    """The first of equals gets the signal; of all values, or of two tensors, equals share it."""
    return _first_along(m.Maximum, m.MaxOver, True, x, axis, keepdim)


def minimum_along(x: Any, axis: Any = None, keepdim: Any = False) -> Any:
    return _first_along(m.Minimum, m.MinOver, False, x, axis, keepdim)


def _first_along(of_two, of_all, largest, x, axis, keepdim):
    if axis is None:
        return of_all()(x)
    if not isinstance(axis, int):
        return of_two()(x, axis)
    y = m.TopK(1, axis, largest)(x)
    axis = axis % x.ndim
    return y if keepdim else m.Reshape((*x.shape[:axis], *x.shape[axis + 1 :]))(y)


def top(x: Any, k: Any, axis: Any = -1, largest: Any = True, in_order: Any = True) -> Any:
    return m.TopK(k, axis, largest)(x)


def sort(x: Any, dim: Any = -1, descending: Any = False, *, stable: Any = None) -> Any:
    return m.TopK(x.shape[dim], dim, descending)(x)


def variance(x: Any, axes: Any = None, *, correction: Any = None, keepdim: Any = False) -> Any:
    centred, n = _centred(x, axes, correction)
    return times(m.Sum(_axes(axes), keepdim)(m.Mul()(centred, centred)), 1 / n)


def deviation(x: Any, axes: Any = None, *, correction: Any = None, keepdim: Any = False) -> Any:
    centred, n = _centred(x, axes, correction)
    return times(m.Norm(2, _axes(axes), keepdim)(centred), n**-0.5)


def _centred(x, axes, correction):
    """x minus its mean, and by what the sum of squares is divided."""
    need(not isinstance(axes, bool), "a variance by its old arguments")
    n = int(np.prod([x.shape[a] for a in (axes or range(x.ndim))]))
    n -= 1 if correction is None else correction
    need(n > 0, "a variance of too few values")
    return m.Sub()(x, m.Mean(_axes(axes), keepdims=True)(x)), n


def _axes(axes):
    return tuple(axes) if axes else None


OPERATORS = {
    "mean": mean, "sum": total, "_softmax": softmax, "_safe_softmax": safe_softmax,
    "_log_softmax": log_softmax, "amax": extreme(m.MaxOver), "amin": extreme(m.MinOver), "norm": length,
    "linalg_vector_norm": length, "logsumexp": log_sum_exp, "prod": product, "var": variance,
    "std": deviation, "max": maximum_along, "min": minimum_along, "topk": top, "sort": sort,
}  # fmt: skip
