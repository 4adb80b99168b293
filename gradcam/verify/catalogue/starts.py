"""The signal starts elsewhere, or with another value."""

import numpy as np

from gradcam.verify.hypothesis import Hypothesis
from minicnn import LogSoftmax, Softmax, one_hot


def softmax(q, v, old):
    p = Softmax()(v.y)
    return p, one_hot(p, q.c)


def cross_entropy(sign):
    def way(q, v, old):
        p = LogSoftmax()(v.y)
        return p, sign * one_hot(p, q.c)

    return way


def value(q, v, old):
    y, gy = old()
    return y, gy * y.data


def all_scores(q, v, old):
    return v.y, np.ones_like(v.y.data)


def others(q, y):
    """Neighbours of the class, and the winner."""
    classes, top = y.shape[1], y.data.argmax(axis=1)
    c = np.broadcast_to(np.asarray(q.c), top.shape)
    meant = {"the next class": c + 1, "the class before": c - 1, "the most probable class": top, "class 0": 0 * top}
    fits = {n: m for n, m in meant.items() if np.all((m >= 0) & (m < classes)) and np.any(m != c)}
    return {n: lambda q, v, old, m=m: (v.y, one_hot(v.y, m)) for n, m in fits.items()}


PAPER = "y_c is the score before softmax (Selvaraju et al. 2017, sec. 3)"
TABLE = [
    Hypothesis("softmax instead of scores", "start", f"{PAPER}: dp_c = p_c (dy_c - sum_j p_j dy_j)", "take the gradient of the logit",
               softmax),
    Hypothesis("log-softmax instead of scores", "start", f"{PAPER}: d log p_c = dy_c - sum_j p_j dy_j", "take the gradient of the logit",
               cross_entropy(1)),
    Hypothesis("gradient of the loss instead of the score", "start", f"{PAPER}: dL = -(dy_c - sum_j p_j dy_j)",
               "take the gradient of the logit", cross_entropy(-1)),
    Hypothesis("score value as seed", "start", "the signal at y_c is 1; started with y_c, the whole map is y_c times as large",
               "start with 1 at the class", value),
    Hypothesis("all scores instead of one", "start", "the signal is 1 at y_c and 0 elsewhere", "start with a one-hot signal", all_scores),
    Hypothesis("another class", "start", "the map of class c starts at y_c",
               "check how classes are numbered (from 0 or 1), and the default class",
               ways=others),
]  # fmt: skip
