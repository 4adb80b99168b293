"""Where the signal of a class starts, and with what."""

import warnings

from minicnn import LogSoftmax, Softmax, one_hot

SEEDS = ("score", "probability", "value")


def seed(y, c, kind="score"):
    """-> (tensor, signal): where the signal for class c starts, and what it is there.

    y: scores before softmax (N, classes), or any tensor of units; c as in `one_hot`.  kind:
      "score"        1 at y_c, so that what arrives is dy_c/dx (Selvaraju et al. 2017, sec. 3; the default)
      "probability"  1 at p_c, p = softmax(y): dp_c/dx = p_c (dy_c/dx - sum_j p_j dy_j/dx), which vanishes as p_c -> 1
      "value"        y_c itself at y_c, as in Zeiler & Fergus 2014, sec. 2.1: the map is y_c times that of "score"
    """
    if isinstance(y.op, (Softmax, LogSoftmax)):
        message = f"{y.name or 'y'} follows a softmax: its gradient mixes in every other class and vanishes when the network is sure. "
        warnings.warn(message + "Explain the scores in front of it", stacklevel=3)
    if kind not in SEEDS:
        raise ValueError(f"seed is one of {', '.join(SEEDS)}, not '{kind}'")
    if kind == "probability":
        p = Softmax()(y)
        return p, one_hot(p, c)
    signal = one_hot(y, c)
    return y, signal * y.data if kind == "value" else signal


def strongest_unit(A):
    """(k, i, j) of the largest value of feature maps A (N, K, h, w), one of each per picture: where a deconvnet signal may start."""
    N, _, h, w = A.shape
    largest = A.data.reshape(N, -1).argmax(axis=1)
    return largest // (h * w), largest // w % h, largest % w
