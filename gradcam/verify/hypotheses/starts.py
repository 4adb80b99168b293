"""The signal starts elsewhere, or with another value."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.verify.hypotheses.hypothesis import Hypothesis, Old, Variants
from gradcam.verify.question import Question
from gradcam.verify.reference.pipelines import GATED, RELEVANCE
from gradcam.verify.reference.run import Run
from minicnn import LogSoftmax, Sigmoid, Softmax, Tensor, one_hot

FEW, LIKELY = 20, 5  # classes: so many are tried one by one; of more, so many of the most probable
SURE = 0.02  # a probability that is nearer to 1 than this loses digits of 1 - p in float32


def softmax(q: Question, v: Run, old: Old) -> Any:
    p = Softmax()(v.y)
    return p, one_hot(p, q.c)


def probabilities(q: Question, y: Tensor) -> Variants:
    """p(1 - p) near p = 1 is what float32 leaves of 1 - p: a few values of p next to the true one."""
    variants, p = {"": softmax}, Softmax()(y.data)
    classes = np.broadcast_to(np.asarray(q.c), len(p))
    of_c = p[np.arange(len(p)), classes]
    if (
        len(p) > 1
        or not 1 - SURE < of_c[0] <= 1
        or "result" not in q.theirs
        or q.precision("result") == "float64"
        or q.stored("result")
    ):
        return variants
    for ulp in range(-2, 3):
        rounded = np.float64(np.float32(of_c[0])) + ulp * 2.0**-24
        if rounded <= 1:
            variants[f"in float32, with p = {rounded:.8f}"] = lambda q, v, old, p_c=rounded: by_hand(
                q, v, p_c
            )
    return variants


def sigmoid(q: Question, v: Run, old: Old) -> Any:
    p = Sigmoid()(v.y)
    return p, one_hot(p, q.c)


def by_hand(q: Question, v: Run, p_c: Any) -> Any:
    """The derivative of softmax, with a p_c of our own."""
    p = Softmax()(v.y.data)
    p[:, q.c] = p_c
    g = one_hot(v.y, q.c)
    return v.y, p * (g - (g * p).sum(axis=1, keepdims=True))


def cross_entropy(sign: Any) -> Any:
    def change(q, v, old):
        p = LogSoftmax()(v.y)
        return p, sign * one_hot(p, q.c)

    return change


def value(q: Question, v: Run, old: Old) -> Any:
    y, gy = old()
    return y, gy * y.data


def mean_of_batch(q: Question, y: Tensor) -> Variants:
    N = len(q.x)
    return {"": lambda q, v, old: (v.y, old()[1] / N)} if N > 1 else {}


def all_scores(q: Question, v: Run, old: Old) -> Any:
    return v.y, v.y.data if q.method in RELEVANCE else np.ones_like(v.y.data)


def others(q: Question, y: Tensor) -> Variants:
    """Every other class of a few; of many, the neighbours, the first, and the most probable ones."""
    classes, order = y.shape[1], np.argsort(-y.data, axis=1, kind="stable")
    c = np.broadcast_to(np.asarray(q.c), len(y.data))
    meant = {
        "the next class": c + 1,
        "the class before": c - 1,
        "the most probable class": order[:, 0],
        "class 0": 0 * c,
    }
    some = range(classes) if classes <= FEW else order[0, :LIKELY] if len(order) == 1 else ()
    meant |= {
        f"class {d}": 0 * c + d for d in some if not any(np.array_equal(m, 0 * c + d) for m in meant.values())
    }
    fits = {n: m for n, m in meant.items() if np.all((m >= 0) & (m < classes)) and np.any(m != c)}
    return {
        n: lambda q, v, old, m=m: of_class(q, v, np.tile(m, len(v.y.data) // len(m))) for n, m in fits.items()
    }


def of_class(q: Question, v: Run, c: Any) -> Any:
    """Where the method's signal would start for another class."""
    return q.pipeline.compute("start", q.of_class(c), v)


PAPER = "y_c is the score before softmax (Selvaraju et al. 2017, sec. 3)"
CAUSES = [
    Hypothesis(
        name="softmax instead of scores",
        step="start",
        says=f"{PAPER}: dp_c = p_c (dy_c - sum_j p_j dy_j)",
        fix="take the gradient of the logit",
        variants=probabilities,
    ),
    Hypothesis(
        name="sigmoid instead of scores",
        step="start",
        says=f"{PAPER}: dp_c = p_c (1 - p_c) dy_c, the score's map times a factor",
        fix="take the gradient of the logit, before torch.sigmoid",
        change=sigmoid,
        methods=GATED,
    ),
    Hypothesis(
        name="log-softmax instead of scores",
        step="start",
        says=f"{PAPER}: d log p_c = dy_c - sum_j p_j dy_j",
        fix="take the gradient of the logit",
        change=cross_entropy(1),
    ),
    Hypothesis(
        name="gradient of the loss instead of the score",
        step="start",
        says=f"{PAPER}: dL = -(dy_c - sum_j p_j dy_j)",
        fix="take the gradient of the logit",
        change=cross_entropy(-1),
    ),
    Hypothesis(
        name="score value as seed",
        step="start",
        says="the signal at y_c is 1; started with y_c, the whole map is y_c times as large",
        fix="start with 1 at the class",
        change=value,
        methods=GATED,
    ),
    Hypothesis(
        name="relevance starts at 1, not at the score",
        step="start",
        says="R = y_c at the class (Bach et al. 2015, sec. 2)",
        fix="start with the score itself",
        change=lambda q, v, old: (v.y, one_hot(v.y, q.c)),
        methods=RELEVANCE,
        kind="scale",
    ),
    Hypothesis(
        name="the batch's mean score instead of its sum",
        step="start",
        says="the signal at every y_c is 1",
        fix="sum over the batch",
        variants=mean_of_batch,
    ),
    Hypothesis(
        name="all scores instead of one",
        step="start",
        says="the signal is 1 at y_c and 0 elsewhere",
        fix="start with a one-hot signal",
        change=all_scores,
    ),
    Hypothesis(
        name="another class",
        step="start",
        says="the map of class c starts at y_c",
        fix="check how classes are numbered (from 0 or 1), and the default class",
        variants=others,
    ),
]
