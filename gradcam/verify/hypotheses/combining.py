"""Grad-CAM's sum: its weights, its terms, its ReLU."""

import copy
from collections import OrderedDict

import numpy as np

from gradcam.verify.hypotheses.hypothesis import CAMS, WEIGHED, Hypothesis
from gradcam.verify.reference.cam_weights import NAMES, UNCLIPPED, WEIGHTS, WITH_EPS
from gradcam.verify.reference.pipeline import FORWARD, Run

EQ1 = "alpha_k = 1/Z sum_ij dy_c/dA^k_ij (eq. 1)"
EQ2 = "L = ReLU(sum_k alpha_k A^k) (eq. 2): one ReLU, on the sum"
AVERAGED = ("grad_cam", "guided_grad_cam")
SHARED = ("input", "y", "start", "A", "activation")  # steps that all methods of the family have in common
CLIPPED = tuple(m for m in CAMS if m not in UNCLIPPED)


def relatives(q, y):
    """The weights of the others; the gradient and the activation are as they were, and a ReLU follows, also where libraries put it."""
    mine = "grad_cam" if q.method == "guided_grad_cam" else q.method
    ways = {
        NAMES[m]: lambda q, v, old, f=f: f(v.gradient, v.activation) for m, f in WEIGHTS.items() if m != mine
    }
    passes = (
        FORWARD if q.affords(q.reference.activation.shape[-3]) else ("eigen_cam",)
    )  # the others take a pass for every map
    return ways | {NAMES[m]: lambda q, v, old, m=m: as_if(m, q, v).weights for m in passes if m != mine}


def whole(q, y):
    """Their maps, from weights to ReLU."""
    return {
        name: lambda q, v, old, w=w: np.maximum((w(q, v, None) * v.activation).sum(axis=-3), 0)
        for name, w in relatives(q, y).items()
    }


def as_if(method, q, v):
    """The same run of another method."""
    other = copy.copy(q)
    other.method, other.values = (
        method,
        OrderedDict((key, value) for key, value in q.values.items() if key[0] in SHARED),
    )
    return Run(other, tuple(c for c in v.changes if c[1] in SHARED))


def denominators(q, y):
    """Of Grad-CAM++; torch-cam divides a copy, and its weights stay undivided."""

    def cubes_inside(q, v, old):
        g, A = v.gradient, v.activation
        bend = 2 * g**2 + (A * g**3).sum(axis=(-2, -1), keepdims=True)
        return (np.maximum(g, 0) * g**2 / np.where(bend == 0, 1, bend)).sum(axis=(-2, -1), keepdims=True)

    return {
        "none": lambda q, v, old: (np.maximum(v.gradient, 0) * v.gradient**2).sum(axis=(-2, -1), keepdims=True),
        "sum A g^3 instead of g^3 sum A": cubes_inside,
    }  # fmt: skip


def guarded(q, y):
    return {
        f"{eps:g}": lambda q, v, old, eps=eps: WITH_EPS[q.method](v.gradient, v.activation, eps)
        for eps in (1e-6, 1e-7, 1e-8, 1e-9)
    }


def rows(q, v, old):
    """softmax over the channels, as some attention code has it"""
    w = old()
    e = np.exp(w - w.max(axis=-3, keepdims=True))
    return e / e.sum(axis=-3, keepdims=True)


TABLE = [
    Hypothesis("a sum instead of the mean over i, j", "weights", EQ1, "divide by Z = h w; the authors' own code does not, so scale first",
               lambda q, v, old: v.gradient.sum(axis=(-2, -1), keepdims=True), methods=AVERAGED, kind="convention"),
    Hypothesis("the maximum instead of the mean over i, j", "weights", EQ1, "average",
               lambda q, v, old: v.gradient.max(axis=(-2, -1), keepdims=True), methods=AVERAGED),
    Hypothesis("ReLU on the weights", "weights", EQ2, "clip the map only", lambda q, v, old: np.maximum(old(), 0), methods=AVERAGED),
    Hypothesis("absolute value of the weights", "weights", EQ1, "leave out abs", lambda q, v, old: abs(old()), methods=AVERAGED),
    Hypothesis("weights divided by their norm", "weights", EQ1, "leave the scale, or compare normalised maps",
               lambda q, v, old: old() / np.sqrt((old() ** 2).sum(axis=-3, keepdims=True)), methods=AVERAGED, kind="convention"),
    Hypothesis("gradient divided by its root mean square", "gradient", EQ1, "leave the scale, or compare normalised maps",
               lambda q, v, old: old() / (np.sqrt((old() ** 2).mean()) + 1e-5), methods=AVERAGED, kind="convention"),
    Hypothesis("softmax of the weights", "weights", EQ1, "use alpha as it is", rows, methods=AVERAGED),
    Hypothesis("the mean over the maps instead of their sum", "signed", EQ2, "sum over k", lambda q, v, old: old() / v.activation.shape[-3],
               methods=WEIGHED, kind="convention"),
    Hypothesis("ReLU on every term before the sum", "signed", EQ2, "clip the sum only",
               lambda q, v, old: np.maximum(v.weights * v.activation, 0).sum(axis=-3), methods=WEIGHED),
    Hypothesis("map started at ones", "signed", EQ2, "start the sum at zero (np.zeros)", lambda q, v, old: 1 + old(), methods=CAMS),
    Hypothesis("another method of the family", "weights", "Grad-CAM and its relatives differ in their weights (see verify/family.py)",
               "call the method by its own name", ways=relatives, also={"map": lambda q, v, old: np.maximum(v.signed, 0)},
               methods=tuple(m for m in WEIGHED if m != "eigen_cam")),
    Hypothesis("a method that asks for a class, instead of Eigen-CAM", "map", "L = A V_1: no class, no gradient (Muhammad & Yeasin 2020)",
               "call the method by its own name", ways=whole, methods=("eigen_cam",)),
    Hypothesis("another denominator in Grad-CAM++", "weights", "alpha = g^2 / (2 g^2 + g^3 sum_ab A_ab) (Chattopadhay et al. 2018, eq. 19)",
               "the derivatives are taken at i, j, the sum is over the activations alone", ways=denominators, methods=("grad_cam++",)),
    Hypothesis("an epsilon in the denominator", "weights", "0/0 is 0 here: a map of zeros, or no gradient, weighs nothing",
               "compare with the same epsilon", ways=guarded, methods=tuple(WITH_EPS), kind="convention"),
    Hypothesis("the final ReLU is missing", "map", EQ2, "np.maximum(map, 0)", lambda q, v, old: v.signed, methods=CLIPPED,
               kind="convention"),
    Hypothesis("a final ReLU, where the method has none", "map", "the sum keeps both signs (HiResCAM: Draelos & Carin 2020, sec. 3)",
               "leave out the ReLU", lambda q, v, old: np.maximum(v.signed, 0), methods=UNCLIPPED, kind="convention"),
    Hypothesis("absolute value instead of the final ReLU", "map", EQ2, "np.maximum(map, 0)", lambda q, v, old: abs(v.signed), methods=CAMS),
    Hypothesis("sign flipped (evidence against the class)", "signed", EQ2, "the signal starts at +1; the counterfactual map starts at -1",
               lambda q, v, old: -old(), methods=tuple(m for m in CAMS if m != "eigen_cam")),
]  # fmt: skip
