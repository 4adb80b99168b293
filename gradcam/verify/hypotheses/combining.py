"""Grad-CAM's sum: its weights, its terms, its ReLU."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import numpy as np

from gradcam.methods import METHODS
from gradcam.methods.cam import cam_head
from gradcam.verify.hypotheses.hypothesis import DoesNotApply, Hypothesis, Old, Variants
from gradcam.verify.question import SHARED, Question
from gradcam.verify.reference.pipelines import CAMS, FORWARD, UNCLIPPED, WEIGHED, but
from gradcam.verify.reference.run import Run
from minicnn import GraphError, Tensor, find

EQ1 = "alpha_k = 1/Z sum_ij dy_c/dA^k_ij (eq. 1)"
EQ2 = "L = ReLU(sum_k alpha_k A^k) (eq. 2): one ReLU, on the sum"
PRODUCT = ("grad_cam", "guided_grad_cam")
AVERAGED = (*PRODUCT, "counterfactual")
CLIPPED = but(CAMS, *UNCLIPPED)
FAMILY = {name: method for name, method in METHODS.items() if method.weights}
WITH_EPS = tuple(n for n, method in FAMILY.items() if "eps" in inspect.signature(method.weights).parameters)
SAID_OTHERWISE = (
    "counterfactual",
    "cam",
)  # Grad-CAM with its sign flipped; at the last layer, with a sum for the mean


def relatives(q: Question, y: Tensor) -> Variants:
    """The weights of the others; the gradient and the activation are as they were, and a ReLU follows, where
    libraries put it, too.
    """
    mine = "grad_cam" if q.base == "guided_grad_cam" else q.base
    others = but((*FAMILY, *FORWARD), mine, *(SAID_OTHERWISE if mine in AVERAGED else ()))
    return {
        METHODS[m].title: lambda q, v, old, m=m: as_if(m, q, v).weights for m in others if possible(m, q, y)
    }


def possible(method: str, q: Question, y: Tensor) -> Any:
    """Whether its weights are defined at this layer, and little work."""
    if method == "cam":
        try:
            return cam_head(y)[0] is find(y, q.layer)
        except GraphError:
            return False
    return not METHODS[method].many_passes or q.affords(q.reference.activation.shape[-3])


def whole(q: Question, y: Tensor) -> Variants:
    """Their maps, from weights to ReLU."""
    return {
        name: lambda q, v, old, w=w: np.maximum((w(q, v, None) * v.activation).sum(axis=-3), 0)
        for name, w in relatives(q, y).items()
    }


def as_if(method: str, q: Question, v: Run) -> Any:
    """The same run of another method, up to the layer."""
    if method == "cam" and cam_head(v.y)[0] is not v.A:
        raise DoesNotApply("CAM's layer is the one in front of the pooling")
    return Run(q.of_method(method), [c for c in v.changes if c[1] in SHARED])


def summed(q: Question, v: Run, old: Old) -> Any:
    """The authors' own code leaves out 1/Z."""
    method = "grad_cam" if q.base == "guided_grad_cam" else q.base
    return METHODS[method].weights(v.gradient, v.activation, alpha="sum")


def denominators(q: Question, y: Tensor) -> Variants:
    """Of Grad-CAM++; torch-cam divides a copy, and its weights stay undivided."""

    def cubes_inside(q, v, old, eps=0.0):
        g, A = v.gradient, v.activation
        bend = 2 * g**2 + (A * g**3).sum(axis=(-2, -1), keepdims=True) + eps
        return (np.maximum(g, 0) * g**2 / np.where(bend == 0, 1, bend)).sum(axis=(-2, -1), keepdims=True)

    def squares(q, v, old):
        g, A = v.gradient, v.activation
        bend = 2 * g**2 + g**2 * A.sum(axis=(-2, -1), keepdims=True)
        return (np.maximum(g, 0) * g**2 / np.where(bend == 0, 1, bend)).sum(axis=(-2, -1), keepdims=True)

    return {
        "none": lambda q, v, old: (np.maximum(v.gradient, 0) * v.gradient**2).sum(
            axis=(-2, -1), keepdims=True
        ),
        "sum A g^3 instead of g^3 sum A": cubes_inside,
        "sum A g^3 instead of g^3 sum A, plus 1e-7": partial(cubes_inside, eps=1e-7),
        "g^2 sum A instead of g^3 sum A": squares,
        "the sum of the positive gradient: every map weighs 1": lambda q, v, old: (
            (v.gradient > 0).any(axis=(-2, -1), keepdims=True).astype(float)
        ),
    }


def guarded(q: Question, y: Tensor) -> Variants:
    return {
        f"{eps:g}": lambda q, v, old, eps=eps: METHODS[q.base].weights(v.gradient, v.activation, eps=eps)
        for eps in (1e-6, 1e-7, 1e-8, 1e-9)
    }


def axes(q: Question, y: Tensor) -> Variants:
    """Means of the gradient along other axes than i and j."""
    others = {"the channels, not the positions": (-3,), "columns alone": (-1,), "rows alone": (-2,)}
    if len(q.x) > 1:
        others["the batch as well: dim=(0, 2, 3)"] = (0, -2, -1)
        others["the batch alone"] = (0,)
    return {
        name: lambda q, v, old, at=at: np.broadcast_to(
            v.gradient.mean(axis=at, keepdims=True), v.gradient.shape
        )
        for name, at in others.items()
    }


def rows(q: Question, v: Run, old: Old) -> Any:
    """softmax over the channels, as some attention code has it"""
    w = old()
    e = np.exp(w - w.max(axis=-3, keepdims=True))
    return e / e.sum(axis=-3, keepdims=True)


def lost_digits(v: Run) -> float:
    """1 + small numbers, in float32, once a stretching shows the small ones again."""
    spread, result = np.ptp(v.map), v.result
    largest = abs(result).max()
    if not spread or not largest:
        return 0.0
    return float(4 * 2.0**-24 * abs(v.signed).max() / spread * np.ptp(result) / largest)


CAUSES = [
    Hypothesis(
        name="a sum instead of the mean over i, j",
        step="weights",
        says=EQ1,
        fix="divide by Z = h w; the authors' own code does not, so scale first",
        change=summed,
        methods=AVERAGED,
        kind="scale",
    ),
    Hypothesis(
        name="the maximum instead of the mean over i, j",
        step="weights",
        says=EQ1,
        fix="average",
        change=lambda q, v, old: v.gradient.max(axis=(-2, -1), keepdims=True),
        methods=PRODUCT,
    ),
    Hypothesis(
        name="the gradient is averaged along another axis",
        step="weights",
        says=EQ1,
        fix="in PyTorch gradient.mean(dim=(2, 3), keepdim=True) of (N, K, h, w); in Keras "
        "reduce_mean(axis=(1, 2), keepdims=True) of (N, h, w, K)",
        variants=axes,
        methods=AVERAGED,
    ),
    Hypothesis(
        name="ReLU on the weights",
        step="weights",
        says=EQ2,
        fix="clip the map only",
        change=lambda q, v, old: np.maximum(old(), 0),
        methods=AVERAGED,
    ),
    Hypothesis(
        name="absolute value of the weights",
        step="weights",
        says=EQ1,
        fix="leave out abs",
        change=lambda q, v, old: abs(old()),
        methods=AVERAGED,
    ),
    Hypothesis(
        name="weights divided by their norm",
        step="weights",
        says=EQ1,
        fix="leave the scale, or compare normalised maps",
        change=lambda q, v, old: old() / np.sqrt((old() ** 2).sum(axis=-3, keepdims=True)),
        methods=AVERAGED,
        kind="scale",
    ),
    Hypothesis(
        name="gradient divided by its root mean square",
        step="gradient",
        says=EQ1,
        fix="leave the scale, or compare normalised maps",
        change=lambda q, v, old: old() / (np.sqrt((old() ** 2).mean()) + 1e-5),
        methods=AVERAGED,
        kind="scale",
    ),
    Hypothesis(
        name="softmax of the weights",
        step="weights",
        says=EQ1,
        fix="use alpha as it is",
        change=rows,
        methods=AVERAGED,
    ),
    Hypothesis(
        name="the mean over the maps instead of their sum",
        step="signed",
        says=EQ2,
        fix="sum over k",
        change=lambda q, v, old: old() / v.activation.shape[-3],
        methods=WEIGHED,
        kind="scale",
    ),
    Hypothesis(
        name="ReLU on every term before the sum",
        step="signed",
        says=EQ2,
        fix="clip the sum only",
        change=lambda q, v, old: np.maximum(v.weights * v.activation, 0).sum(axis=-3),
        methods=WEIGHED,
    ),
    Hypothesis(
        name="map started at ones",
        step="signed",
        says=EQ2,
        fix="start the sum at zero (np.zeros)",
        change=lambda q, v, old: 1 + old(),
        methods=CAMS,
        brings=lost_digits,
    ),
    Hypothesis(
        name="another method of the family",
        headline=lambda detail: f"it is the map of {detail}, not of the method that you name",
        step="weights",
        says="Grad-CAM and its relatives differ in their weights alone",
        fix="call the method by its own name",
        variants=relatives,
        also={"map": lambda q, v, old: np.maximum(v.signed, 0)},
        methods=but(WEIGHED, "eigen_cam"),
    ),
    Hypothesis(
        name="a method that asks for a class, instead of Eigen-CAM",
        headline=lambda detail: f"it is the map of {detail}, which asks for a class, not of Eigen-CAM",
        step="map",
        says="L = A V_1: no class, no gradient (Muhammad & Yeasin 2020)",
        fix="call the method by its own name",
        variants=whole,
        methods=("eigen_cam",),
    ),
    Hypothesis(
        name="another denominator in Grad-CAM++",
        step="weights",
        says="alpha = g^2 / (2 g^2 + g^3 sum_ab A_ab) (Chattopadhay et al. 2018, eq. 19)",
        fix="the derivatives are taken at i, j, the sum is over the activations alone",
        variants=denominators,
        methods=("grad_cam++",),
    ),
    Hypothesis(
        name="an epsilon in the denominator",
        step="weights",
        says="0/0 is 0 here: a map of zeros, or no gradient, weighs nothing",
        fix="compare with the same epsilon",
        variants=guarded,
        methods=WITH_EPS,
        kind="convention",
    ),
    Hypothesis(
        name="the final ReLU is missing",
        step="map",
        says=EQ2,
        fix="np.maximum(map, 0)",
        change=lambda q, v, old: v.signed,
        methods=CLIPPED,
        kind="convention",
    ),
    Hypothesis(
        name="a final ReLU, where the method has none",
        step="map",
        says="the sum keeps both signs (HiResCAM: Draelos & Carin 2020, sec. 3)",
        fix="leave out the ReLU",
        change=lambda q, v, old: np.maximum(v.signed, 0),
        methods=UNCLIPPED,
        kind="convention",
    ),
    Hypothesis(
        name="absolute value instead of the final ReLU",
        step="map",
        says=EQ2,
        fix="np.maximum(map, 0)",
        change=lambda q, v, old: abs(v.signed),
        methods=CAMS,
    ),
    Hypothesis(
        name="sign flipped (evidence against the class)",
        step="signed",
        says=EQ2,
        fix="the signal starts at +1; the counterfactual map starts at -1",
        change=lambda q, v, old: -old(),
        methods=but(CAMS, "eigen_cam"),
    ),
]
