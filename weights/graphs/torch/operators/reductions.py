"""Along axes, counted from either end."""

import numpy as np

import minicnn as m
from weights.graphs.torch.operators.arithmetic import times
from weights.graphs.torch.operators.lacking import need


def mean(x, axes=None, keepdim=False, *, dtype=None):
    return m.Mean(_axes(axes), keepdim)(x)


def total(x, axes=None, keepdim=False, *, dtype=None):
    return m.Sum(_axes(axes), keepdim)(x)


def softmax(x, axis, half_to_float=False):
    return m.Softmax(axis)(x)


def log_softmax(x, axis, half_to_float=False):
    return m.LogSoftmax(axis)(x)


def extreme(kind):
    """amax and amin: equals share the signal evenly."""
    return lambda x, axes=(), keepdim=False: kind(tuple(axes) or None, keepdim)(x)


def length(x, p=2, axes=None, keepdim=False, *, dtype=None):
    """The p-norm."""
    need(p not in (0, np.inf, -np.inf), "a norm that counts, or takes the largest")
    axes = [axes] if isinstance(axes, int) else axes
    return m.Norm(float(p), _axes(axes), keepdim)(x)


def log_sum_exp(x, axes, keepdim=False):
    axes = [axes] if isinstance(axes, int) else axes
    return m.LogSumExp(tuple(axes), keepdim)(x)


def product(x, axis=None, keepdim=False, *, dtype=None):
    return m.Prod(axis, keepdim)(x)


def maximum_along(x, axis=None, keepdim=False):
    """The first of equals gets the signal; of all values, or of two tensors, equals share it."""
    return _first_along(m.Maximum, m.MaxOver, True, x, axis, keepdim)


def minimum_along(x, axis=None, keepdim=False):
    return _first_along(m.Minimum, m.MinOver, False, x, axis, keepdim)


def _first_along(of_two, of_all, largest, x, axis, keepdim):
    if axis is None:
        return of_all()(x)
    if not isinstance(axis, int):
        return of_two()(x, axis)
    y = m.TopK(1, axis, largest)(x)
    axis = axis % x.ndim
    return y if keepdim else m.Reshape((*x.shape[:axis], *x.shape[axis + 1 :]))(y)


def top(x, k, axis=-1, largest=True, in_order=True):
    return m.TopK(k, axis, largest)(x)


def sort(x, dim=-1, descending=False, *, stable=None):
    return m.TopK(x.shape[dim], dim, descending)(x)


def variance(x, axes=None, *, correction=None, keepdim=False):
    centred, n = _centred(x, axes, correction)
    return times(m.Sum(_axes(axes), keepdim)(m.Mul()(centred, centred)), 1 / n)


def deviation(x, axes=None, *, correction=None, keepdim=False):
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
    "mean": mean, "sum": total, "_softmax": softmax, "_log_softmax": log_softmax, "amax": extreme(m.MaxOver),
    "amin": extreme(m.MinOver), "norm": length, "linalg_vector_norm": length, "logsumexp": log_sum_exp,
    "prod": product, "var": variance, "std": deviation, "max": maximum_along,
    "min": minimum_along, "topk": top, "sort": sort,
}  # fmt: skip
