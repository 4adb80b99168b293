"""Along axes, counted from either end."""

import minicnn as m


def mean(x, axes=None, keepdim=False, *, dtype=None):
    return m.Mean(tuple(axes) if axes else None, keepdim)(x)


def total(x, axes=None, keepdim=False, *, dtype=None):
    return m.Sum(tuple(axes) if axes else None, keepdim)(x)


def softmax(x, axis, half_to_float=False):
    return _along(m.Softmax, x, axis)


def log_softmax(x, axis, half_to_float=False):
    return _along(m.LogSoftmax, x, axis)


def _along(kind, x, axis):
    """Ours run along the last axis."""
    axis = axis % x.ndim if x.ndim else -1
    if axis in (-1, x.ndim - 1):
        return kind()(x)
    order = list(range(x.ndim))
    order[axis], order[-1] = order[-1], order[axis]
    return m.Transpose(order)(kind()(m.Transpose(order)(x)))


OPERATORS = {"mean": mean, "sum": total, "_softmax": softmax, "_log_softmax": log_softmax}
