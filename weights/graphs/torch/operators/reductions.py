"""Along axes, counted from either end."""

import numpy as np

import minicnn as m
from weights.graphs.torch.operators.lacking import need


def mean(x, axes=None, keepdim=False, *, dtype=None):
    return m.Mean(tuple(axes) if axes else None, keepdim)(x)


def total(x, axes=None, keepdim=False, *, dtype=None):
    return m.Sum(tuple(axes) if axes else None, keepdim)(x)


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
    return m.Norm(float(p), tuple(axes) if axes else None, keepdim)(x)


def log_sum_exp(x, axes, keepdim=False):
    axes = [axes] if isinstance(axes, int) else axes
    return m.LogSumExp(tuple(axes), keepdim)(x)


def product(x, axis=None, keepdim=False, *, dtype=None):
    return m.Prod(axis, keepdim)(x)


def cumulative_sum(x, axis, *, dtype=None):
    return m.CumSum(axis)(x)


def variance(x, axes=None, unbiased=True, keepdim=False, *, correction=None):
    """Over the number of values less `correction`, by default 1."""
    less = int(bool(unbiased)) if correction is None else correction
    axes = tuple(axes) if axes else tuple(range(x.ndim))
    centred = m.Sub()(x, m.Mean(axes, True)(x))
    count = int(np.prod([x.shape[a] for a in axes]))
    total = m.Sum(axes, keepdim)(m.Mul()(centred, centred))
    return m.Div()(total, np.asarray(count - less, x.dtype))


def deviation(x, *args, **named):
    return m.Sqrt()(variance(x, *args, **named))


OPERATORS = {
    "mean": mean, "sum": total, "_softmax": softmax, "_log_softmax": log_softmax, "amax": extreme(m.MaxOver),
    "amin": extreme(m.MinOver), "norm": length, "linalg_vector_norm": length, "logsumexp": log_sum_exp,
    "prod": product, "cumsum": cumulative_sum, "var": variance, "std": deviation,
}  # fmt: skip
