"""Where a signal starts, and with what: a class's score, or any scalar function of any tensor."""

import warnings

import numpy as np

from minicnn import GraphError, LogSoftmax, Softmax, one_hot

SEEDS = ("score", "probability", "value")


def seed(y, c, kind="score"):
    """-> (tensor, signal): where the signal for target c starts, and what it is there.

    y: scores before softmax (N, classes), or any tensor.  c: a class or a unit, as in `one_hot`; None: y itself, the sum of all its values;
    or the signal, floats or bools of y's shape: then what is explained is the sum of y's values, so weighted.  Several of them, stacked in
    front (S, *y.shape), are explained in one pass.  So every method explains more than classes:

        inside = np.zeros_like(y.data)                       # y (N, classes, h, w), of a network for segmentation:
        inside[:, c, 10:20, 5:30] = 1                        # the scores of class c in a rectangle
        grad_cam(y, inside, A)
        grad_cam(boxes, np.eye(4)[2] * [[1], [0]], A)        # boxes (2, 4), of a detector: what draws the right edge of the first one?
        grad_cam(log_p, np.eye(5, dtype="f4"), A)            # log_p (5,), of five captions: five maps at once, (5, N, h, w)

    kind: "score"        1 at y_c, so that what arrives is dy_c/dx (Selvaraju et al. 2017, sec. 3; the default)
          "probability"  1 at p_c, p = softmax(y): dp_c/dx = p_c (dy_c/dx - sum_j p_j dy_j/dx), which vanishes as p_c -> 1
          "value"        y_c itself at y_c, as in Zeiler & Fergus 2014, sec. 2.1: the map is y_c times that of "score"
    """
    if kind not in SEEDS:
        raise ValueError(f"seed is one of {', '.join(SEEDS)}, not '{kind}'")
    weighted = c is None or is_signal(c)
    if isinstance(y.op, Softmax) or (isinstance(y.op, LogSoftmax) and not weighted):
        message = f"{y.name or 'y'} follows a softmax: its gradient mixes in every other class and vanishes when the network is sure. "
        warnings.warn(message + "Explain the scores in front of it", stacklevel=3)
    if kind == "probability":
        if weighted:
            raise ValueError(
                "a probability is asked for by its class; with a signal of your own, start it at the softmax's output"
            )
        p = Softmax()(y)
        return p, one_hot(p, c)
    signal = _own(y, c) if weighted else one_hot(y, c)
    return y, signal * y.data if kind == "value" else signal


def is_signal(c):
    """Whether a target is the signal itself, floats or bools, and not a class or a unit, which are whole numbers."""
    return getattr(getattr(c, "dtype", None), "kind", None) in ("f", "b")


def _own(y, c):
    """The signal that was given, in y's dtype."""
    if c is None:
        return np.ones_like(y.data)
    if tuple(c.shape[max(c.ndim - y.ndim, 0) :]) != tuple(y.shape):
        where = f"a signal at {y.name or 'y'} {tuple(y.shape)}"
        raise GraphError(f"{where} must have that shape, with any axes before it, not {tuple(c.shape)}")
    return c.astype(y.dtype)


def strongest_unit(A):
    """(k, i, j) of the largest value of feature maps A (N, K, h, w), one of each per picture: where a deconvnet signal may start."""
    N, _, h, w = A.shape
    largest = A.data.reshape(N, -1).argmax(axis=1)
    return largest // (h * w), largest // w % h, largest % w
