"""Eigen-CAM, Score-CAM and Ablation-CAM: other masks, other weights."""

import numpy as np

from gradcam.interpolation import upsample
from gradcam.verify.hypotheses.hypothesis import Hypothesis
from gradcam.verify.reference.forward_only import singular, stretched, y_c

EIGEN, SCORE, ABLATION = ("eigen_cam",), ("score_cam",), ("ablation_cam",)


def centred(q, y):
    """Principal components: the mean is taken from the columns for the vector, and for the projection."""

    def way(q, v, old, sign=1):
        A = v.activation - v.activation.mean(axis=(-2, -1), keepdims=True)
        return sign * (singular(v.activation, centre=True) * A).sum(axis=-3)

    return {"": way, "with the other sign": lambda q, v, old: way(q, v, old, -1)}


def enlarged(q, y):
    """How a map becomes a mask."""

    def size(v):
        return v.input.shape[-2:]

    ways = {"not brought to 0..1": lambda q, v, old: upsample(v.activation, size(v))}
    for eps in (0.0, 1e-8, 1e-7, 1e-6):
        note = f", {eps:g} in the denominator" if eps else ""
        ways |= {
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
            ways[f"{eps:g} in the denominator"] = lambda q, v, old, e=eps: stretched(
                upsample(v.activation, size(v)), e
            )
    ways["all maps brought to 0..1 together"] = lambda q, v, old: together(upsample(v.activation, size(v)))
    return ways


def together(H):
    low, high = (f(axis=(-3, -2, -1), keepdims=True) for f in (H.min, H.max))
    return (H - low) / np.where(high > low, high - low, 1)


def spread(q, y):
    """The scores to weights without softmax."""
    return {
        "the scores themselves": lambda q, v, old: v.seen[..., None, None],
        "minus the score of the whole picture": lambda q, v, old: (v.seen - y_c(v)[:, None])[..., None, None],
        "minus the score of an empty picture": lambda q, v, old: (v.seen - empty(v)[:, None])[
            ..., None, None
        ],
        "their ReLU": lambda q, v, old: np.maximum(v.seen, 0)[..., None, None],
    }


def empty(v):
    return y_c(v.elsewhere(np.zeros_like(v.input)[None]))


def stand_ins(q, y):
    """What takes the place of a map."""
    each = {"axis": (-2, -1), "keepdims": True}
    return {
        "its mean": lambda q, v, old: v.A.data.mean(**each), "its smallest value": lambda q, v, old: v.A.data.min(**each),
        "the smallest value of all maps": lambda q, v, old: 0 * old() + v.A.data.min(axis=(-3, -2, -1), keepdims=True),
    }  # fmt: skip


def shares(q, y):
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


EIG = "L = A V_1 (Muhammad & Yeasin 2020, sec. III); the maps lose no mean"
EQ5 = "s(H) = (H - min H) / (max H - min H) of the enlarged map (Wang et al. 2020, eqs. 5-6)"
EQ3 = "w_k = (y_c - y_c^k) / y_c, the map set to zero (Desai & Ramaswamy 2020, eq. 3)"
TABLE = [
    Hypothesis("the columns lose their mean first", "signed", EIG, "leave out the centring; or compare with centre=True", ways=centred,
               methods=EIGEN, kind="convention"),
    Hypothesis("the singular vector has the other sign", "signed", "the sign of V_1 is open: here its entries add up to something >= 0",
               "turn the map, or fix the sign", lambda q, v, old: -old(), methods=EIGEN, kind="convention"),
    Hypothesis("another singular vector", "weights", EIG, "the first one, of the largest singular value",
               lambda q, v, old: second(v.activation), methods=EIGEN),
    Hypothesis("masks made in another way", "masks", EQ5, "enlarge with half-pixel centres, then bring each map to 0..1", ways=enlarged,
               methods=SCORE, kind="convention"),
    Hypothesis("no softmax over the maps", "weights", "alpha = softmax over k (Wang et al. 2020, algorithm 1)", "softmax over the maps",
               ways=spread, methods=SCORE, kind="convention"),
    Hypothesis("something else than zero for a map", "masks", EQ3, "set the map to zero", ways=stand_ins, methods=ABLATION,
               kind="convention"),
    Hypothesis("the loss of score, measured in another way", "weights", EQ3, "state it", ways=shares, methods=ABLATION, kind="convention"),
]  # fmt: skip


def second(A):
    M = A.reshape(*A.shape[:2], -1).swapaxes(-1, -2)
    V_2 = np.linalg.svd(M, full_matrices=False)[2][:, 1]
    return (V_2 * np.where(V_2.sum(axis=-1, keepdims=True) < 0, -1, 1))[..., None, None]
