"""Grad-CAM's sum: its weights, its terms, its ReLU."""

import numpy as np

from gradcam.verify.hypothesis import CAMS, Hypothesis

EQ1 = "alpha_k = 1/Z sum_ij dy_c/dA^k_ij (eq. 1)"
EQ2 = "L = ReLU(sum_k alpha_k A^k) (eq. 2): one ReLU, on the sum"


def rows(q, v, old):
    """softmax over the channels, as some attention code has it"""
    w = old()
    e = np.exp(w - w.max(axis=-3, keepdims=True))
    return e / e.sum(axis=-3, keepdims=True)


TABLE = [
    Hypothesis("a sum instead of the mean over i, j", "weights", EQ1, "divide by Z = h w; the authors' own code does not, so scale first",
               lambda q, v, old: v.gradient.sum(axis=(-2, -1), keepdims=True), methods=CAMS, kind="convention"),
    Hypothesis("the maximum instead of the mean over i, j", "weights", EQ1, "average",
               lambda q, v, old: v.gradient.max(axis=(-2, -1), keepdims=True), methods=CAMS),
    Hypothesis("no mean: gradient times activation, place by place", "weights", EQ1, "average over i, j first (element-wise is HiResCAM)",
               lambda q, v, old: v.gradient, methods=CAMS),
    Hypothesis("ReLU on the weights", "weights", EQ2, "clip the map only", lambda q, v, old: np.maximum(old(), 0), methods=CAMS),
    Hypothesis("absolute value of the weights", "weights", EQ1, "leave out abs", lambda q, v, old: abs(old()), methods=CAMS),
    Hypothesis("weights divided by their norm", "weights", EQ1, "leave the scale, or compare normalised maps",
               lambda q, v, old: old() / np.sqrt((old() ** 2).sum(axis=-3, keepdims=True)), methods=CAMS, kind="convention"),
    Hypothesis("gradient divided by its root mean square", "gradient", EQ1, "leave the scale, or compare normalised maps",
               lambda q, v, old: old() / (np.sqrt((old() ** 2).mean()) + 1e-5), methods=CAMS, kind="convention"),
    Hypothesis("softmax of the weights", "weights", EQ1, "use alpha as it is", rows, methods=CAMS),
    Hypothesis("the mean over the maps instead of their sum", "signed", EQ2, "sum over k", lambda q, v, old: old() / v.activation.shape[-3],
               methods=CAMS, kind="convention"),
    Hypothesis("ReLU on every term before the sum", "signed", EQ2, "clip the sum only",
               lambda q, v, old: np.maximum(v.weights * v.activation, 0).sum(axis=-3), methods=CAMS),
    Hypothesis("map started at ones", "signed", EQ2, "start the sum at zero (np.zeros)", lambda q, v, old: 1 + old(), methods=CAMS),
    Hypothesis("the final ReLU is missing", "map", EQ2, "np.maximum(map, 0)", lambda q, v, old: v.signed, methods=CAMS, kind="convention"),
    Hypothesis("absolute value instead of the final ReLU", "map", EQ2, "np.maximum(map, 0)", lambda q, v, old: abs(v.signed), methods=CAMS),
    Hypothesis("sign flipped (evidence against the class)", "signed", EQ2, "the signal starts at +1; the counterfactual map starts at -1",
               lambda q, v, old: -old(), methods=CAMS),
]  # fmt: skip
