"""The signal starts elsewhere, or with another value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcam.target import OfClass, OfSignal
from gradcam.targets import Region
from gradcam.verify.hypotheses.hypothesis import Hypothesis, Old, Variants
from gradcam.verify.question import Question
from gradcam.verify.reference.pipelines import GATED, RELEVANCE
from gradcam.verify.reference.run import Run
from minicnn import LogSoftmax, Sigmoid, Softmax, Tensor, one_hot, ops
from minicnn.graph import inputs_of

FEW, LIKELY = 20, 5  # classes: so many are tried one by one; of more, so many of the most probable
COARSE = ("8 bits", "the colours of a colour map")  # kept so, a map has lost the factor p (1 - p)
EACH_ALONE = (ops.Div, ops.Mul, ops.Tanh, ops.Softplus, ops.Clip)  # last operations, of each score alone
SURE = 0.02  # a probability that is nearer to 1 than this loses digits of 1 - p in float32


def softmax(q: Question, v: Run, old: Old) -> Any:
    p = Softmax()(v.y)
    return p, one_hot(p, q.c)


def probabilities(q: Question, y: Tensor) -> Variants:
    """p(1 - p) near p = 1 is what float32 leaves of 1 - p: a few values of p next to the true one."""
    return {"": softmax} | near_one(q, Softmax()(y.data), by_hand)


def near_one(q: Question, p: np.ndarray, start: Callable[..., Any]) -> Variants:
    """start(q, v, p_c) for the values of p_c that float32 may have had, of probabilities p."""
    variants = {}
    classes = np.broadcast_to(np.asarray(q.c), len(p))
    of_c = p[np.arange(len(p)), classes]
    if (
        len(p) > 1
        or not 1 - SURE < of_c[0] <= 1
        or "result" not in q.theirs
        or q.precision("result") == "float64"
        or q.stored("result") in COARSE
    ):
        return variants
    for ulp in range(-2, 3):
        rounded = np.float64(np.float32(of_c[0])) + ulp * 2.0**-24
        if rounded <= 1:
            variants[f"in float32, with p = {rounded:.8f}"] = lambda q, v, old, p_c=rounded: start(q, v, p_c)
    return variants


def sigmoid(q: Question, v: Run, old: Old) -> Any:
    p = Sigmoid()(v.y)
    return p, one_hot(p, q.c)


def of_sigmoid(q: Question, y: Tensor) -> Variants:
    """p (1 - p) near p = 1, as softmax's: a few values of p next to the true one."""
    p = Sigmoid()(y.data)
    return {"": sigmoid} | near_one(q, p, lambda q, v, p_c: (v.y, one_hot(v.y, q.c) * p_c * (1 - p_c)))


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


def losses(q: Question, y: Tensor) -> Variants:
    """Of softmax over the scores, or of a sigmoid of each, the class's target 1 and the others' 0."""
    K = y.shape[1]

    def binary(among):
        def change(q, v, old):
            target = one_hot(v.y, q.c)
            return v.y, (Sigmoid()(v.y.data) - target) * among(target)

        return change

    found = {"": cross_entropy(-1)} if K > 1 else {}
    found["binary, of this score alone"] = binary(lambda target: target)
    if K > 1:
        found["binary, over all scores"] = binary(lambda target: 1)
        found["binary, the mean over all scores"] = binary(lambda target: 1 / K)
    return found


def before_last(q: Question, y: Tensor) -> Variants:
    """z of scores y = f(z), each of one number of its own: z / T of a temperature, tanh z."""
    if _one_by_one(y) is None:
        return {}

    def change(q, v, old):
        z = _one_by_one(v.y)
        return z, one_hot(z, q.c)

    return {f"which is {type(y.op).__name__}": change}


def _one_by_one(y):
    """The tensor from which y was made number by number; None if it was made otherwise, or just shifted."""
    tensors = [t for t in inputs_of(y.op) if isinstance(t, Tensor)] if y.op else []
    alone = isinstance(y.op, EACH_ALONE) and len(tensors) == 1 and tensors[0].shape == y.shape
    return tensors[0] if alone else None


def with_another(q: Question, y: Tensor) -> Variants:
    """A gradient that was not emptied between two classes, or over all up to this one."""
    classes = y.shape[1]
    if np.ndim(q.c) or classes < 2:
        return {}

    def together(some):
        return lambda q, v, old: (v.y, sum(one_hot(v.y, c) for c in some))

    order = np.argsort(-y.data[0], kind="stable")
    some = range(classes) if classes <= FEW else order[:LIKELY]
    found = {f"class {d} and class {q.c}": together([d, q.c]) for d in map(int, some) if d != q.c}
    if 1 < q.c < FEW:
        found[f"classes 0 to {q.c}"] = together(range(q.c + 1))
    return found


def value(q: Question, v: Run, old: Old) -> Any:
    y, gy = old()
    return y, gy * y.data


def mean_of_batch(q: Question, y: Tensor) -> Variants:
    N = len(q.x)
    return {"": lambda q, v, old: (v.y, old()[1] / N)} if N > 1 else {}


def all_scores(q: Question, v: Run, old: Old) -> Any:
    return v.y, v.y.data if q.method in RELEVANCE else np.ones_like(v.y.data)


def other_targets(q: Question, y: Tensor) -> Variants:
    """What people explain in the place of a probability, of a region, of a unit or of another number."""
    if not q.asked:
        return {}
    found = {"all values of the output, summed": lambda q, v, old: (v.y, np.ones_like(v.y.data))}
    if isinstance(q.target, OfClass) and q.target.start != "score":
        found["the score itself"] = lambda q, v, old: q.target.plain().begin(v.y)
    if isinstance(q.target, OfClass) and q.target.start != "probability" and y.shape[1] > 1:
        found["the probability, by softmax"] = softmax
    if isinstance(q.target, Region) and q.target.c is not None:
        found |= regions(q, y)
    return found


def regions(q: Question, y: Tensor) -> Variants:
    """Of a map of scores (N, classes, H, W)."""

    def of(c=None, inside=True, turn=lambda m: m):
        def change(q, v, old):
            y, signal = old()
            mine = signal[:, q.target.c]
            other = np.zeros_like(signal) if c is not None else np.repeat(mine[:, None], y.shape[1], axis=1)
            if c is not None:
                other[:, c] = turn(mine) if inside else 1
            return y, other

        return change

    c, classes = q.target.c, y.shape[1]
    found = {"the whole map of the class": of(c, inside=False), "every class inside the region": of()}
    found["outside the region instead of inside"] = of(c, turn=lambda m: 1 - m)
    found |= {f"the region, for class {d}": of(d) for d in range(min(classes, FEW)) if d != c}
    return found


def in_the_mean(q: Question, y: Tensor) -> Variants:
    """A mean where the target is a sum."""
    if not isinstance(q.target, (Region, OfSignal)):
        return {}

    def over(count):
        def change(q, v, old):
            y, signal = old()
            return y, signal / count(signal).reshape(-1, *[1] * (signal.ndim - 1))

        return change

    return {
        "over the region": over(lambda g: np.abs(g).reshape(len(g), -1).sum(axis=1)),
        "over a whole map": over(lambda g: np.full(len(g), g[0, 0].size)),
        "over the whole output": over(lambda g: np.full(len(g), g[0].size)),
    }


def others(q: Question, y: Tensor) -> Variants:
    """Every other class of a few; of many, the neighbours, the first, and the most probable ones."""
    classes, order = y.shape[1], np.argsort(-y.data, axis=1, kind="stable")
    c = np.broadcast_to(np.asarray(q.c), len(y.data))
    some = range(classes) if classes <= FEW else order[0, :LIKELY] if len(order) == 1 else ()
    meant = [("the next one", c + 1), ("the one before", c - 1), ("the most probable one", order[:, 0])]
    meant += [("", 0 * c), *(("", 0 * c + d) for d in some)]
    words: dict[tuple[int, ...], list[str]] = {}
    for word, m in meant:
        if np.all((m >= 0) & (m < classes)) and np.any(m != c):
            words.setdefault(tuple(m.tolist()), []).append(word)
    return {
        _called(m, said): lambda q, v, old, m=m: of_class(q, v, np.tile(m, len(v.y.data) // len(m)))
        for m, said in words.items()
    }


def _called(classes, words):
    """ "class 3, the one before", or, if the pictures' classes differ, "the one before"."""
    number = [f"class {classes[0]}"] if len(set(classes)) == 1 else []
    return ", ".join([*number, *filter(None, words)])


def of_class(q: Question, v: Run, c: Any) -> Any:
    """Where the method's signal would start for another class."""
    return q.pipeline.compute("start", q.of_class(c), v)


LOGIT = (
    "take the gradient of the logit, model(x)[0, c] without softmax (in Keras: model.layers[-1].activation = "
    "None)"
)
PAPER = "y_c is the score before softmax (Selvaraju et al. 2017, sec. 3)"
CAUSES = [
    Hypothesis(
        name="softmax instead of scores",
        step="start",
        says=f"{PAPER}: dp_c = p_c (dy_c - sum_j p_j dy_j)",
        fix=LOGIT,
        variants=probabilities,
        of_class=True,
    ),
    Hypothesis(
        name="sigmoid instead of scores",
        step="start",
        says=f"{PAPER}: dp_c = p_c (1 - p_c) dy_c, the score's map times a factor",
        fix="take the gradient of the logit, before torch.sigmoid",
        variants=of_sigmoid,
        methods=GATED,
        of_class=True,
    ),
    Hypothesis(
        name="log-softmax instead of scores",
        step="start",
        says=f"{PAPER}: d log p_c = dy_c - sum_j p_j dy_j",
        fix=LOGIT,
        change=cross_entropy(1),
        of_class=True,
    ),
    Hypothesis(
        name="gradient of the loss instead of the score",
        step="start",
        says=f"{PAPER}: dL = -(dy_c - sum_j p_j dy_j)",
        fix="take the gradient of the logit, model(x)[0, c], not of the loss",
        variants=losses,
        rare=("binary",),
        of_class=True,
    ),
    Hypothesis(
        name="the number before the network's last operation",
        step="start",
        says="y_c is what the network returns, before softmax or sigmoid: of z_c, which it makes y_c of, the "
        "map is dz_c/dy_c times as large",
        fix="compare normalised maps, or take the gradient of the network's own score",
        variants=before_last,
        methods=GATED,
        kind="scale",
        of_class=True,
    ),
    Hypothesis(
        name="accumulated: the gradient of another class as well",
        step="start",
        says="the signal is 1 at y_c and 0 elsewhere",
        fix="set .grad to None between two classes, or take torch.autograd.grad(y[0, c], A)",
        variants=with_another,
        methods=GATED,
        rare=("class",),
        of_class=True,
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
        change=lambda q, v, old: q.target.plain().begin(v.y),
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
        of_class=True,
    ),
    Hypothesis(
        name="another class",
        step="start",
        says="the map of class c starts at y_c",
        headline=lambda detail: f"it is the map of {detail}, not of the class that you name",
        fix="take the score of the class that you name, y[:, c] with c counted from 0, or name the class of "
        "your map (ImageFolder numbers classes by their sorted names).  If c is right, the gradient is of an "
        "earlier call: a list that is never emptied, [0] for [-1]",
        variants=others,
        of_class=True,
    ),
    Hypothesis(
        name="another number than the target",
        step="start",
        says="the signal starts at the number that is explained, and with its derivative",
        fix="take the gradient of that number alone",
        variants=other_targets,
    ),
    Hypothesis(
        name="a mean instead of the target's sum",
        step="start",
        says="the target is a sum of values, each of which gets the signal 1",
        fix="sum, or compare normalised maps",
        variants=in_the_mean,
        kind="scale",
    ),
]
