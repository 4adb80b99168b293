"""Eigen-CAM, Score-CAM, Ablation-CAM and occlusion: other masks, other weights, other windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.interpolation import upsample
from gradcam.methods.score_cam import stretched
from gradcam.verify.hypotheses.hypothesis import Hypothesis, Old, Variants
from gradcam.verify.question import Question
from gradcam.verify.reference.run import Run
from gradcam.verify.reference.without_gradients import covered, singular, y_c
from minicnn import Softmax, Tensor

EIGEN, SCORE, ABLATION, OCCLUSION = ("eigen_cam",), ("score_cam",), ("ablation_cam",), ("occlusion",)


def centred(q: Question, y: Tensor) -> Variants:
    """Principal components: the mean is taken from the columns for the vector, and for the projection."""

    def change(q, v, old, sign=1):
        A = v.activation - v.activation.mean(axis=(-2, -1), keepdims=True)
        return sign * (singular(v.activation, centre=True) * A).sum(axis=-3)

    return {"": change, "with the other sign": lambda q, v, old: change(q, v, old, -1)}


def enlarged(q: Question, y: Tensor) -> Variants:
    """How a map becomes a mask."""

    def size(v):
        return v.input.shape[-2:]

    variants = {"not brought to 0..1": lambda q, v, old: upsample(v.activation, size(v))}
    for eps in (0.0, 1e-8, 1e-7, 1e-6):
        note = f", {eps:g} in the denominator" if eps else ""
        variants |= {
            f"enlarged corner to corner{note}": lambda q, v, old, e=eps: stretched(
                upsample(v.activation, size(v), "corner_aligned"), e
            ),
            f"enlarged by the nearest neighbour{note}": lambda q, v, old, e=eps: stretched(
                upsample(v.activation, size(v), "nearest"), e
            ),
            f"brought to 0..1 before they are enlarged{note}": lambda q, v, old, e=eps: upsample(
                stretched(v.activation, e), size(v)
            ),
        }
        if eps:
            variants[f"{eps:g} in the denominator"] = lambda q, v, old, e=eps: stretched(
                upsample(v.activation, size(v)), e
            )
    variants["all maps brought to 0..1 together"] = lambda q, v, old: together(
        upsample(v.activation, size(v))
    )
    return variants


def together(H: np.ndarray) -> Any:
    low, high = (f(axis=(-3, -2, -1), keepdims=True) for f in (H.min, H.max))
    return (H - low) / np.where(high > low, high - low, 1)


def spread(q: Question, y: Tensor) -> Variants:
    """The scores to weights without softmax."""
    return {
        "the scores themselves": lambda q, v, old: v.seen[..., None, None],
        "minus the score of the whole picture": lambda q, v, old: (v.seen - y_c(v)[:, None])[..., None, None],
        "minus the score of an empty picture": lambda q, v, old: (v.seen - empty(v)[:, None])[
            ..., None, None
        ],
        "their ReLU": lambda q, v, old: np.maximum(v.seen, 0)[..., None, None],
    }


def alike(q: Question, y: Tensor) -> Variants:
    """A softmax over one value, or over many equal ones."""
    N, K = q.reference.activation.shape[:2]
    meant = {"1: softmax over a single value": 1.0, "1/K": 1 / K}
    if N > 1:
        meant["softmax over the batch"] = None
    return {n: lambda q, v, old, w=w: over_batch(v) if w is None else 0 * old() + w for n, w in meant.items()}


def over_batch(v: Run) -> np.ndarray:
    return Softmax()(v.seen.T).T[..., None, None]


def empty(v: Run) -> Any:
    return y_c(v.elsewhere(np.zeros_like(v.input)[None]))


def stand_ins(q: Question, y: Tensor) -> Variants:
    """What takes the place of a map."""
    each = {"axis": (-2, -1), "keepdims": True}
    return {
        "its mean": lambda q, v, old: v.A.data.mean(**each),
        "its smallest value": lambda q, v, old: v.A.data.min(**each),
        "the smallest value of all maps": lambda q, v, old: (
            0 * old() + v.A.data.min(axis=(-3, -2, -1), keepdims=True)
        ),
        "of pytorch-grad-cam: far below the smallest value of all maps": far_below,
    }


def far_below(q: Question, v: Run, old: Old) -> Any:
    """The smallest value of a batch of 32 copies, less 1e7, for each of its maps in turn: a map that was
    replaced is the smallest then.
    """
    A = v.A.data
    least, turn = A.min(axis=(-3, -2, -1), keepdims=True), 1 + np.arange(A.shape[1]) % 32
    return np.where(least == 0, old(), least - 1e7 * turn[:, None, None])


def shares(q: Question, y: Tensor) -> Variants:
    """Other ways to say how much is lost."""
    return {
        "not divided by the score": lambda q, v, old: old() * y_c(v)[:, None, None, None],
        "divided by the score's magnitude": lambda q, v, old: old() * np.sign(y_c(v))[:, None, None, None],
        "divided by the norm of the map": lambda q, v, old: (
            old() * (y_c(v)[:, None] / _norm(v.A.data))[..., None, None]
        ),
        "the score without the map": lambda q, v, old: v.seen[..., None, None],
    }


def _norm(A):
    size = np.sqrt((A**2).sum(axis=(-2, -1)))
    return np.where(size == 0, 1, size)


def windows(q: Question, y: Tensor) -> Variants:
    """Other sizes of the window, and other steps from one to the next."""
    kh, kw = q.settings["window"]
    H, W = q.x.shape[-2:]
    meant = {
        "side by side": {"stride": (kh, kw)},
        "at every pixel": {"stride": (1, 1)},
        "half as large": {"window": (max(kh // 2, 1), max(kw // 2, 1))},
        "twice as large": {"window": (min(2 * kh, H), min(2 * kw, W))},
        "15 pixels, every 8": {"window": (15, 15), "stride": (8, 8)},
    }
    fits = {
        n: o
        for n, o in meant.items()
        if max(o.get("window", (1, 1))) <= min(H, W) and q.settings | o != q.settings
    }
    return {n: lambda q, v, old, o=o: covered(q, v, **o) for n, o in fits.items()}


def fillings(q: Question, y: Tensor) -> Variants:
    """What people cover with."""
    low, high = q.pixels
    meant = {
        "black": low,
        "white": high,
        "halfway between black and white": (low + high) / 2,
        "the picture's mean": q.x.mean(axis=(1, 2, 3), keepdims=True),
        "the mean of each channel": q.x.mean(axis=(2, 3), keepdims=True),
        "zero": 0.0,
        "one half": 0.5,
        "one": 1.0,
    }
    given = np.broadcast_to(q.settings["fill"], q.x.shape)
    fits = {n: f for n, f in meant.items() if not np.array_equal(np.broadcast_to(f, q.x.shape), given)}
    return {n: lambda q, v, old, f=f: covered(q, v, fill=f) for n, f in fits.items()}


def other_average(q: Question, y: Tensor) -> Variants:
    other = "sum" if q.settings["average"] == "mean" else "mean"
    return {f"their {other}": lambda q, v, old: covered(q, v, average=other)}


FALL = "y_c(x) - y_c(x with a window covered) (Zeiler & Fergus 2014, sec. 4.2)"
EIG = "L = A V_1 (Muhammad & Yeasin 2020, sec. III); the maps lose no mean"
EQ5 = "s(H) = (H - min H) / (max H - min H) of the enlarged map (Wang et al. 2020, eqs. 5-6)"
EQ3 = "w_k = (y_c - y_c^k) / y_c, the map set to zero (Desai & Ramaswamy 2020, eq. 3)"
CAUSES = [
    Hypothesis(
        name="the columns lose their mean first",
        step="signed",
        says=EIG,
        fix="leave out the centring; or compare with centre=True",
        variants=centred,
        methods=EIGEN,
        kind="convention",
    ),
    Hypothesis(
        name="the singular vector has the other sign",
        step="signed",
        says="the sign of V_1 is open: here its entries add up to something >= 0",
        fix="turn the map, or fix the sign",
        change=lambda q, v, old: -old(),
        methods=EIGEN,
        kind="convention",
    ),
    Hypothesis(
        name="another singular vector",
        step="weights",
        says=EIG,
        fix="the first one, of the largest singular value",
        change=lambda q, v, old: singular(v.activation, 1),
        methods=EIGEN,
    ),
    Hypothesis(
        name="masks made in another way",
        step="masks",
        says=EQ5,
        fix="enlarge with half-pixel centres, then bring each map to 0..1",
        variants=enlarged,
        methods=SCORE,
        kind="convention",
    ),
    Hypothesis(
        name="no softmax over the maps",
        step="weights",
        says="alpha = softmax over k (Wang et al. 2020, algorithm 1)",
        fix="softmax over the maps",
        variants=spread,
        methods=SCORE,
        kind="convention",
    ),
    Hypothesis(
        name="all maps weigh the same: softmax over the wrong axis",
        step="weights",
        says="alpha = softmax over the maps k (Wang et al. 2020, algorithm 1)",
        fix="torch.softmax(scores, dim=...) over the axis of the maps, not over the batch or a single score",
        variants=alike,
        methods=SCORE,
    ),
    Hypothesis(
        name="something else than zero for a map",
        step="masks",
        says=EQ3,
        fix="set the map to zero",
        variants=stand_ins,
        methods=ABLATION,
        kind="convention",
    ),
    Hypothesis(
        name="the loss of score, measured in another way",
        step="weights",
        says=EQ3,
        fix="state it",
        variants=shares,
        methods=ABLATION,
        kind="convention",
    ),
    Hypothesis(
        name="another window, or another step from one to the next",
        step="result",
        says=FALL,
        fix="state the window and the stride, in pixels",
        variants=windows,
        methods=OCCLUSION,
        kind="convention",
    ),
    Hypothesis(
        name="covered with something else",
        step="result",
        says=FALL,
        fix="state what covers, after preprocessing",
        variants=fillings,
        methods=OCCLUSION,
        kind="convention",
    ),
    Hypothesis(
        name="the windows of a pixel joined in another way",
        step="result",
        says="a pixel has the mean over the windows that cover it",
        fix="state whether windows are averaged or added up",
        variants=other_average,
        methods=OCCLUSION,
        kind="convention",
    ),
    Hypothesis(
        name="the score that is left, instead of its fall",
        step="result",
        says=FALL,
        fix="subtract it from the score of the whole picture",
        change=lambda q, v, old: y_c(v)[:, None, None] - old(),
        methods=OCCLUSION,
        kind="convention",
    ),
]
